"""pytorch2caffe deploy"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..deploy import TOOLCHAINS
from .options import Caffemodels, Prefix, force_option
from .pixel_options import PixelOptions, pixel_options, report_ranges
from .variadic_options import VariadicCommand

if TYPE_CHECKING:
    pass

IMAGES_HELP = "Calibration images: a directory, a list of paths or an image, once per input; 20 to 100 are usual."


def images_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--images, for a VariadicCommand."""
    return click.option("--images", multiple=True, metavar="IMAGES", help=IMAGES_HELP)(function)


@click.command(
    "deploy",
    cls=VariadicCommand,
    help="""Writes what toolchains want beside the Caffe files, into folders PREFIX.TOOLCHAIN.

\b
  nnie       mapper.cfg, mean.txt and images.txt for nnie_mapper
  ascend     aipp.cfg and atc.sh
  rknn       convert.py and dataset.txt for RKNN-Toolkit 1
  sophgo     convert.sh for TPU-MLIR
  sigmastar  input_config.ini
  openvino   convert.sh for Model Optimizer
  mnn        convert.sh and quant.json
  ncnn       preprocess.cpp
The calibration images are copied into the folder as the network sees them, resized and cropped. Run the toolchain in
its folder. Nothing that was not written by this command is overwritten without --force.

\b
Examples:
  pytorch2caffe deploy net.prototxt net.caffemodel --to nnie --mean 104 117 123 --images photos/ -o net
  pytorch2caffe deploy net.prototxt net.caffemodel --to ascend --to openvino \\
      --preprocess net.table.preprocess.json -o net
`pytorch2caffe export --deploy TOOLCHAIN` does the same for a model.
Exit code 0 done; 2 a toolchain cannot express it: stderr gives the reason, and nothing is written.
""",
    short_help="Writes what NNIE, Ascend, RKNN and others want beside the files.",
)
@click.argument("prototxt", type=click.Path(exists=True, dir_okay=False))
@click.argument("caffemodel", type=Caffemodels())
@click.option("--to", "toolchains", multiple=True, required=True, type=click.Choice(TOOLCHAINS), help="Repeatable.")
@click.option("-o", "--output", "prefix", type=Prefix("."), help="PREFIX; the prototxt without its suffix by default.")
@images_option
@pixel_options
@force_option
def command(
    prototxt: str,
    caffemodel: list[Path],
    toolchains: tuple[str, ...],
    prefix: str | None,
    images: tuple[str, ...],
    pixels: PixelOptions,
) -> int:
    from ..deploy.write import deploy
    from ..errors import ConversionError

    if len(caffemodel) > 1:
        raise ConversionError("the weights are in several files, and no toolchain here reads more than one")
    output, chosen = prefix or prototxt.removesuffix(".prototxt"), list(dict.fromkeys(toolchains))
    report_folders(deploy(prototxt, caffemodel[0], output, chosen, pixels.read(), images))
    return 0


def report_folders(folders: list[Path]) -> None:
    """Prints the numbers that the network will see, and the files of each folder."""
    from ..deploy.write import PREPROCESS
    from ..quantize.preprocess_file import load_preprocess

    report_ranges(load_preprocess(folders[0] / PREPROCESS))
    for folder in folders:
        names = sorted(path.name for path in folder.iterdir() if path.is_file())
        pictures = len(list(folder.glob("images*/*.png")))
        click.echo(f"{folder}: {', '.join(names)}" + (f", {pictures} images" if pictures else ""))
