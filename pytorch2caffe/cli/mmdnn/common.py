"""What MMdnn's commands share: reading flags, and reporting problems."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from ...formats.own_files import guarded
from ..failures import readable_warnings, report_failure
from ..interruption import run_interruptible

Command = Callable[[argparse.Namespace], None]
OUTPUTS = ("prefix", "code", "arrays", "model")  # the flags that name files to write
ALIASES = {"tf": "tensorflow"}
WAYS = {
    "keras": "use pytorch2caffe convert FILE.h5 --from keras; or in Keras model.export(FOLDER), and -f tensorflow",
    "coreml": "export the model that it was made of to ONNX, then use -f onnx",
    "cntk": "in CNTK save it with format=ModelFormat.ONNX, then use -f onnx",
    "caffe2": "export the model that it was made of to ONNX, then use -f onnx",
}
UNSUPPORTED = ("tensorflow", "mxnet", "caffe2", "cntk", "keras", "torch", "torch7", "onnx", "darknet", "coreml")


def parser(name: str, text: str, examples: Sequence[str]) -> argparse.ArgumentParser:
    """An empty parser. Long flags may be abbreviated, as in MMdnn."""
    epilog = "\n".join(["examples:", *(f"  {example}" for example in examples)])
    shape = argparse.RawDescriptionHelpFormatter
    flags = argparse.ArgumentParser(prog=name, description=text, epilog=epilog, formatter_class=shape)
    flags.add_argument("--force", action="store_true", help="replace existing files, whoever wrote them")
    return flags


def framework(choices: Sequence[str], ways: Mapping[str, str] = WAYS) -> Callable[[str], str]:
    """An argparse type for --framework flags; its error names MMdnn's frameworks that are not supported here.

    ways: how to do without them; {} for frameworks to write for.
    """

    def read(name: str) -> str:
        name = ALIASES.get(name, name)
        if name in choices:
            return name
        reason = "is not supported" if name in UNSUPPORTED else "is not known"
        way = f"; {ways[name]}" if name in ways else ""
        raise argparse.ArgumentTypeError(f"{name!r} {reason}: choose from {', '.join(choices)}{way}")

    return read


def shape(text: str) -> tuple[int, ...]:
    """3,224,224 or [3,224,224] or 3x224x224 as a tuple."""
    try:
        return tuple(int(part) for part in text.strip("[]() ").replace("x", ",").split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a shape: write 224,224,3") from error


def run(parser: argparse.ArgumentParser, command: Command, arguments: Sequence[str] | None) -> int:
    """Runs a command. Returns 0; 1 if numbers differ; 2 if it cannot be done, with the reason on stderr."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's log messages about this machine
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        flags = parser.parse_args(arguments)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    with guarded(flags.force, arguments) as guard:
        for output in filter(None, (getattr(flags, name, None) for name in OUTPUTS)):
            guard.named(Path(output))
        return run_interruptible(partial(_run, command, flags), guard)


def _run(command: Command, flags: argparse.Namespace) -> int:
    try:
        with readable_warnings():
            command(flags)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    except Exception as error:
        return report_failure(error)
    return 0


def structure(parser: argparse.ArgumentParser, *flags: str, what: str, required: bool = True) -> None:
    """Adds the flag for a network's structure."""
    parser.add_argument("--network", "-n", "-in", *flags, dest="network", required=required, metavar="FILE", help=what)


def weights(parser: argparse.ArgumentParser, *flags: str, required: bool = False) -> None:
    """Adds the flag for a network's weights."""
    parser.add_argument(
        "--weights", "-w", "-iw", *flags, dest="weights", required=required, metavar="FILE", help="the weights"
    )


def source_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags that only some source frameworks need."""
    parser.add_argument(
        "--dstNodeName",
        "--dstNode",
        "-node",
        dest="outputs",
        nargs="+",
        default=[],
        metavar="NODE",
        help="TensorFlow: the output nodes",
    )
    parser.add_argument(
        "--inNodeName",
        "-inode",
        dest="inputs",
        nargs="+",
        default=[],
        metavar="NODE",
        help="TensorFlow: make these nodes inputs, with an --inputShape for each",
    )
    parser.add_argument(
        "--inputShape",
        dest="shapes",
        nargs="+",
        type=shape,
        default=[],
        metavar="H,W,C",
        help="TensorFlow: H,W,C; PyTorch and MXNet: C,H,W; one per input",
    )
    parser.add_argument(
        "--weights-key", metavar="KEY", help="PyTorch: the entry of the checkpoint that contains the weights"
    )
    parser.add_argument("--allow-extra-keys", action="store_true", help="PyTorch: leave out weights not in the model")
    parser.add_argument("--trust", action="store_true", help="PyTorch: load a FILE.pt2 that may run code")
    parser.add_argument("--no-weights", action="store_true", help="Caffe: read without a caffemodel, weights are zeros")
    parser.add_argument(
        "--caffePhase",
        default="TEST",
        choices=["TRAIN", "TEST", "train", "test"],
        help="Caffe: the layers that the file includes in this phase; they compute as in testing",
    )
