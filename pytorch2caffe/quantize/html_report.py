"""A calibration as a page: figures per layer, the network coloured by sensitivity, histograms. Start with `to_html`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..backends.ncnn.table.weights import MAX_INT8, MAX_WINOGRAD
from ..graph.view import Shade, diagram
from ..pages import page
from ..pages.charts import histogram_svg, lines_svg
from ..pages.diagram import Diagram, Histograms
from ..pages.page import Block, Code, Column, Figure, Figures, Items, Line, Page, Section, Table, Text
from .calibrate import Settings
from .calibration import Calibration, Layer
from .json_report import layer_rows
from .ncnn_source import to_cpp
from .result import JobResult

HIDDEN = ("layer", "type", "input")  # which a diagram shows anyway
# The columns of the table: key of the row, and how it is shown.
COLUMNS = {
    "layer": Column("layer", text=True),
    "sensitivity": Column(
        "sensitivity",
        ".2e",
        "loss of the outputs' mean cosine when only this layer is in int8; 0 is no loss, 1 is complete. The table is "
        "sorted by it, largest first",
    ),
    "float": Column("reason for float", about="why the layer stays in float; empty for layers in int8", text=True),
    "type": Column("type", text=True),
    "input": Column(
        "input",
        about="the value that the layer reads; layers that read the same value have the same figures",
        text=True,
    ),
    "low": Column("lowest", ".4g", "smallest element of the input over all images"),
    "high": Column("highest", ".4g", "largest element of the input over all images"),
    "threshold": Column("threshold", ".4g", "magnitude of the input that becomes 127 in int8; larger ones are clipped"),
    "scale": Column("scale", ".4g", "127 / threshold, as written to the table"),
    "clipped": Column("clipped", ".4%", "share of the input's elements beyond the threshold"),
    "activation_snr": Column(
        "input SNR, dB",
        ".1f",
        "signal-to-noise ratio of the input after rounding and clipping; 20 dB is an error of 10 %, 40 dB of 1 %",
    ),
    "weight_snr": Column("weight SNR, dB", ".1f", "signal-to-noise ratio of the weights"),
    "zero_channels": Column("zero channels", about="outputs (or groups) whose weights are all 0; their scale is 0"),
}

# Of the other report that --compare names.
OTHER = {
    "sensitivity": Column("other sensitivity", ".2e", "that of the other report"),
    "threshold": Column("other threshold", ".4g", "that of the other report"),
}
MARKED_LAYERS = 3
BINS = 40  # of the histogram of a layer in the diagram


def to_html(result: JobResult, command: str = "", other: Mapping[str, Any] | None = None) -> str:
    """The page: figures per layer, histograms with thresholds, convergence of the thresholds, preprocessing in C++.

    command: the command line that it shows. other: the JSON report of another calibration of the same network.
    """
    calibration, sensitivity = result.calibration, result.sensitivity
    rows = sorted(
        layer_rows(calibration, sensitivity.alone if sensitivity else {}),
        key=lambda row: row["sensitivity"] or 0.0,
        reverse=True,
    )
    sections = [
        Section("", [Text(_summary(result.settings, calibration, len(result.images))), *_losses(result, other)]),
        Section("Notes", list(_notes(calibration))),
        Section("Network", [_diagram(result, rows)]),
        Section("Layers", list(_table(rows, other))),
        Section("Inputs and their thresholds", list(_histograms(result, [row["input"] for row in rows]))),
        Section("Number of images", list(_convergence(calibration))),
        Section("Preprocessing, in C++ for ncnn", [Code(name, to_cpp(one)) for name, one in result.preprocess.items()]),
    ]
    filled = [section for section in sections if section.blocks]
    return page.to_html(Page(f"int8 of {result.graph.name}", filled, command, _facts(result)))


def _facts(result: JobResult) -> dict[str, str]:
    images = "1 image" if result.calibration.images == 1 else f"{result.calibration.images} images"
    return {"files": ", ".join(map(str, result.files)), "images": images}


def _summary(settings: Settings, calibration: Calibration, total: int) -> str:
    kept = sum(bool(layer.reason) for layer in calibration.layers)
    method = f"{settings.method} {settings.percent:g}" if settings.method == "percentile" else settings.method
    scales = "a weight scale per output or group" if settings.per_channel else "one weight scale per layer"
    limit = f", 3x3 weights to ±{MAX_WINOGRAD}" if settings.winograd else f", weights to ±{MAX_INT8}"
    second_pass = (
        f" A second pass counted {len(calibration.second_pass)} of the inputs exactly."
        if calibration.second_pass
        else ""
    )
    return (
        f"{len(calibration.layers) - kept} layers in int8, {kept} in float. "
        f"Method {method}, {scales}{limit}; {calibration.images} of {total} images.{second_pass}"
    )


def _losses(result: JobResult, other: Mapping[str, Any] | None) -> Iterator[Block]:
    sensitivity = result.sensitivity
    if sensitivity is None:
        return
    yield Text(
        f"Simulated on {sensitivity.images} images: with all layers of the table in int8, the mean cosine between "
        f"the outputs and those of the float network is lower than 1 by {sensitivity.together:.2e}."
    )
    if other and other["sensitivity"]:
        yield Text(f"In the other report it is lower by {other['sensitivity']['together']:.2e}.")
    if sensitivity.steps:
        yield Text("Loss after each layer that was kept in float for the accuracy budget:")
        yield Items([f"{name}: {loss:.2e}" for name, loss in sensitivity.steps], ordered=True)


def _notes(calibration: Calibration) -> Iterator[Block]:
    lines = [str(note) for note in calibration.notes]
    lines += [f"skipped image {problem}" for problem in calibration.skipped]
    if lines:
        yield Items(lines)


def _diagram(result: JobResult, rows: list[dict[str, Any]]) -> Diagram:
    """The network; layers that cannot run in int8 are without colour, those that stay in float are marked."""
    largest = max((row["sensitivity"] or 0.0 for row in rows), default=0.0)
    layers = {layer.node.name: layer for layer in result.calibration.layers}
    shades = {}
    for row in rows:
        shown = {column.title: _text(row[key], column) for key, column in COLUMNS.items() if key not in HIDDEN}
        heat = (row["sensitivity"] or 0.0) / largest if largest else 0.0
        details = {title: text for title, text in shown.items() if text}
        shades[row["layer"]] = Shade(heat, bool(row["float"]), details, _counts(layers[row["layer"]]))
    return diagram(result.graph, shades, colour="loss in int8", low="0", high=f"{largest:.1e}", wrong="stays in float")


def _counts(layer: Layer) -> Histograms | None:
    stats = layer.activation.stats
    if stats is None:
        return None
    bins = np.asarray(stats.histogram, np.float64)
    counts = np.add.reduceat(bins, np.linspace(0, len(bins), BINS, endpoint=False).astype(int))
    return Histograms(0.0, float(stats.absmax), {"magnitudes of the input": tuple(map(int, counts))})


def _text(value: Any, column: Column) -> str:
    return "" if value is None else format(value, column.form)


def _table(rows: list[dict[str, Any]], other: Mapping[str, Any] | None) -> Iterator[Block]:
    keys = [key for key in COLUMNS if key in HIDDEN or any(row[key] for row in rows)]
    worst = [row["layer"] for row in rows if row["sensitivity"]][:MARKED_LAYERS]
    before = {row["layer"]: row for row in other["layers"]} if other else {}
    added = OTHER if other else {}
    marked = f" The {len(worst)} most sensitive layers are marked." if worst else ""
    yield Text(f"Figures of an input are in the network's own units.{marked}", "soft")
    lines = []
    for row in rows:
        mark = "soft" if row["float"] else "worst" if row["layer"] in worst else ""
        cells = [row[key] for key in keys] + [before.get(row["layer"], {}).get(key) for key in added]
        lines.append(Line(cells, mark, row["layer"]))
    yield Table([*(COLUMNS[key] for key in keys), *added.values()], lines)


def _histograms(result: JobResult, order: list[str]) -> Iterator[Block]:
    """A histogram for each value that layers read, in the order of the table."""
    readers: dict[str, list[Layer]] = {name: [] for name in order}
    for layer in result.calibration.layers:
        readers[layer.activation.name].append(layer)
    counted = "positive numbers and zeros" if result.settings.reference else "nonzero magnitudes"
    yield Text(f"Histograms of {counted}, counts on a logarithmic axis, in the order of the table.", "soft")
    legend = {"bars": "kept", "clipped": "clipped to the threshold"}
    yield Figures([_histogram(layers) for layers in readers.values()], legend)


def _histogram(layers: list[Layer]) -> Figure:
    activation = layers[0].activation
    readers = f"read by {', '.join(layer.node.name for layer in layers)}: "
    if activation.stats is None or not activation.threshold:
        return Figure("", activation.name, readers + activation.reason)
    text = f"threshold {activation.threshold:.4g}, largest magnitude {activation.stats.absmax:.4g}"
    svg = histogram_svg(activation.stats.histogram, activation.stats.absmax, activation.threshold)
    return Figure(svg, activation.name, readers + text)


def _convergence(calibration: Calibration) -> Iterator[Block]:
    """How far the thresholds after n images are from the final ones: median and maximum over all values."""
    last = max(calibration.settled, default=0)
    final = calibration.settled.get(last, {})
    differences = []
    for images in sorted(calibration.settled.keys() - {last}):
        before = calibration.settled[images]
        if relative := [abs(before[value] / final[value] - 1) for value in final if value in before]:
            differences.append((images, float(np.median(relative)), max(relative)))
    if not differences:
        return
    images_axis, medians, maxima = zip(*differences, strict=True)
    yield Text(
        "Difference between the thresholds after so many images (logarithmic axis) and "
        f"those after all {last}, over all inputs. "
        "If the last points are far from 0, use more images: they would still change the thresholds."
    )
    svg = lines_svg(images_axis, {"median": medians, "largest": maxima})
    yield Figures([Figure(svg, "", "")], {"median": "median", "largest": "maximum"})
    columns = [Column("images"), Column("median", ".1%"), Column("maximum", ".1%")]
    yield Table(columns, [Line(numbers) for numbers in differences])
