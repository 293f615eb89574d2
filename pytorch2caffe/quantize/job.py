"""Caffe files and images to a table, its preprocessing and a report, all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from caffe_proto import FilePaths, atomic_files, weight_files

from ..backends.ncnn.table.check import misnamed
from ..backends.ncnn.table.file import check_table, write_table
from ..backends.ncnn.table.table import TableError
from ..backends.ncnn.table.targets import quantisable
from ..errors import ConversionError
from ..formats.output_path import check_output_path
from ..frontends.caffe.reader import load_caffe
from ..graph.graph import Graph, Value
from ..passes.fold_batch_norm import fold_batch_norm
from .calibrate import Progress, Settings, calibrate
from .html_report import to_html
from .images import Dataset
from .outcome import Outcome
from .preprocess import ORDERS, Preprocess, beside, load_preprocess, save_preprocess
from .report import to_json
from .sensitivity import choose, measure


@dataclass(frozen=True)
class Pixels:
    """What a user says of the images; height and width come from the network. See `Preprocess`."""

    mean: tuple[float, ...]
    norm: tuple[float, ...] = (1.0,)
    order: str = "BGR"
    resize: tuple[int, ...] | None = None

    def of(self, value: Value) -> Preprocess:
        """The preprocessing of one input."""
        channels, height, width = value.shape[1:]
        order = "GRAY" if channels == 1 else self.order
        made = Preprocess(height, width, self.mean, self.norm, order, self.resize)
        if made.channels != channels:
            raise ConversionError(f"input {value.name} has {channels} channels, order {order} has {made.channels}")
        return made


@dataclass(frozen=True)
class Job:
    """A calibration as a command line says it.

    images:     a directory, list, image or tensor for each input, or for all.
    pixels:     how images become inputs; a file with that; None if all inputs are tensors.
    fold_bn:    put BatchNorm and Scale into the weights first; the ncnn files must be made so too.
    budget:     the most that the cosine of the outputs may lose, or None.
    report:     where to write the page, or None; the JSON lies beside it.
    """

    prototxt: str | Path
    caffemodel: FilePaths
    images: Sequence[str | Path]
    table: str | Path
    pixels: Pixels | str | Path | None
    settings: Settings = Settings()
    fold_bn: bool = False
    budget: float | None = None
    report: str | Path | None = None
    batch: int = 4
    workers: int = 2
    device: str = "cpu"


def run(job: Job, progress: Progress | None = None) -> Outcome:
    """Calibrates and writes. Raises ConversionError for whatever stops it; then nothing is written."""
    _check_places(job)
    graph = load_caffe(job.prototxt, job.caffemodel)
    if job.fold_bn:
        fold_batch_norm(graph)
    names = [node.name for node in quantisable(graph) if node.name not in job.settings.keep_float]
    if problems := list(misnamed(names)):
        raise TableError(problems, f"{job.table} was not written")
    preprocess = _preprocess(job.pixels, graph)
    images = Dataset(job.images, graph.inputs, preprocess)
    look = dict(batch=job.batch, device=job.device, progress=progress)
    found = calibrate(
        graph,
        images,
        job.settings,
        batch=job.batch,
        workers=job.workers,
        device=job.device,
        settle=job.report is not None,
        progress=progress,
    )
    sensitivity = None
    if job.report is not None or job.budget is not None:
        sensitivity = measure(graph, images, found, **look)  # type: ignore[arg-type]
    if job.budget is not None:
        assert sensitivity is not None
        choose(graph, images, found, sensitivity, job.budget, **look)  # type: ignore[arg-type]
    outcome = Outcome(job.settings, graph, found, preprocess, images, [], sensitivity)
    _write(job, outcome)
    return outcome


def _check_places(job: Job) -> None:
    """Raises ConversionError if a file cannot be written where it shall be, or would replace one that is needed."""
    page = [] if job.report is None else [Path(job.report), Path(job.report).with_suffix(".json")]
    for path in [Path(job.table), *page[:1]]:
        check_output_path(path)
    if len(set(page)) < len(page):
        raise ConversionError(f"{job.report}: the report is a page; name it .html, the JSON lies beside it")
    taken = {Path(path).resolve(): path for path in (job.prototxt, *weight_files(job.caffemodel), *job.images)}
    if isinstance(job.pixels, (str, Path)) and Path(job.pixels).resolve() != beside(job.table).resolve():
        taken[Path(job.pixels).resolve()] = job.pixels
    for path in [Path(job.table), beside(job.table), *page]:
        if path.resolve() in taken:
            raise ConversionError(f"{path}: to be written, and it is {taken[path.resolve()]} too\n  fix: another name")
        taken[path.resolve()] = f"another file of this run, {path}"


def first_inputs(
    prototxt: str | Path, places: Sequence[str | Path], pixels: Pixels | str | Path | None
) -> list[torch.Tensor]:
    """The first images as a network's inputs, in order, as many at a time as the prototxt says; repeated if too few."""
    graph = load_caffe(prototxt)
    images = Dataset(places, graph.inputs, _preprocess(pixels, graph))
    counts = [value.shape[0] if value.shape else 1 for value in graph.inputs]
    samples = [images.load(index % len(images)) for index in range(max(counts))]
    return [
        torch.from_numpy(np.stack([sample[value.name] for sample in samples[:count]]))
        for value, count in zip(graph.inputs, counts, strict=True)
    ]


def _preprocess(pixels: Pixels | str | Path | None, graph: Graph) -> dict[str, Preprocess]:
    if pixels is None:
        return {}
    if isinstance(pixels, Pixels):
        images = [value for value in graph.inputs if len(value.shape) == 4 and value.shape[1] in ORDERS.values()]
        return {value.name: pixels.of(value) for value in images}  # others take tensors
    found = load_preprocess(pixels)
    names = {value.name: value.shape for value in graph.inputs}
    for name, one in found.items():
        if names.get(name, ())[1:] != (one.channels, one.height, one.width):
            known = ", ".join(f"{value.name} {list(value.shape)}" for value in graph.inputs)
            raise ConversionError(f"{pixels}: input {name!r} does not fit the network's inputs: {known}")
    return found


def _write(job: Job, outcome: Outcome) -> None:
    table = outcome.calibration.table
    if not table.activations:
        reasons = "\n".join(f"  {layer.node.name}: {layer.reason}" for layer in outcome.calibration.layers)
        raise ConversionError(f"no layer is left that can run in int8\n{reasons}")
    if problems := check_table(table, outcome.graph):
        raise TableError(problems, f"{job.table} was not written")
    targets = [Path(job.table)]
    targets += [beside(job.table)] if outcome.preprocess else []
    targets += [Path(job.report), Path(job.report).with_suffix(".json")] if job.report is not None else []
    with atomic_files(*targets) as paths:
        written = list(paths)
        write_table(table, written.pop(0))
        if outcome.preprocess:
            save_preprocess(outcome.preprocess, written.pop(0))
        if job.report is not None:
            written[0].write_text(to_html(outcome), encoding="utf-8")
            written[1].write_text(to_json(outcome), encoding="utf-8")
    outcome.files = targets
