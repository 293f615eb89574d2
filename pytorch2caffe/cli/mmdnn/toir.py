"""mmtoir: a network of any framework to the intermediate representation."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import click

from .common import framework, parser, run, source_flags, structure, weights

EXAMPLES = (
    "mmtoir -f caffe -n deploy.prototxt -w net.caffemodel -o net",
    "mmtoir -f tensorflow -n inception_v3.ckpt.meta -w inception_v3.ckpt --dstNode MMdnn_Output -o converted",
    "mmtoir -f tensorflow -n frozen.pb --inputShape 299,299,3 -o converted",
    "mmtoir -f pytorch -n torchvision:resnet18 --inputShape 3,224,224 -o resnet18",
    "mmtoir -f pytorch -n imagenet_resnet50.pth --inputShape 3,224,224 -o resnet50",
)
TEXT = """Reads a network and writes it as MMdnn's intermediate representation: PREFIX.json, PREFIX.pb, PREFIX.npy.

Exit code 0 done; 2 it cannot be done: stderr names every layer that is in the way, and nothing is written."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    flags = parser("mmtoir", TEXT, EXAMPLES)
    known = framework(("caffe", "tensorflow", "pytorch"))
    flags.add_argument(
        "--srcFramework",
        "-f",
        dest="source",
        type=known,
        required=True,
        metavar="FRAMEWORK",
        help="caffe, tensorflow or pytorch",
    )
    structure(flags, what="a prototxt, a .ckpt.meta, frozen .pb or SavedModel, a PyTorch model")
    weights(flags)
    flags.add_argument("--dstPath", "-d", "-o", dest="prefix", required=True, metavar="PREFIX", help="where to write")
    source_flags(flags)
    return run(flags, _command, arguments)


def _command(flags: argparse.Namespace) -> None:
    write(flags, flags.prefix)
    for suffix, what in ((".json", "network structure is"), (".pb", "network structure is"), (".npy", "weights are")):
        click.echo(f"IR {what} saved as [{flags.prefix}{suffix}].")


def write(flags: argparse.Namespace, prefix: str | Path) -> None:
    """Reads what the flags name and writes it as IR under a prefix, saying what was read."""
    from ...backends.mmdnn.writer import save_ir
    from ...convert.frameworks import files_of, load_network, spare

    spare([flags.network, flags.weights], files_of("ir", prefix))
    if flags.source == "tensorflow":
        return _tensorflow(flags, prefix)
    save_ir(load_network(origin(flags)), prefix)
    if flags.source == "caffe":
        click.echo(f"Caffe network [{flags.network}] loaded successfully.")
    if flags.source == "caffe" and not flags.weights:
        click.echo("warning: no --weights were given: all weights are 0", err=True)
    return None


def _tensorflow(flags: argparse.Namespace, prefix: str | Path) -> None:
    """TensorFlow's nodes become the IR's one by one, and keep their names."""
    from ...formats.mmdnn.files import write_ir
    from ...frontends.tensorflow import read_tensorflow

    asked = origin(flags)
    nodes = read_tensorflow(flags.network, flags.weights, list(asked.outputs) or None, asked.shapes)
    click.echo(f"Parse file [{flags.network}] with binary format successfully.")
    click.echo(f"Tensorflow model file [{flags.network}] loaded successfully.")
    if flags.weights:
        count = sum(len(node.weights) for node in nodes)
        click.echo(f"Tensorflow checkpoint file [{flags.weights}] loaded successfully. [{count}] variables loaded.")
    write_ir(nodes, prefix)


def origin(flags: argparse.Namespace):  # type: ignore[no-untyped-def]
    """Where the flags say that the network comes from. C,H,W gets a batch of 1; TensorFlow's stays open."""
    from ...convert.source import Origin

    batched = flags.source != "tensorflow"
    shapes = tuple((1, *shape) if batched and len(shape) in (1, 3) else shape for shape in flags.shapes)
    return Origin(flags.source, flags.network, flags.weights, tuple(flags.outputs), shapes, tuple(flags.inputs))
