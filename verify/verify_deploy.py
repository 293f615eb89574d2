"""Compares a PyTorch model with its Caffe files, blob by blob, on an image or random numbers.

Example:
  python verify/verify_deploy.py --model torchvision:alexnet --weights alexnet.pth \
      --protofile alexnet.prototxt --weightfile alexnet.caffemodel --imgfile cat.jpg \
      --height 224 --width 224 --meanB 104 --meanG 117 --meanR 123 --scale 1

The exit code is 0 if they are equal, 1 if not, and 2 if the comparison failed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pytorch2caffe.cli.failures import report_failure  # noqa: E402
from pytorch2caffe.errors import ConversionError  # noqa: E402


def arguments(line: list[str] | None) -> argparse.Namespace:
    """Parses the command line, which has the options of the older script and some of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--protofile", required=True, help="the prototxt")
    add("--weightfile", required=True, help="the caffemodel")
    add(
        "--model",
        "-m",
        required=True,
        help="module:callable or file.py:callable, optionally with (arguments); torchvision:NAME; FILE.pt2",
    )
    add("--weights", help="its weights: a state_dict, a checkpoint, a complete model, .safetensors")
    add("--weights-key", help="the entry of the checkpoint with the weights, if more than one would do")
    add("--imgfile", help="an image; the input is random without it")
    add("--height", type=int, help="of the input, in pixels; default: that of the prototxt")
    add("--width", type=int, help="of the input, in pixels; default: that of the prototxt")
    for channel, mean in (("B", 104.0), ("G", 117.0), ("R", 123.0)):
        add(f"--mean{channel}", type=float, default=mean, help=f"subtracted from {channel}, 0..255 (default {mean:g})")
    add("--scale", type=float, default=1.0, help="multiplies the result (default 1)")
    add("--rgb", action="store_true", help="channels in the order R, G, B; the default is Caffe's B, G, R")
    add("--cuda", action="store_true", help="run the PyTorch model on the GPU")
    add(
        "--runtime",
        action="append",
        choices=["builtin", "caffe", "opencv", "ncnn"],
        help="default: caffe if it is installed, else builtin; may be repeated",
    )
    add("--caffe-python", help="the command of a Python with pycaffe, such as 'conda run -n caffe python'")
    add("--naming", choices=["modules", "legacy"], default="modules", help="how the layers of the file are named")
    add(
        "--tolerance",
        type=float,
        default=1e-4,
        help="largest relative L2 difference that is equal (default 1e-4)",
    )
    add("--seed", type=int, default=0)
    add("--all", action="store_true", help="show every blob")
    add("--json", help="write the comparison to this file")
    return parser.parse_args(line)


def load_image(args: argparse.Namespace, height: int, width: int) -> torch.Tensor:
    """The image as the network's input: (pixel - mean) * scale, float32, [1, 3, height, width]."""
    import numpy as np
    import torch

    from pytorch2caffe.quantize.image_files import FORMATS

    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise ConversionError("images need pillow\n  fix: pip install pillow") from error
    try:
        with Image.open(args.imgfile, formats=FORMATS) as image:
            pixels = image.convert("RGB").resize((width, height), Image.Resampling.BILINEAR)
    except (OSError, UnidentifiedImageError) as error:
        raise ConversionError(f"{args.imgfile} is not an image that can be read: {error}") from error
    rgb = (np.asarray(pixels, np.float32) - np.float32([args.meanR, args.meanG, args.meanB])) * np.float32(args.scale)
    array = rgb if args.rgb else rgb[:, :, ::-1]
    return torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)[None]))


def main(line: list[str] | None = None) -> int:
    """Runs the command and returns the exit code."""
    args = arguments(line)
    try:
        return compare(args)
    except Exception as error:
        return report_failure(error)


def compare(args: argparse.Namespace) -> int:
    """Compares the model with the files in each runtime and prints the tables. Returns the exit code."""
    import torch
    from rich.console import Console

    from pytorch2caffe.frontends.torch.loading.models import load_model
    from pytorch2caffe.verify.report import table, to_json
    from pytorch2caffe.verify.runtimes import get
    from pytorch2caffe.verify.verify import input_shapes, verify

    torch.manual_seed(args.seed)
    model = load_model(args.model, args.weights, args.weights_key)
    if args.cuda:
        if not torch.cuda.is_available():
            raise ConversionError("PyTorch finds no GPU\n  fix: do not use --cuda")
        model.to("cuda")
    shapes = input_shapes(args.protofile)
    first = (
        (*shapes[0][:2], args.height or shapes[0][2], args.width or shapes[0][3]) if len(shapes[0]) == 4 else shapes[0]
    )
    inputs = tuple(torch.randn(shape) for shape in (first, *shapes[1:]))
    if args.imgfile:
        inputs = (load_image(args, *first[2:]), *inputs[1:])
    runtimes = args.runtime or ["builtin" if get("caffe", args.caffe_python).unavailable() else "caffe"]
    comparisons = {}
    for runtime in runtimes:
        comparisons[runtime] = verify(
            model,
            args.protofile,
            args.weightfile,
            inputs,
            runtime,
            tolerance=args.tolerance,
            naming=args.naming,
            caffe_python=args.caffe_python,
        )
        Console().print(f"runtime {runtime}", table(comparisons[runtime], all=args.all))
    if args.json:
        report = {name: to_json(comparison) for name, comparison in comparisons.items()}
        Path(args.json).write_text(json.dumps(report, indent=1), encoding="utf-8")
    return 0 if all(comparison.equal for comparison in comparisons.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
