"""pytorch2caffe calibrate"""

from __future__ import annotations

import re
from pathlib import Path

import click

from .many import Many
from .options import Caffemodels, OutputFile

METHODS = ["kl", "aciq", "max", "percentile", "mse", "reference"]


@click.command(
    "calibrate",
    cls=Many,
    help="""Finds the int8 scales of a Caffe network and writes the table for ncnn.

The network runs here, without Caffe. IMAGES is a directory, a list of paths, one image or one .npy tensor; once for
each input of the network, or .npz files that hold all of them. Files are told by their content, not their names.

\b
Examples:
  pytorch2caffe calibrate --proto deploy.prototxt --model net.caffemodel --images photos/ \\
      --mean 104 117 123 --norm 1 -o net.table
  pytorch2caffe calibrate --proto deploy.prototxt --model net.caffemodel --images list.txt \\
      --mean 127.5 --norm 0.0078125 --method mse --report net.html -o net.table
  pytorch2caffe calibrate --proto deploy.prototxt --model net.caffemodel --images photos/ \\
      --mean 104 117 123 --accuracy-budget 0.001 -o net.table
Beside the table, TABLE.preprocess.json says how images become inputs.
Exit code 0 done; 2 it cannot be done, stderr says why, nothing was written.
""",
    short_help="The int8 table for ncnn, without Caffe.",
)
@click.option("--proto", required=True, type=click.Path(exists=True, dir_okay=False), help="The deploy prototxt.")
@click.option("--model", required=True, type=Caffemodels(), help="Its caffemodel.")
@click.option("--images", required=True, multiple=True, metavar="IMAGES", help="The calibration images.")
@click.option("-o", "--output", required=True, type=OutputFile(), metavar="TABLE", help="Where to write the table.")
@click.option(
    "--mean",
    multiple=True,
    type=float,
    metavar="M...",
    help="Taken from each pixel, 0..255: one number, or one per channel in the order of the channels.",
)
@click.option("--norm", multiple=True, type=float, metavar="F...", help="Times which it is then taken; 1 if not given.")
@click.option("--std", multiple=True, type=float, metavar="F...", help="Instead of --norm: by which it is divided.")
@click.option(
    "--order",
    type=click.Choice(["BGR", "RGB"]),
    default="BGR",
    show_default=True,
    help="Of the network's three channels; one channel is grey.",
)
@click.option(
    "--resize",
    metavar="N|HxW",
    help="Resize the shorter side to N, or the image to HxW, and cut the "
    "network's size out of the centre. Without it: resize straight to the network's size.",
)
@click.option(
    "--preprocess",
    type=click.Path(exists=True, dir_okay=False),
    help="A TABLE.preprocess.json to use instead of these.",
)
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="kl",
    show_default=True,
    help="kl: ncnn2table's. mse: "
    "the least squared error. percentile, max, aciq: by magnitude. reference: caffe-int8-convert-tool's.",
)
@click.option("--percentile", "percent", type=float, default=99.99, show_default=True, help="For that method.")
@click.option(
    "--group",
    type=click.IntRange(0, 1),
    default=1,
    show_default=True,
    help="1: a weight scale for each output (each group of a grouped convolution). 0: one for the layer.",
)
@click.option(
    "--limit-3x3/--no-limit-3x3",
    default=False,
    show_default=True,
    help="Weights of 3x3 convolutions of "
    "stride 1 to +-31 instead of +-127: ncnn may run them by Winograd's algorithm, whose int8 sums of "
    "transformed weights can overflow 16 bits on some ARM builds. It costs accuracy: use it if int8 is right "
    "in the simulation and wrong on the device.",
)
@click.option("--inner-product/--no-inner-product", default=True, show_default=True, help="Quantise InnerProduct too.")
@click.option("--keep-float", multiple=True, metavar="NAME...", help="Layers that stay float.")
@click.option(
    "--accuracy-budget",
    "budget",
    type=click.FloatRange(0, 1),
    metavar="X",
    help="Keep the most sensitive "
    "layers float until the outputs' mean cosine loses at most X, in simulation on the first 10 images.",
)
@click.option(
    "--report",
    type=OutputFile(),
    metavar="FILE.html",
    help="Write a page with histograms, thresholds and each layer's sensitivity, and FILE.json.",
)
@click.option(
    "--fold-bn", is_flag=True, help="Put BatchNorm and Scale into the weights first, if the ncnn files are made so."
)
@click.option(
    "--passes",
    type=click.IntRange(0, 2),
    default=0,
    help="Over the images. By default one, and a second "
    "for the layers whose threshold it leaves open by more than one bin of 2048.",
)
@click.option("--batch", type=click.IntRange(1), default=4, show_default=True, help="Images at a time.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Threads that decode.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1 ...")
@click.option("--cpp", is_flag=True, help="Print the preprocessing as C++ for ncnn.")
def command(  # type: ignore[no-untyped-def]
    proto,
    model,
    images,
    output,
    mean,
    norm,
    std,
    order,
    resize,
    preprocess,
    method,
    percent,
    group,
    limit_3x3,
    inner_product,
    keep_float,
    budget,
    report,
    fold_bn,
    passes,
    batch,
    workers,
    device,
    cpp,
):
    from ..quantize.calibrate import Settings
    from ..quantize.job import Job

    settings = Settings(method, percent, bool(group), limit_3x3, inner_product, keep_float, passes)
    pixels = _pixels(mean, norm, std, order, resize, preprocess)
    job = Job(proto, model, images, output, pixels, settings, fold_bn, budget, report, batch, workers, device)
    return calibrate(job, cpp)


def _pixels(mean, norm, std, order, resize, preprocess):  # type: ignore[no-untyped-def]
    from ..quantize.job import ImageOptions

    if norm and std:
        raise click.UsageError("--norm multiplies, --std divides: give one of them")
    if preprocess:
        if mean or norm or std or resize:
            raise click.UsageError("--preprocess says all of --mean, --norm, --std, --resize")
        return preprocess
    if not mean:
        if norm or std or resize:
            raise click.UsageError("--mean is missing; --mean 0 if there is none")
        return None
    if std and not all(std):
        raise click.UsageError("--std 0 divides by 0")
    return ImageOptions(mean, tuple(1 / value for value in std) or norm or (1.0,), order, _sides(resize))


def _sides(resize):  # type: ignore[no-untyped-def]
    if resize is None:
        return None
    if not (found := re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", resize)):
        raise click.UsageError(f"--resize {resize!r} is no size; write 256, or 256x256")
    return tuple(int(side) for side in found.groups() if side)


def calibrate(job, cpp=False):  # type: ignore[no-untyped-def]
    """Runs a job with a progress bar and says what it found."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from ..quantize.job import run

    console = Console(stderr=True)
    quiet = not console.is_terminal
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=quiet) as bar:
        tasks = {}

        def progress(done: int, total: int, text: str) -> None:
            if text not in tasks:
                tasks[text] = bar.add_task(text)
            bar.update(tasks[text], completed=done, total=total)

        outcome = run(job, progress)
    _say(job, outcome)
    if cpp:
        for one in outcome.preprocess.values():
            click.echo(one.to_cpp(), nl=False)
    return 0


def _say(job, outcome):  # type: ignore[no-untyped-def]
    found = outcome.calibration
    for problem in found.skipped:
        click.echo(f"skipped {problem.where}: {problem.what}", err=True)
    if outcome.images.ignored:
        names = ", ".join(path.name for path in outcome.images.ignored[:3])
        more = len(outcome.images.ignored) - 3
        click.echo(f"no images, left out: {names}{f' and {more} more' if more > 0 else ''}", err=True)
    for note in found.notes:
        click.echo(str(note), err=True)
    kept = [layer.node.name for layer in found.layers if layer.reason]
    stay = f", in float: {', '.join(kept)}" if kept else ""
    images = "1 image" if found.images == 1 else f"{found.images} images"
    click.echo(f"{job.table}: {len(found.table.activations)} layers in int8 from {images}{stay}")
    if outcome.sensitivity:
        lost = outcome.sensitivity.steps[-1][1] if outcome.sensitivity.steps else outcome.sensitivity.together
        click.echo(f"simulated on {outcome.sensitivity.images} images: the outputs' mean cosine loses {lost:.2e}")
    for path in outcome.files[1:]:
        click.echo(str(Path(path)))
