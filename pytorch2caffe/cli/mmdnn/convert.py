"""mmconvert: from one framework to another in one step."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import click

from .common import framework, parser, run, source_flags
from .toir import complete, source_of

EXAMPLES = (
    "mmconvert -sf tensorflow -in net.ckpt.meta -iw net.ckpt --dstNode MMdnn_Output -df pytorch -om net.pth",
    "mmconvert -sf caffe -in deploy.prototxt -iw net.caffemodel -df pytorch -om net.pth",
    "mmconvert -sf onnx -in net.onnx -df caffe -om net",
    "mmconvert -sf pytorch -in torchvision:resnet18 --inputShape 3,224,224 -df caffe -om resnet18",
)
TEXT = """Reads a network of one framework and writes it for another.

-df pytorch: NAME.pth, the complete model; NAME.py and NAME.npy, its code and weights; NAME_state_dict.pth.
-df caffe: NAME.prototxt and NAME.caffemodel, in layers that every Caffe supports. -df onnx: NAME.onnx.

Exit code 0 done; 2 it cannot be done: stderr lists every layer that cannot be converted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    flags = parser("mmconvert", TEXT, EXAMPLES)
    flags.add_argument(
        "--srcFramework",
        "-sf",
        dest="source",
        required=True,
        metavar="FRAMEWORK",
        type=framework(("caffe", "tensorflow", "mxnet", "pytorch", "onnx")),
        help="caffe, tensorflow, mxnet, pytorch or onnx",
    )
    flags.add_argument(
        "--inputNetwork", "-in", "-n", "--frozen_pb", dest="network", metavar="FILE", help="the structure"
    )
    flags.add_argument("--inputWeight", "-iw", "-w", dest="weights", metavar="FILE", help="the weights")
    flags.add_argument(
        "--dstFramework",
        "-df",
        dest="target",
        required=True,
        metavar="FRAMEWORK",
        type=framework(("caffe", "pytorch", "onnx"), {}),
        help="pytorch, caffe or onnx",
    )
    flags.add_argument("--outputModel", "-om", "-o", dest="model", required=True, metavar="FILE", help="where to write")
    flags.add_argument("--dump_tag", choices=["SERVING", "TRAINING"], help=argparse.SUPPRESS)
    source_flags(flags)
    return run(flags, _command, arguments)


def _command(flags: argparse.Namespace) -> None:
    from ...convert.frameworks import check_outputs, load_network, output_files, save_network

    complete(flags)
    check_outputs([flags.network, flags.weights], output_files(flags.target, flags.model))
    graph = load_network(source_of(flags))
    for path in save_network(graph, flags.target, flags.model):
        click.echo(f"Saved [{path}].")
