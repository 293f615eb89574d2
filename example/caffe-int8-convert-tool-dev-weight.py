"""The int8 table of a Caffe network for ncnn, by the command line of caffe-int8-convert-tool-dev-weight.py.

No Caffe is needed. For more methods and a report: pytorch2caffe calibrate --help
"""

from __future__ import annotations

import argparse
import sys

import torch

from pytorch2caffe.cli import main

METHODS = ("reference", "kl", "aciq", "max", "percentile", "mse")
METHOD = """how thresholds are found, default:reference, the tool's own, with its habits: weights of 3x3 convolutions
of stride 1 to 31, no InnerProduct layers. kl, ncnn2table's, and the others take 127 and InnerProduct layers too, and
lose less accuracy"""


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description="find the pretrained caffemodel int8 quantize scale value")
    found.add_argument("--proto", required=True, help="path to deploy prototxt.")
    found.add_argument("--model", required=True, help="path to pretrained caffemodel")
    found.add_argument("--mean", type=float, nargs="+", default=[0.0], help="value of mean, 1 or 3")
    found.add_argument("--norm", type=float, default=1.0, help="value of normalize(scale value)")
    found.add_argument("--images", required=True, help="path to calibration images")
    found.add_argument("--output", "-output", required=True, help="path to output calibration table file")
    found.add_argument(
        "--group", type=int, choices=(0, 1), default=1, help="enable the group scale(0:disable,1:enable,default:1)"
    )
    found.add_argument(
        "--gpu", type=int, choices=(0, 1), default=0, help="use gpu to forward(0:disable,1:enable,default:0)"
    )
    found.add_argument("--method", choices=METHODS, default="reference", help=METHOD)
    return found


def command(arguments: argparse.Namespace) -> list[str]:
    """The same as a command line of pytorch2caffe."""
    found = ["calibrate", "--proto", arguments.proto, "--model", arguments.model, "--images", arguments.images]
    found += ["--mean", *map(repr, arguments.mean), "--norm", repr(arguments.norm), "--output", arguments.output]
    found += ["--group", str(arguments.group), "--device", device(arguments.gpu), "--method", arguments.method]
    return [*found, "--limit-3x3", "--no-inner-product"] if arguments.method == "reference" else found


def device(gpu: int) -> str:
    """The numbers are the same on either, so a missing GPU is said and done without."""
    if gpu and not torch.cuda.is_available():
        print("PyTorch finds no GPU here: running on the CPU", file=sys.stderr)
    return "cuda" if gpu and torch.cuda.is_available() else "cpu"


if __name__ == "__main__":
    if len(sys.argv) == 1:
        parser().print_help()
    else:
        sys.exit(main(command(parser().parse_args())))
