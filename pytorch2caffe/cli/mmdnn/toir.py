"""mmtoir: a network of any framework to the intermediate representation."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import ConversionError
from ..options import note
from .common import framework, parser, run, source_flags, structure, weights

if TYPE_CHECKING:
    from ...convert.source import NetworkSource

EXAMPLES = (
    "mmtoir -f caffe -n deploy.prototxt -w net.caffemodel -o net",
    "mmtoir -f tensorflow -n inception_v3.ckpt.meta -w inception_v3.ckpt --dstNode MMdnn_Output -o converted",
    "mmtoir -f tensorflow -n frozen.pb --inputShape 299,299,3 -o converted",
    "mmtoir -f mxnet -n squeezenet-symbol.json -w squeezenet-0000.params --inputShape 3,224,224 -d squeezenet",
    "mmtoir -f pytorch -n torchvision:resnet18 --inputShape 3,224,224 -o resnet18",
    "mmtoir -f onnx -n net.onnx -o net",
    "mmtoir -f pytorch -n imagenet_resnet50.pth --inputShape 3,224,224 -o resnet50",
)
TEXT = """Reads a network and writes it as MMdnn's intermediate representation: PREFIX.json, PREFIX.pb, PREFIX.npy.

Exit code 0 done; 2 it cannot be done: stderr lists every layer that cannot be converted, and nothing is written."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    flags = parser("mmtoir", TEXT, EXAMPLES)
    known = framework(("caffe", "tensorflow", "mxnet", "pytorch", "onnx"))
    flags.add_argument(
        "--srcFramework",
        "-f",
        dest="source",
        type=known,
        required=True,
        metavar="FRAMEWORK",
        help="caffe, tensorflow, mxnet, pytorch or onnx",
    )
    what = "a prototxt, a .ckpt.meta, frozen .pb or SavedModel, a symbol.json, an .onnx, a PyTorch model"
    structure(flags, "--frozen_pb", what=what, required=False)
    weights(flags)
    flags.add_argument("--dstPath", "-d", "-o", dest="prefix", required=True, metavar="PREFIX", help="where to write")
    source_flags(flags)
    return run(flags, _command, arguments)


def _command(flags: argparse.Namespace) -> None:
    write(flags, flags.prefix)
    for suffix, what in ((".json", "network structure is"), (".pb", "network structure is"), (".npy", "weights are")):
        click.echo(f"IR {what} saved as [{flags.prefix}{suffix}].")


def write(flags: argparse.Namespace, prefix: str | Path) -> None:
    """Reads the network that the flags name, prints what was read, and writes it as IR."""
    from ...backends.mmdnn.writer import save_ir
    from ...convert.frameworks import check_outputs, load_network, output_files

    complete(flags)
    check_outputs([flags.network, flags.weights], output_files("ir", prefix))
    if flags.source == "tensorflow":
        _write_tensorflow(flags, prefix)
        return
    save_ir(load_network(source_of(flags)), prefix)
    if flags.source == "caffe":
        click.echo(f"Caffe network [{flags.network}] loaded successfully.")


def _write_tensorflow(flags: argparse.Namespace, prefix: str | Path) -> None:
    """Each TensorFlow node becomes a node of the IR and keeps its name."""
    from ...formats.mmdnn.files import write_ir
    from ...frontends.tensorflow import read_tensorflow

    source = source_of(flags)
    nodes = read_tensorflow(flags.network, flags.weights, list(source.outputs) or None, source.shapes)
    click.echo(f"Parse file [{flags.network}] with binary format successfully.")
    click.echo(f"Tensorflow model file [{flags.network}] loaded successfully.")
    if flags.weights:
        count = sum(len(node.weights) for node in nodes)
        click.echo(f"Tensorflow checkpoint file [{flags.weights}] loaded successfully. [{count}] variables loaded.")
    write_ir(nodes, prefix)


def source_of(flags: argparse.Namespace) -> NetworkSource:
    """The network that the flags name. C,H,W gets a batch of 1; the batch of TensorFlow's shapes stays open."""
    from ...convert.source import NetworkSource
    from ...frontends.caffe.reading import CaffeReading

    batched = flags.source != "tensorflow"
    shapes = tuple((1, *shape) if batched and len(shape) in (1, 3) else shape for shape in joined(flags.shapes))
    reading = CaffeReading(phase=flags.caffePhase.upper())
    outputs, inputs = tuple(flags.outputs), tuple(flags.inputs)
    return NetworkSource(
        flags.source,
        flags.network,
        flags.weights,
        outputs,
        shapes,
        inputs,
        caffe=reading,
        no_weights=flags.no_weights,
        weights_key=flags.weights_key,
        allow_extra_keys=flags.allow_extra_keys,
        trust=flags.trust,
        note=note,
    )


def joined(shapes: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Shapes as they were meant: `--inputShape 16 16 3` is one of three sizes.

    >>> joined([(16,), (16,), (3,)]), joined([(16, 16, 3), (4,)])
    ([(16, 16, 3)], [(16, 16, 3), (4,)])
    """
    alone = len(shapes) > 2 and all(len(shape) == 1 for shape in shapes)
    return [tuple(size for shape in shapes for size in shape)] if alone else list(shapes)


def complete(flags: argparse.Namespace) -> None:
    """Names the network where only the flag for weights names a file, as MMdnn accepts it. Raises ConversionError."""
    if flags.network is None:
        if flags.weights is None:
            raise ConversionError("no file is named: give --network, and --weights if they are in a file of their own")
        flags.network, flags.weights = flags.weights, None
