"""pytorch2caffe calibrate"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import Caffemodels, OutputFile, force_option
from .page import command_line, read_json
from .pixel_options import pixel_options, pixels_of, report_ranges
from .variadic_options import VariadicCommand
from .wording import counted

if TYPE_CHECKING:
    from ..quantize.image_options import ImageOptions
    from ..quantize.job import Job, JobResult

METHODS = ["kl", "aciq", "max", "percentile", "mse", "reference"]


@click.command(
    "calibrate",
    cls=VariadicCommand,
    help="""Computes the int8 scales of a Caffe network and writes the calibration table for ncnn.

The network is run in PyTorch, without Caffe. IMAGES is a directory, a list of paths, one image or one .npy tensor;
once for each input of the network, or .npz files that contain all inputs. The type of a file is recognized by its
content, not its name.

\b
Examples:
  pytorch2caffe calibrate --proto deploy.prototxt --model net.caffemodel --images photos/ \\
      --mean 104 117 123 --norm 1 -o net.table
  pytorch2caffe calibrate --proto deploy.prototxt --model net.caffemodel --images list.txt \\
      --mean 127.5 --norm 0.0078125 --method mse --report net.html -o net.table
  pytorch2caffe calibrate --proto deploy.prototxt --model net.caffemodel --images photos/ \\
      --mean 104 117 123 --accuracy-budget 0.001 -o net.table
TABLE.preprocess.json, written beside the table, describes how images become inputs.
Exit code 0 done; 2 it cannot be done: stderr gives the reason, and nothing is written.
""",
    short_help="Computes the int8 calibration table for ncnn, without Caffe.",
)
@click.option("--proto", required=True, type=click.Path(exists=True, dir_okay=False), help="The deploy prototxt.")
@click.option("--model", required=True, type=Caffemodels(), help="Its caffemodel.")
@click.option("--images", required=True, multiple=True, metavar="IMAGES", help="The calibration images.")
@click.option("-o", "--output", required=True, type=OutputFile(), metavar="TABLE", help="Where to write the table.")
@pixel_options
@click.option(
    "--method",
    type=click.Choice(METHODS),
    default="kl",
    show_default=True,
    help="kl: as ncnn2table. mse: "
    "the least squared error. percentile, max, aciq: by magnitude. reference: as caffe-int8-convert-tool.",
)
@click.option(
    "--percentile",
    "percent",
    type=float,
    default=99.99,
    show_default=True,
    help="The percentile of --method percentile.",
)
@click.option(
    "--group",
    type=click.IntRange(0, 1),
    default=1,
    show_default=True,
    help="1: a weight scale per output (per group of a grouped convolution). 0: one per layer.",
)
@click.option(
    "--limit-3x3/--no-limit-3x3",
    default=False,
    show_default=True,
    help="Quantize the weights of 3x3 convolutions of "
    "stride 1 to +-31 instead of +-127: ncnn may run them with Winograd's algorithm, whose int8 sums of "
    "transformed weights can overflow 16 bits on some ARM builds. It costs accuracy: use it if int8 is correct "
    "in the simulation and wrong on the device.",
)
@click.option("--inner-product/--no-inner-product", default=True, show_default=True, help="Quantize InnerProduct too.")
@click.option("--keep-float", multiple=True, metavar="NAME...", help="Layers to keep in float.")
@click.option(
    "--accuracy-budget",
    "budget",
    type=click.FloatRange(0, 1),
    metavar="X",
    help="Keep the most sensitive layers in float "
    "until the mean cosine of the outputs decreases by at most X, simulated on the first 10 images.",
)
@click.option(
    "--report",
    type=OutputFile(),
    metavar="FILE.html",
    help="Write a report with histograms, thresholds and the sensitivity of each layer, and FILE.json.",
)
@force_option
@click.option(
    "--compare",
    "other",
    type=click.Path(exists=True, dir_okay=False),
    metavar="OTHER.json",
    help="Show the sensitivities and thresholds of another calibration beside these in the report: its FILE.json.",
)
@click.option(
    "--fold-bn", is_flag=True, help="Fold BatchNorm and Scale into the weights first, if the ncnn files are too."
)
@click.option(
    "--passes",
    type=click.IntRange(0, 2),
    default=0,
    help="Passes over the images. By default (0) one, and a second "
    "for the layers whose threshold is uncertain by more than one bin of 2048.",
)
@click.option("--batch", type=click.IntRange(1), default=4, show_default=True, help="Images per forward pass.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Threads that decode images.")
@click.option("--device", default="cpu", show_default=True, help="Where to run the network: cpu, cuda, cuda:1 ...")
@click.option("--cpp", is_flag=True, help="Print the preprocessing as C++ for ncnn.")
def command(
    proto: str,
    model: list[Path],
    images: tuple[str, ...],
    output: str,
    mean: tuple[float, ...],
    norm: tuple[float, ...],
    std: tuple[float, ...],
    order: str,
    resize: str | None,
    preprocess: ImageOptions | str | None,
    method: str,
    percent: float,
    group: int,
    limit_3x3: bool,
    inner_product: bool,
    keep_float: tuple[str, ...],
    budget: float | None,
    report: str | None,
    other: str | None,
    fold_bn: bool,
    passes: int,
    batch: int,
    workers: int,
    device: str,
    cpp: bool,
) -> int:
    from ..quantize.calibrate import Settings
    from ..quantize.job import Job

    settings = Settings(method, percent, bool(group), limit_3x3, inner_product, keep_float, passes)
    pixels = pixels_of(mean, norm, std, order, resize, preprocess)
    if other and not report:
        raise click.UsageError("--compare is shown in the report: give --report FILE.html too")
    before = read_json(other, "layers") if other else None
    shown = command_line(), before
    job = Job(proto, model, images, output, pixels, settings, fold_bn, budget, report, batch, workers, device, *shown)
    return calibrate(job, cpp)


def calibrate(job: Job, cpp: bool = False) -> int:
    """Runs a job with a progress bar and reports its outcome."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    from ..quantize.job import run

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def progress(done: int, total: int, text: str) -> None:
            if text not in tasks:
                tasks[text] = bar.add_task(text)
            bar.update(tasks[text], completed=done, total=total)

        outcome = run(job, progress)
    _report(job, outcome)
    if cpp:
        for preprocess in outcome.preprocess.values():
            click.echo(preprocess.to_cpp(), nl=False)
    return 0


def _report(job: Job, outcome: JobResult) -> None:
    calibration = outcome.calibration
    for problem in calibration.skipped:
        click.echo(f"skipped {problem.where}: {problem.what}", err=True)
    if outcome.images.ignored:
        names = ", ".join(path.name for path in outcome.images.ignored[:3])
        more = len(outcome.images.ignored) - 3
        click.echo(f"ignored, not images: {names}{f' and {more} more' if more > 0 else ''}", err=True)
    for note in calibration.notes:
        click.echo(str(note), err=True)
    in_float = [layer.node.name for layer in calibration.layers if layer.reason]
    images = "1 image" if calibration.images == 1 else f"{calibration.images} images"
    line = f"{job.table}: {counted(len(calibration.table.activations), 'layer')} in int8 from {images}"
    click.echo(line + (f", in float: {', '.join(in_float)}" if in_float else ""))
    report_ranges(outcome.preprocess)
    if outcome.sensitivity:
        lost = outcome.sensitivity.steps[-1][1] if outcome.sensitivity.steps else outcome.sensitivity.together
        click.echo(
            f"simulated on {outcome.sensitivity.images} images: the mean cosine of the outputs decreases by {lost:.2e}"
        )
    for path in outcome.files[1:]:
        click.echo(str(Path(path)))
