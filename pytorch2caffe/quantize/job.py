"""A calibration as the command runs it: from a network and images to a table, its preprocessing and a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from caffe_proto import atomic_files

from ..backends.caffe.writer import save_caffe
from ..backends.ncnn.table.check import name_problems
from ..backends.ncnn.table.file import check_table, write_table
from ..backends.ncnn.table.table import TableError
from ..backends.ncnn.table.targets import quantizable
from ..errors import ConversionError
from ..formats.output_path import check_output_path
from ..graph.graph import Graph
from ..passes.fold_batch_norm import fold_batch_norm
from .bias_correction import correct_biases
from .calibrate import Settings, calibrate
from .counting import Engine
from .equalize import equalize
from .html_report import to_html
from .images import Dataset
from .json_report import to_json
from .pixels import Pixels, preprocess_of
from .preprocess_file import preprocess_path, save_preprocess
from .progress import Progress, notebook_progress
from .result import JobResult
from .sensitivity import keep_within_budget, measure
from .tables.write import NCNN, ONNX, content_of

CAFFE_SUFFIXES = (".prototxt", ".caffemodel")


@dataclass(frozen=True)
class Job:
    """The settings of a calibration.

    images:     a directory, a list file, an image or a tensor for each input, or one for all inputs.
    table:      the output path of the table; the preprocessing is written to `preprocess_path(table)`.
    pixels:     how images become inputs, for all or by input, or the path of a preprocessing file; None if all inputs
                are tensors.
    settings:   how to choose scales.
    fold_bn:    fold BatchNorm and Scale into the weights first; `save_ncnn` must do so too.
    equalize:   equalize the ranges of channels first, and fold as well; this changes the weights of the network.
    bias_correction: correct the biases for int8 at the end; this changes them in the network.
    network:    the output path, without suffix, of Caffe files of the network with changed weights, or None.
    budget:     the accepted loss of the outputs' mean cosine; layers stay float until it is met. None: do not check.
    report:     the output path of the HTML report, or None; the JSON report has the same name and the suffix .json.
    batch, workers, device: as for `calibrate`.
    command:    the command line that the report shows.
    compare:    the JSON report of another calibration of this network, which the report shows beside this one.
    reads:      files of the network, which no output may replace.
    format:     of the table, of `tables.FORMATS`; tensorrt may have a version, as in tensorrt:10.3.0.
    dask:       the address of a Dask scheduler whose workers calibrate, or `local`; None: this process does.
    """

    images: Sequence[str | Path]
    table: str | Path
    pixels: Pixels
    settings: Settings = Settings()
    fold_bn: bool = False
    equalize: bool = False
    bias_correction: bool = False
    network: str | None = None
    budget: float | None = None
    report: str | Path | None = None
    batch: int = 4
    workers: int = 2
    device: str = "cpu"
    command: str = ""
    compare: Mapping[str, Any] | None = None
    reads: Sequence[str | Path] = ()
    dask: str | None = None
    format: str = NCNN

    @property
    def report_files(self) -> list[Path]:
        """The paths of the HTML and the JSON report."""
        return [] if self.report is None else [Path(self.report), Path(self.report).with_suffix(".json")]

    @property
    def network_files(self) -> list[Path]:
        """The paths of the Caffe files of the changed network."""
        return [] if self.network is None else [Path(f"{self.network}{suffix}") for suffix in CAFFE_SUFFIXES]


def run(job: Job, graph: Graph, progress: Progress | None = None) -> JobResult:
    """Calibrates a network and writes all files.

    progress: called with (done, total, what is done); None: bars of tqdm in a notebook, otherwise nothing.
    Raises ConversionError if that is not possible; then nothing is written.
    """
    result = calibrated(job, graph, progress)
    write_files(job, result)
    return result


def calibrated(job: Job, graph: Graph, progress: Progress | None = None) -> JobResult:
    """Calibrates a network; the result's files are not written. Raises ConversionError if that is not possible.

    Changes the weights of `graph` as the job says.
    """
    progress = progress or notebook_progress()
    check_output_paths(job)
    if job.fold_bn:
        fold_batch_norm(graph)
    names = [node.name for node in quantizable(graph) if node.name not in job.settings.keep_float]
    if problems := list(name_problems(names)) if job.format == NCNN else []:
        raise TableError(problems, f"{job.table} was not written")
    preprocess = preprocess_of(job.pixels, graph)
    images = Dataset(job.images, graph.inputs, preprocess)
    changes = []
    if job.equalize:
        channels = equalize(graph, images, batch=job.batch, device=job.device)
        changes.append(f"equalized the ranges of {channels} channels")
    with _engine(job, graph, images) as engine:
        calibration = calibrate(
            graph,
            images,
            job.settings,
            batch=job.batch,
            workers=job.workers,
            device=job.device,
            settle=job.report is not None,
            everything=job.format not in (NCNN, ONNX),
            progress=progress,
            engine=engine,
        )
    sensitivity = None
    if job.report is not None or job.budget is not None:
        sensitivity = measure(graph, images, calibration, batch=job.batch, device=job.device, progress=progress)
        if job.budget is not None:
            keep_within_budget(
                graph,
                images,
                calibration,
                sensitivity,
                job.budget,
                batch=job.batch,
                device=job.device,
                progress=progress,
            )
    in_float = graph.copy()
    if job.bias_correction:
        layers = correct_biases(graph, images, calibration.table, batch=job.batch, device=job.device)
        changes.append(f"corrected the biases of {layers} layers")
    return JobResult(job.settings, graph, calibration, preprocess, images, [], sensitivity, in_float, changes)


@contextmanager
def _engine(job: Job, graph: Graph, images: Dataset) -> Iterator[Engine | None]:
    """Where the job asks for the images to be counted; None for this process."""
    if job.dask is None:
        yield None
        return
    from .cluster import Cluster
    from .cluster_workers import connected

    with connected(job.dask) as client:
        yield Cluster(client, graph, images, job.batch, job.workers, job.device)


def check_output_paths(job: Job) -> None:
    """Raises ConversionError if an output path is not writable, or is an input or another output."""
    if len(set(job.report_files)) < len(job.report_files):
        raise ConversionError(
            f"{job.report} is the path of the JSON report\n  fix: use the suffix .html for the report"
        )
    used = {Path(path).resolve(): "an input" for path in (*job.reads, *job.images)}
    if isinstance(job.pixels, (str, Path)) and Path(job.pixels).resolve() != preprocess_path(job.table).resolve():
        used[Path(job.pixels).resolve()] = "an input"
    for path in [Path(job.table), preprocess_path(job.table), *job.report_files, *job.network_files]:
        if path.resolve() in used:
            raise ConversionError(
                f"output {path} is also {used[path.resolve()]}\n  fix: use another name for the output"
            )
        used[path.resolve()] = "another output"
    check_output_path(job.table, *job.report_files, *job.network_files)


def first_inputs(images: Dataset) -> list[torch.Tensor]:
    """A batch of the first images for each input of a network, in the order of the inputs.

    The batch size is that of the inputs; if there are fewer images, they are repeated.
    """
    counts = [value.shape[0] if value.shape else 1 for value in images.inputs]
    samples = [images.load(index % len(images)) for index in range(max(counts))]
    return [
        torch.from_numpy(np.stack([sample[value.name] for sample in samples[:count]]))
        for value, count in zip(images.inputs, counts, strict=True)
    ]


def write_files(job: Job, result: JobResult) -> None:
    """Writes the table, its preprocessing and the reports. Raises ConversionError if no layer can run in int8."""
    table = result.calibration.table
    if not table.activations:
        reasons = "\n".join(f"  {layer.node.name}: {layer.reason}" for layer in result.calibration.layers)
        raise ConversionError(f"no layer can run in int8\n{reasons}")
    if problems := check_table(table, result.graph) if job.format == NCNN else []:
        raise TableError(problems, f"{job.table} was not written")
    content = None if job.format == NCNN else content_of(job.format, result)
    targets = [Path(job.table)]
    targets += [preprocess_path(job.table)] if result.preprocess else []
    targets += job.report_files
    result.files = targets + job.network_files
    with atomic_files(*targets) as paths:
        written = list(paths)
        first = written.pop(0)
        if content is None:
            write_table(table, first)
        else:
            first.write_bytes(content)
        if result.preprocess:
            save_preprocess(result.preprocess, written.pop(0))
        if job.report is not None:
            written[0].write_text(to_html(result, job.command, job.compare), encoding="utf-8")
            written[1].write_text(to_json(result), encoding="utf-8")
        if job.network is not None:
            prototxt, caffemodel = job.network_files
            save_caffe(result.graph, prototxt, caffemodel, "ncnn")
