"""mmtocode: the intermediate representation to code and weights."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import click

from .common import framework, parser, run

EXAMPLES = (
    "mmtocode -f pytorch -n net.pb --IRWeightPath net.npy --dstModelPath net_pytorch.py -dw net_pytorch.npy",
    "mmtocode -f caffe -n net.pb -w net.npy -d net_caffe.py -dw net_caffe.npy",
)
TEXT = """Writes a network in MMdnn's intermediate representation as code, with its weights in a file of their own.

pytorch: a module file; KitModel('weights.npy') is the network with its weights. caffe: a script that writes the
prototxt and the caffemodel, what mmtomodel -f caffe does too.

Exit code 0 done; 2 it cannot be done: stderr gives the reason, and nothing is written."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    flags = parser("mmtocode", TEXT, EXAMPLES)
    flags.add_argument(
        "--dstFramework",
        "-f",
        dest="target",
        type=framework(("pytorch", "caffe"), {}),
        required=True,
        metavar="FRAMEWORK",
        help="pytorch or caffe",
    )
    flags.add_argument(
        "--IRModelPath",
        "-n",
        "-in",
        dest="network",
        required=True,
        metavar="FILE",
        help="the IR's structure, .pb or .json",
    )
    flags.add_argument(
        "--IRWeightPath", "-w", "-iw", dest="weights", required=True, metavar="FILE", help="the IR's weights, .npy"
    )
    flags.add_argument(
        "--dstModelPath", "-d", "-o", dest="code", required=True, metavar="FILE.py", help="where to write the code"
    )
    flags.add_argument(
        "--dstWeightPath",
        "-dw",
        "-ow",
        dest="arrays",
        required=True,
        metavar="FILE.npy",
        help="where to write the weights",
    )
    flags.add_argument(
        "--phase",
        choices=["train", "test"],
        default="test",
        help="accepted for compatibility with MMdnn: the code is the same",
    )
    return run(flags, _command, arguments)


def _command(flags: argparse.Namespace) -> None:
    from ...convert.frameworks import check_outputs
    from ...frontends.mmdnn.reader import load_ir

    check_outputs([flags.network, flags.weights], [flags.code, flags.arrays])
    graph = load_ir(flags.network, flags.weights)
    click.echo(
        f"Parse file [{flags.network}] with {'json' if flags.network.endswith('.json') else 'binary'} format "
        "successfully."
    )
    if flags.target == "pytorch":
        from ...convert.mmdnn.kit_model import write_code
    else:
        from ...convert.mmdnn.caffe_code import write_code
    write_code(graph, flags.code, flags.arrays)
    click.echo(f"Target network code snippet is saved as [{flags.code}].")
    click.echo(f"Target weights are saved as [{flags.arrays}].")
