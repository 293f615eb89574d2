"""Computes the int8 table of a Caffe network, with the command line of caffe-int8-convert-tool-dev-weight.py.

Needs no Caffe. `pytorch2caffe calibrate` has more options, and writes a report.
"""

from __future__ import annotations

import argparse
import sys

import torch

from pytorch2caffe.cli import main

METHODS = ("reference", "kl", "aciq", "max", "percentile", "mse")
METHOD_HELP = """how to choose thresholds (default: reference). reference is the method of the original tool, with its
rules: weights of 3x3 convolutions of stride 1 are scaled to 31, InnerProduct layers stay in float. kl, the method of
ncnn2table, and the others scale to 127, also quantize InnerProduct layers, and lose less accuracy"""


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="find the pretrained caffemodel int8 quantize scale value")
    parser.add_argument("--proto", required=True, help="path to deploy prototxt.")
    parser.add_argument("--model", required=True, help="path to pretrained caffemodel")
    parser.add_argument("--mean", type=float, nargs="+", default=[0.0], help="value of mean, 1 or 3")
    parser.add_argument("--norm", type=float, default=1.0, help="value of normalize(scale value)")
    parser.add_argument("--images", required=True, help="path to calibration images")
    parser.add_argument("--output", "-output", required=True, help="path to output calibration table file")
    parser.add_argument(
        "--group", type=int, choices=(0, 1), default=1, help="enable the group scale(0:disable,1:enable,default:1)"
    )
    parser.add_argument(
        "--gpu", type=int, choices=(0, 1), default=0, help="use gpu to forward(0:disable,1:enable,default:0)"
    )
    parser.add_argument("--method", choices=METHODS, default="reference", help=METHOD_HELP)
    return parser


def command(arguments: argparse.Namespace) -> list[str]:
    """The equivalent command line of pytorch2caffe."""
    line = ["calibrate", "--proto", arguments.proto, "--model", arguments.model, "--images", arguments.images]
    line += ["--mean", *map(repr, arguments.mean), "--norm", repr(arguments.norm), "--output", arguments.output]
    line += ["--group", str(arguments.group), "--device", device(arguments.gpu), "--method", arguments.method]
    return [*line, "--limit-3x3", "--no-inner-product"] if arguments.method == "reference" else line


def device(gpu: int) -> str:
    """The device to use. Without a GPU it is the CPU, with a warning, because the results are the same."""
    if gpu and not torch.cuda.is_available():
        print("warning: PyTorch finds no GPU; running on the CPU", file=sys.stderr)
    return "cuda" if gpu and torch.cuda.is_available() else "cpu"


if __name__ == "__main__":
    if len(sys.argv) == 1:
        make_parser().print_help()
    else:
        sys.exit(main(command(make_parser().parse_args())))
