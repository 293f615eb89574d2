"""Options that say how int8 scales are chosen, and a calibration with a progress bar."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from .option_groups import collected
from .options import OutputFile
from .pixel_options import report_ranges
from .wording import counted

if TYPE_CHECKING:
    from ..backends.ncnn.table.table import Table
    from ..graph.graph import Graph
    from ..quantize.job import Job, JobResult

METHODS = ["kl", "aciq", "max", "percentile", "mse", "auto", "reference"]


class CalibrationOptions(NamedTuple):
    """The options of `calibration_options`."""

    method: str
    keep_float: tuple[str, ...]
    budget: float | None
    equalize: bool
    bias_correction: bool
    report: str | None
    dask: str | None

    @property
    def given(self) -> list[str]:
        """The options that need a calibration, where they are given."""
        found = {
            "--keep-float": self.keep_float,
            "--accuracy-budget": self.budget is not None,
            "--equalize": self.equalize,
            "--bias-correction": self.bias_correction,
            "--report": self.report,
            "--dask": self.dask,
        }
        return [name for name, value in found.items() if value]

    @property
    def of_job(self) -> dict[str, Any]:
        """Those that are fields of a Job."""
        return {name: getattr(self, name) for name in ("budget", "equalize", "bias_correction", "report", "dask")}


def calibration_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The fields of CalibrationOptions, as the argument `how_to_calibrate`, for a VariadicCommand."""
    function = collected(function, "how_to_calibrate", CalibrationOptions)
    for option in (
        click.option(
            "--dask",
            metavar="ADDRESS",
            help="Calibrate on the workers of this Dask scheduler, such as tcp://10.0.0.1:8786; local or local:4 "
            "starts workers on this machine. The table has the same bits.",
        ),
        click.option(
            "--report",
            type=OutputFile(),
            metavar="FILE.html",
            help="Write a report with histograms, thresholds and the sensitivity of each layer, and FILE.json.",
        ),
        click.option(
            "--bias-correction",
            is_flag=True,
            help="Change the biases so that the mean output of each int8 layer is that in float.",
        ),
        click.option(
            "--equalize",
            is_flag=True,
            help="First enlarge small channels of activations, with smaller weights to read them: the network computes "
            "the same, and loses less in int8, above all with depthwise layers.",
        ),
        click.option(
            "--accuracy-budget",
            "budget",
            type=click.FloatRange(0, 1),
            metavar="X",
            help="Keep the most sensitive layers in float "
            "until the mean cosine of the outputs decreases by at most X, simulated on the first 10 images.",
        ),
        click.option("--keep-float", multiple=True, metavar="NAME...", help="Layers to keep in float."),
        click.option(
            "--method",
            type=click.Choice(METHODS),
            default="kl",
            show_default=True,
            help="kl: as ncnn2table. mse: "
            "the least squared error. percentile, max, aciq: by magnitude. auto: for each layer the one of these that "
            "the outputs lose least with. reference: as caffe-int8-convert-tool.",
        ),
    ):
        function = option(function)
    return function


def own_table(graph: Graph, path: str, how: CalibrationOptions, needing: str) -> tuple[Table, Callable[[], None]]:
    """The table that a quantized model has itself, and what writes it to `path`.

    needing: what needs it, for messages.
    Raises click.UsageError for options that need images, and for a network that is not quantized.
    """
    from ..backends.ncnn.table.file import write_table
    from ..formats.output_path import check_output_path
    from ..quantize.file_ranges import table_of_ranges

    if not graph.is_quantized:
        raise click.UsageError(f"{needing} needs --images to calibrate on: the network is not quantized itself")
    if others := [option for option in how.given if option != "--keep-float"]:
        raise click.UsageError(f"{', '.join(others)} need --images to calibrate on")
    check_output_path(path)
    table = table_of_ranges(graph, how.keep_float)
    return table, partial(write_table, table, path)


def report_own_table(path: str, table: Table) -> None:
    """Prints what `own_table` found."""
    click.echo(f"{path}: {counted(len(table.activations), 'layer')} in int8, by the ranges in the model")


def with_progress(run: Callable[..., JobResult], job: Job, graph: Graph) -> JobResult:
    """Calls run(job, graph, progress) with a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def progress(done: int, total: int, text: str) -> None:
            if text not in tasks:
                tasks[text] = bar.add_task(text)
            bar.update(tasks[text], completed=done, total=total)

        return run(job, graph, progress)


def report_calibration(job: Job, outcome: JobResult) -> None:
    """Prints what was calibrated, and on stderr what was left out."""
    calibration = outcome.calibration
    for problem in calibration.skipped:
        click.echo(f"skipped {problem.where}: {problem.what}", err=True)
    if outcome.images.ignored:
        names = ", ".join(path.name for path in outcome.images.ignored[:3])
        more = len(outcome.images.ignored) - 3
        click.echo(f"ignored, not images: {names}{f' and {more} more' if more > 0 else ''}", err=True)
    if outcome.images.unchanged:
        click.echo("tensors were used as they are; if they are pixels, give --tensors pixels", err=True)
    for note in calibration.notes:
        click.echo(str(note), err=True)
    in_float = [layer.node.name for layer in calibration.layers if layer.reason]
    images = "1 image" if calibration.images == 1 else f"{calibration.images} images"
    line = f"{job.table}: {counted(len(calibration.table.activations), 'layer')} in int8 from {images}"
    click.echo(line + (f", in float: {', '.join(in_float)}" if in_float else ""))
    report_ranges(outcome.preprocess)
    for change in outcome.changes:
        click.echo(change)
    if outcome.sensitivity:
        lost = outcome.sensitivity.steps[-1][1] if outcome.sensitivity.steps else outcome.sensitivity.together
        click.echo(
            f"simulated on {outcome.sensitivity.images} images: the mean cosine of the outputs decreases by {lost:.2e}"
            + (", before the biases are corrected" if job.bias_correction else "")
        )
    for path in outcome.files[1:]:
        click.echo(str(path))
