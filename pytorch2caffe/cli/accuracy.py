"""pytorch2caffe accuracy"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .caffe_options import resized_reading
from .common import add_data
from .network_options import Shapes, network_options, read_network
from .options import MODEL_HELP, Caffemodels, ModelOptions, console
from .page import working
from .pixel_options import PixelOptions, pixel_options, report_ranges
from .random_inputs import InputType
from .variadic_options import VariadicCommand

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..convert.accuracy import Score
    from ..frontends.caffe.reading import CaffeReading


@click.command(
    "accuracy",
    cls=VariadicCommand,
    help=f"""Counts how many labelled images a network classifies correctly, in float and as ncnn files.

The network is MODEL, or a prototxt and its CAFFEMODEL. {MODEL_HELP} It is run in float by the built-in runtime; the
files of --ncnn, in float or int8, are run in ncnn on the same images.

\b
Examples:
  pytorch2caffe accuracy deploy.prototxt net.caffemodel --labels val.txt \\
      --preprocess net.table.preprocess.json --ncnn net-int8
  pytorch2caffe accuracy torchvision:resnet18 --weights resnet18.pth --input-shape 1,3,224,224 \\
      --labels val/ --preprocess torchvision --ncnn resnet18 --ncnn resnet18-int8
Exit code 0 done; 1 files lose more than --max-loss; 2 a file cannot be read or run.
""",
    short_help="Top-1 and top-5 on labelled images, float and int8.",
)
@click.argument("model")
@click.argument("caffemodel", type=Caffemodels(), required=False)
@network_options
@click.option(
    "--labels",
    required=True,
    type=click.Path(exists=True),
    metavar="FILE|FOLDER",
    help="The images and their classes: a list with lines `path class`, as Caffe's ImageData reads, or a folder with "
    "a folder for each class, as torchvision's ImageFolder.",
)
@click.option("--ncnn", "prefixes", multiple=True, metavar="PREFIX", help="Also run PREFIX.param and PREFIX.bin.")
@pixel_options
@click.option("--limit", type=click.IntRange(1), help="Use so many images, taken evenly from all.")
@click.option(
    "--max-loss",
    type=click.FloatRange(0, 100),
    metavar="POINTS",
    help="Exit with 1 if files of --ncnn have more than so many percentage points of top-1 less than float.",
)
@click.option("--device", default="cpu", show_default=True, help="Where to run in float: cpu, cuda, cuda:1 ...")
@resized_reading
def command(
    model: str,
    caffemodel: list[Path] | None,
    shapes: Shapes,
    types: tuple[InputType, ...],
    loading: ModelOptions,
    labels: str,
    prefixes: tuple[str, ...],
    pixels: PixelOptions,
    limit: int | None,
    max_loss: float | None,
    device: str,
    reading: Callable[[Shapes], CaffeReading],
) -> int:
    from ..convert.accuracy import measure_accuracy
    from ..quantize.labels import read_labelled
    from ..quantize.pixels import preprocess_of

    missing = [path for prefix in prefixes for path in (f"{prefix}.param", f"{prefix}.bin") if not Path(path).is_file()]
    if missing:
        raise click.UsageError(f"there is no file {', '.join(missing)}: give the path before .param and .bin")
    if max_loss is not None and not prefixes:
        raise click.UsageError("--max-loss compares files with float: give --ncnn too")
    graph = read_network(model, caffemodel, shapes, types, loading, reading).graph
    images = read_labelled(labels, graph.inputs, preprocess_of(pixels.read(), graph), limit)
    report_ranges(images.dataset.preprocess)
    with working(f"classifying {len(images.labels)} images"):
        scores = measure_accuracy(graph, images, prefixes, device=device)
    _print(scores)
    for problem in images.dataset.skipped:
        click.echo(f"skipped {problem.where}: {problem.what}", err=True)
    lost = [-100 * score.difference(scores[0])[0] for score in scores[1:]]
    return int(max_loss is not None and max(lost) > max_loss)


def _print(scores: list[Score]) -> None:
    from rich.table import Table

    table = Table("network", "top-1", "95 % interval", "top-5", "same answer", "top-1 lost", highlight=False)
    reference = scores[0]
    data = []
    for score in scores:
        low, high = score.interval
        difference, half = score.difference(reference)
        shares = f"{score.top1.mean():.2%}", f"{low:.2%} to {high:.2%}", f"{score.top5.mean():.2%}"
        compared = f"{score.agreement(reference):.2%}", f"{-100 * difference:.2f} ± {100 * half:.2f}"
        table.add_row(score.name, *shares, *(compared if score is not reference else ("", "")))
        entry: dict[str, object] = {"name": score.name, "images": len(score.top1)}
        entry |= {"top1": float(score.top1.mean()), "interval": [low, high], "top5": float(score.top5.mean())}
        entry |= {"agreement": score.agreement(reference), "lost": -difference, "lost_half_interval": half}
        data.append(entry)
    add_data(scores=data)
    console().print(f"{len(reference.top1)} images", table)
