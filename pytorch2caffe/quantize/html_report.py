"""A calibration as one page that needs nothing else: no script, no picture, no style from outside."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from ..backends.ncnn.table.weights import LARGEST, WINOGRAD
from .calibrate import Calibration, Layer, Settings
from .drawing import histogram_svg, lines_svg
from .outcome import Outcome
from .report import rows

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
.middle{stroke:var(--bar);fill:var(--bar)}.largest{stroke:var(--cut);fill:var(--cut)}
b.middle{color:var(--bar)}b.largest{color:var(--cut)}"""
HEAD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">"""

# What is shown of a row: its key, title, format, and what it says.
COLUMNS = (
    ("layer", "layer", "", ""),
    (
        "sensitivity",
        "sensitivity",
        ".2e",
        "what the outputs' mean cosine loses when this layer alone is int8; 0 is "
        "nothing, 1 everything. The table begins with the layer that loses most",
    ),
    ("float", "in float because", "", "why the layer is not in the table; empty for those in int8"),
    ("type", "type", "", ""),
    ("input", "input", "", "the value that the layer reads; its figures are the same for all that read it"),
    ("low", "lowest", ".4g", "smallest number of the input over all images"),
    ("high", "highest", ".4g", "largest number of the input over all images"),
    ("threshold", "threshold", ".4g", "magnitude of the input that int8's 127 stands for; larger ones are clipped"),
    ("scale", "scale", ".4g", "127 / threshold, as it stands in the table"),
    ("clipped", "clipped", ".4%", "share of the input's numbers beyond the threshold"),
    (
        "activation_snr",
        "input SNR, dB",
        ".1f",
        "signal to noise of the input after rounding and clipping; 20 dB is an error of a tenth, 40 dB of a hundredth",
    ),
    ("weight_snr", "weight SNR, dB", ".1f", "the same of the weights"),
    ("zero_channels", "zero channels", "", "outputs (or groups) whose weights are all 0: scale 0"),
)
TEXT = ("layer", "float", "type", "input")
WORST = 3


def to_html(outcome: Outcome) -> str:
    """The page: figures per layer, histograms with their thresholds, how the thresholds settle, the preprocessing."""
    found, sensitivity = outcome.calibration, outcome.sensitivity
    figures = sorted(
        rows(found, sensitivity.alone if sensitivity else {}), key=lambda row: row["sensitivity"] or 0.0, reverse=True
    )
    name = escape(outcome.graph.name)
    parts = [
        f"{HEAD}<title>int8 of {name}</title><style>{STYLE}</style></head><body>",
        f"<h1>int8 of {name}</h1><p>{_summary(outcome.settings, found, len(outcome.images))}</p>",
        _sensitivity(outcome),
        _notes(found),
        _table(figures),
        _histograms(found, [row["input"] for row in figures], outcome.settings.reference),
        _settled(found),
        _preprocessing(outcome),
    ]
    return "\n".join([*filter(None, parts), "</body></html>"]) + "\n"


def _summary(settings: Settings, found: Calibration, total: int) -> str:
    kept = sum(bool(layer.reason) for layer in found.layers)
    method = f"{settings.method} {settings.percent:g}" if settings.method == "percentile" else settings.method
    scales = "a weight scale per output or group" if settings.per_channel else "one weight scale per layer"
    limit = f", 3x3 weights to ±{WINOGRAD}" if settings.winograd else f", weights to ±{LARGEST}"
    twice = f" A second pass counted {len(found.twice)} of the inputs exactly." if found.twice else ""
    return (
        f"<b>{len(found.layers) - kept}</b> layers in int8, <b>{kept}</b> in float. Method {method}, {scales}{limit}; "
        f"{found.images} of {total} images.{twice}"
    )


def _sensitivity(outcome: Outcome) -> str:
    found = outcome.sensitivity
    if found is None:
        return ""
    text = (
        f"<p>Simulated on {found.images} images: with all layers of the table in int8, the outputs' mean cosine to the "
        f"float network loses <b>{found.together:.2e}</b>.</p>"
    )
    if not found.steps:
        return text
    steps = "".join(f"<li><code>{escape(name)}</code>: {lost:.2e}</li>" for name, lost in found.steps)
    return f"{text}<p>What is lost after keeping also this layer in float, for the accuracy budget:</p><ol>{steps}</ol>"


def _notes(found: Calibration) -> str:
    lines = [f"<li>{escape(str(note))}</li>" for note in found.notes]
    lines += [f"<li>skipped {escape(str(problem))}</li>" for problem in found.skipped]
    return f"<h2>Notes</h2><ul>{''.join(lines)}</ul>" if lines else ""


def _table(figures: list[dict[str, Any]]) -> str:
    columns = [
        column
        for column in COLUMNS
        if column[0] in ("layer", "type", "input") or any(row[column[0]] for row in figures)
    ]
    worst = [row["layer"] for row in figures if row["sensitivity"]][:WORST]
    head = "".join(f"<th{_class(key)}>{title}</th>" for key, title, *_ in columns)
    lines = []
    for row in figures:
        kind = "float" if row["float"] else "worst" if row["layer"] in worst else "int8"
        cells = "".join(f"<td{_class(key)}>{_cell(row[key], form)}</td>" for key, _, form, _ in columns)
        lines.append(f"<tr class='{kind}'>{cells}</tr>")
    told = "".join(f"<dt>{title}</dt><dd>{text}</dd>" for _, title, _, text in columns if text)
    key = f" <span class='key worst'>Marked</span> are the {len(worst)} most sensitive." if worst else ""
    return (
        f"<h2>Layers</h2><p class='soft'>Numbers of an input are in the network's own units.{key}</p>"
        f"<div class='scroll'><table class='layers'><thead><tr>{head}</tr></thead><tbody>\n"
        + "\n".join(lines)
        + f"\n</tbody></table></div><dl>{told}</dl>"
    )


def _class(key: str) -> str:
    return " class='text'" if key in TEXT else ""


def _cell(value: Any, form: str) -> str:
    return "" if value is None else format(value, form) if form else escape(str(value))


def _histograms(found: Calibration, order: list[str], reference: bool) -> str:
    """A picture for each value that layers read, in the order of the table."""
    readers: dict[str, list[Layer]] = {name: [] for name in order}
    for layer in found.layers:
        readers[layer.activation.name].append(layer)
    counted = "number came, negative ones left out" if reference else "magnitude came, zeros left out"
    return (
        "<h2>Inputs and their thresholds</h2><p class='soft'>How often (upwards, logarithmic) which "
        f"{counted} (to the right). The red line is the threshold; what is red is clipped to it. In the order of the "
        f"table.</p><div class='figures'>{''.join(map(_figure, readers.values()))}</div>"
    )


def _figure(layers: list[Layer]) -> str:
    seen = layers[0].activation
    readers = ", ".join(escape(layer.node.name) for layer in layers)
    head = f"<b>{escape(seen.name)}</b>, read by {readers}<br>"
    if seen.range is None or not seen.threshold:
        return f"<figure><figcaption>{head}{escape(seen.reason)}</figcaption></figure>"
    text = f"{head}threshold {seen.threshold:.4g}, largest magnitude {seen.range.absmax:.4g}"
    picture = histogram_svg(seen.range.histogram, seen.range.absmax, seen.threshold)
    return f"<figure>{picture}<figcaption>{text}</figcaption></figure>"


def _settled(found: Calibration) -> str:
    """How far the thresholds after n images are from the final ones: the largest and the middle one of all values."""
    last = max(found.settled, default=0)
    final = found.settled.get(last, {})
    pairs = []
    for images in sorted(found.settled.keys() - {last}):
        before = found.settled[images]
        if far := [abs(before[value] / final[value] - 1) for value in final if value in before]:
            pairs.append((images, float(np.median(far)), max(far)))
    if not pairs:
        return ""
    lines = "".join(f"<tr><td>{n}</td><td>{middle:.1%}</td><td>{most:.1%}</td></tr>" for n, middle, most in pairs)
    picture = lines_svg([n for n, *_ in pairs], {"middle": [m for _, m, _ in pairs], "largest": [m for *_, m in pairs]})
    return (
        "<h2>How many images</h2><p>How far the thresholds after so many images (to the right, logarithmic) are from "
        f"those after all {last}: of all inputs the <b class='middle'>middle one</b> and the "
        "<b class='largest'>farthest</b>. Where the last points are still far from 0, more images will move the "
        "thresholds on.</p>"
        f"<figure>{picture}</figure><table><thead><tr><th>images</th><th>middle</th><th>farthest</th></tr></thead>"
        f"<tbody>{lines}</tbody></table>"
    )


def _preprocessing(outcome: Outcome) -> str:
    if not outcome.preprocess:
        return ""
    parts = (f"<h3>{escape(name)}</h3><pre>{escape(one.to_cpp())}</pre>" for name, one in outcome.preprocess.items())
    return f"<h2>Preprocessing, in C++ for ncnn</h2>{''.join(parts)}"
