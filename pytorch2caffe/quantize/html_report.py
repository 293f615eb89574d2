"""A calibration as one HTML page without external scripts, images or styles. Start with `to_html`."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from ..backends.ncnn.table.weights import MAX_INT8, MAX_WINOGRAD
from .calibrate import Settings
from .calibration import Calibration, Layer
from .json_report import layer_rows
from .result import JobResult
from .svg import histogram_svg, lines_svg

STYLE = """:root{color-scheme:light dark;--page:#fff;--ink:#222;--soft:#666;--line:#ddd;--box:#f5f5f5;--worst:#fde8e8;
--bar:#4a7ab5;--cut:#d64545}
@media(prefers-color-scheme:dark){:root{--page:#16181c;--ink:#dcdfe4;--soft:#989ea8;--line:#3a3e46;--box:#20242a;
--worst:#4a2529;--bar:#6f9fd8;--cut:#f07070}}
body{font:14px/1.45 system-ui,sans-serif;margin:0 auto;padding:1em;max-width:96em;color:var(--ink);
background:var(--page)}h1,h2,h3,td,code,figcaption{overflow-wrap:anywhere}
.scroll{overflow-x:auto}table{border-collapse:collapse;margin:.5em 0;font-variant-numeric:tabular-nums}
th,td{padding:.2em .6em;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
td:first-child,th:first-child,.text{text-align:left}td:first-child{position:sticky;left:0;background:var(--page)}
tr.worst td,.key.worst{background:var(--worst)}tr.float td,dd,figcaption,.soft{color:var(--soft)}.key{padding:0 .4em}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15em 1em}dd,figure{margin:0}dt{font-weight:600}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(20em,100%),1fr));gap:1em 1.5em}
figcaption{font-size:12px}svg{width:100%;max-width:36em;height:auto}svg text{font-size:10px;fill:var(--soft)}
pre{background:var(--box);padding:1em;overflow-x:auto}.frame{stroke:var(--soft);fill:none}.bars{fill:var(--bar)}
.clipped{fill:var(--cut)}.threshold{stroke:var(--cut);stroke-width:1.5}polyline{fill:none;stroke-width:2}
.median{stroke:var(--bar);fill:var(--bar)}.largest{stroke:var(--cut);fill:var(--cut)}
b.median{color:var(--bar)}b.largest{color:var(--cut)}"""
HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">"""

# The columns of the table: key of the row, title, format, definition.
COLUMNS = (
    ("layer", "layer", "", ""),
    (
        "sensitivity",
        "sensitivity",
        ".2e",
        "loss of the outputs' mean cosine when only this layer is in int8; 0 is no "
        "loss, 1 is complete. The table is sorted by it, largest first",
    ),
    ("float", "reason for float", "", "why the layer stays in float; empty for layers in int8"),
    ("type", "type", "", ""),
    ("input", "input", "", "the value that the layer reads; layers that read the same value have the same figures"),
    ("low", "lowest", ".4g", "smallest element of the input over all images"),
    ("high", "highest", ".4g", "largest element of the input over all images"),
    ("threshold", "threshold", ".4g", "magnitude of the input that becomes 127 in int8; larger ones are clipped"),
    ("scale", "scale", ".4g", "127 / threshold, as written to the table"),
    ("clipped", "clipped", ".4%", "share of the input's elements beyond the threshold"),
    (
        "activation_snr",
        "input SNR, dB",
        ".1f",
        "signal-to-noise ratio of the input after rounding and clipping; 20 dB is an error of 10 %, 40 dB of 1 %",
    ),
    ("weight_snr", "weight SNR, dB", ".1f", "signal-to-noise ratio of the weights"),
    ("zero_channels", "zero channels", "", "outputs (or groups) whose weights are all 0; their scale is 0"),
)
TEXT_COLUMNS = ("layer", "float", "type", "input")
MARKED_LAYERS = 3


def to_html(result: JobResult) -> str:
    """The page: figures per layer, histograms with thresholds, convergence of the thresholds, preprocessing in C++."""
    calibration, sensitivity = result.calibration, result.sensitivity
    figures = sorted(
        layer_rows(calibration, sensitivity.alone if sensitivity else {}),
        key=lambda row: row["sensitivity"] or 0.0,
        reverse=True,
    )
    name = escape(result.graph.name)
    parts = [
        f"{HEAD}<title>int8 of {name}</title><style>{STYLE}</style></head><body>",
        f"<h1>int8 of {name}</h1><p>{_summary(result.settings, calibration, len(result.images))}</p>",
        _sensitivity(result),
        _notes(calibration),
        _table(figures),
        _histograms(calibration, [row["input"] for row in figures], result.settings.reference),
        _convergence(calibration),
        _preprocessing(result),
    ]
    return "\n".join([*filter(None, parts), "</body></html>"]) + "\n"


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
        f"<b>{len(calibration.layers) - kept}</b> layers in int8, <b>{kept}</b> in float. "
        f"Method {method}, {scales}{limit}; {calibration.images} of {total} images.{second_pass}"
    )


def _sensitivity(result: JobResult) -> str:
    sensitivity = result.sensitivity
    if sensitivity is None:
        return ""
    text = (
        f"<p>Simulated on {sensitivity.images} images: with all layers of the table in int8, the mean cosine between "
        f"the outputs and those of the float network is lower than 1 by <b>{sensitivity.together:.2e}</b>.</p>"
    )
    if not sensitivity.steps:
        return text
    steps = "".join(f"<li><code>{escape(name)}</code>: {loss:.2e}</li>" for name, loss in sensitivity.steps)
    return f"{text}<p>Loss after each layer that was kept in float for the accuracy budget:</p><ol>{steps}</ol>"


def _notes(calibration: Calibration) -> str:
    lines = [f"<li>{escape(str(note))}</li>" for note in calibration.notes]
    lines += [f"<li>skipped image {escape(str(problem))}</li>" for problem in calibration.skipped]
    return f"<h2>Notes</h2><ul>{''.join(lines)}</ul>" if lines else ""


def _table(figures: list[dict[str, Any]]) -> str:
    columns = [
        column
        for column in COLUMNS
        if column[0] in ("layer", "type", "input") or any(row[column[0]] for row in figures)
    ]
    worst = [row["layer"] for row in figures if row["sensitivity"]][:MARKED_LAYERS]
    head = "".join(f"<th{_class_attribute(key)}>{title}</th>" for key, title, *_ in columns)
    lines = []
    for row in figures:
        kind = "float" if row["float"] else "worst" if row["layer"] in worst else "int8"
        cells = "".join(f"<td{_class_attribute(key)}>{_cell(row[key], form)}</td>" for key, _, form, _ in columns)
        lines.append(f"<tr class='{kind}'>{cells}</tr>")
    definitions = "".join(f"<dt>{title}</dt><dd>{text}</dd>" for _, title, _, text in columns if text)
    key = f" The {len(worst)} most sensitive layers are <span class='key worst'>marked</span>." if worst else ""
    return (
        f"<h2>Layers</h2><p class='soft'>Figures of an input are in the network's own units.{key}</p>"
        f"<div class='scroll'><table class='layers'><thead><tr>{head}</tr></thead><tbody>\n"
        + "\n".join(lines)
        + f"\n</tbody></table></div><dl>{definitions}</dl>"
    )


def _class_attribute(key: str) -> str:
    return " class='text'" if key in TEXT_COLUMNS else ""


def _cell(value: Any, form: str) -> str:
    return "" if value is None else format(value, form) if form else escape(str(value))


def _histograms(calibration: Calibration, order: list[str], reference: bool) -> str:
    """A histogram for each value that layers read, in the order of the table."""
    readers: dict[str, list[Layer]] = {name: [] for name in order}
    for layer in calibration.layers:
        readers[layer.activation.name].append(layer)
    counted = "positive numbers and zeros" if reference else "nonzero magnitudes"
    return (
        f"<h2>Inputs and their thresholds</h2><p class='soft'>Histograms of {counted}, counts on a logarithmic axis, "
        "in the order of the table. The red line is the threshold; red bars are clipped to it.</p>"
        f"<div class='figures'>{''.join(map(_histogram_figure, readers.values()))}</div>"
    )


def _histogram_figure(layers: list[Layer]) -> str:
    activation = layers[0].activation
    readers = ", ".join(escape(layer.node.name) for layer in layers)
    head = f"<b>{escape(activation.name)}</b>, read by {readers}<br>"
    if activation.stats is None or not activation.threshold:
        return f"<figure><figcaption>{head}{escape(activation.reason)}</figcaption></figure>"
    text = f"{head}threshold {activation.threshold:.4g}, largest magnitude {activation.stats.absmax:.4g}"
    svg = histogram_svg(activation.stats.histogram, activation.stats.absmax, activation.threshold)
    return f"<figure>{svg}<figcaption>{text}</figcaption></figure>"


def _convergence(calibration: Calibration) -> str:
    """How far the thresholds after n images are from the final ones: median and maximum over all values."""
    last = max(calibration.settled, default=0)
    final = calibration.settled.get(last, {})
    differences = []
    for images in sorted(calibration.settled.keys() - {last}):
        before = calibration.settled[images]
        if relative := [abs(before[value] / final[value] - 1) for value in final if value in before]:
            differences.append((images, float(np.median(relative)), max(relative)))
    if not differences:
        return ""
    lines = "".join(
        f"<tr><td>{n}</td><td>{median:.1%}</td><td>{largest:.1%}</td></tr>" for n, median, largest in differences
    )
    images_axis, medians, maxima = zip(*differences, strict=True)
    svg = lines_svg(images_axis, {"median": medians, "largest": maxima})
    return (
        "<h2>Number of images</h2><p>Difference between the thresholds after so many images (logarithmic axis) and "
        f"those after all {last}: <b class='median'>median</b> and <b class='largest'>maximum</b> over all inputs. "
        "If the last points are far from 0, use more images: they would still change the thresholds.</p>"
        f"<figure>{svg}</figure><table><thead><tr><th>images</th><th>median</th><th>maximum</th></tr></thead>"
        f"<tbody>{lines}</tbody></table>"
    )


def _preprocessing(result: JobResult) -> str:
    if not result.preprocess:
        return ""
    parts = (f"<h3>{escape(name)}</h3><pre>{escape(one.to_cpp())}</pre>" for name, one in result.preprocess.items())
    return f"<h2>Preprocessing, in C++ for ncnn</h2>{''.join(parts)}"
