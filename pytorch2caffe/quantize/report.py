"""A calibration as JSON, and as one page that needs nothing else."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from html import escape
from typing import Any

import numpy as np

from .calibrate import Calibration, Layer, Settings
from .drawing import histogram_svg, lines_svg
from .outcome import Outcome
from .thresholds import noise
from .weights import weight_rows

STYLE = """body{font:14px/1.4 system-ui,sans-serif;margin:2em;max-width:80em;color:#222}
table{border-collapse:collapse;margin:1em 0}th,td{padding:.2em .7em;text-align:right;border-bottom:1px solid #ddd}
th:first-child,td:first-child{text-align:left}th{position:sticky;top:0;background:#fff}tr.float{color:#999}
figure{display:inline-block;margin:.4em}figcaption{font-size:12px}pre{background:#f5f5f5;padding:1em}
svg{background:#fafafa}.worst{background:#fde8e8}"""


def rows(found: Calibration, alone: dict[str, float]) -> list[dict[str, Any]]:
    """A row of figures for each layer. Ratios of signal to noise are in dB; what is not known is None."""
    return [_row(layer, alone.get(layer.node.name)) for layer in found.layers]


def _row(layer: Layer, lost: float | None) -> dict[str, Any]:
    seen = layer.activation
    row: dict[str, Any] = {
        "layer": layer.node.name,
        "type": layer.node.layer.type,
        "input": seen.name,
        "low": seen.low,
        "high": seen.high,
        "zeros": seen.zeros / max(seen.count, 1),
        "threshold": seen.threshold,
        "scale": seen.scale if seen.threshold else None,
        "clipped": None,
        "activation_snr": None,
        "weight_snr": _weight_snr(layer),
        "zero_channels": int((layer.weights == 0).sum()),
        "sensitivity": lost,
        "float": layer.reason,
    }
    if seen.range is not None and seen.threshold:
        signal, error, clipped = noise(seen.range, seen.threshold)
        row.update(clipped=clipped * (1 - row["zeros"]), activation_snr=_decibel(signal, error))
    return {name: None if value in (math.inf, -math.inf) or value != value else value for name, value in row.items()}


def _weight_snr(layer: Layer) -> float:
    weight = weight_rows(layer.node).astype(np.float64)
    scale = layer.weights[:, None]
    eight = np.clip(np.floor(np.abs(weight) * scale + 0.5), 0, 127) * np.sign(weight)
    back = np.divide(eight, scale, out=np.zeros_like(eight), where=scale > 0)
    return _decibel(float((weight**2).sum()), float(((weight - back) ** 2).sum()))


def _decibel(signal: float, error: float) -> float:
    return 10 * math.log10(signal / error) if signal > 0 and error > 0 else math.inf if signal > 0 else math.nan


def to_json(outcome: Outcome) -> str:
    """Everything in the report but the histograms."""
    found, sensitivity = outcome.calibration, outcome.sensitivity
    content = {
        "network": outcome.graph.name,
        "images": found.images,
        "settings": asdict(outcome.settings),
        "preprocess": {name: asdict(one) for name, one in outcome.preprocess.items()},
        "layers": rows(found, sensitivity.alone if sensitivity else {}),
        "sensitivity": asdict(sensitivity) if sensitivity else None,
        "settled": {str(images): thresholds for images, thresholds in found.settled.items()},
        "second_pass": found.twice,
        "notes": [asdict(note) for note in found.notes],
        "skipped": [asdict(problem) for problem in found.skipped],
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def to_html(outcome: Outcome) -> str:
    """The page: figures per layer, histograms with their thresholds, how the thresholds settle, the preprocessing."""
    found, sensitivity = outcome.calibration, outcome.sensitivity
    figures = rows(found, sensitivity.alone if sensitivity else {})
    name = escape(outcome.graph.name)
    parts = [
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>int8 of {name}</title><style>{STYLE}</style>",
        f"<h1>int8 of {name}</h1><p>{_summary(outcome.settings, found, len(outcome.images))}</p>",
        _sensitivity(outcome),
        _table(figures),
        _notes(found),
        "<h2>Activations and their thresholds</h2><p>Counts of |x| on a logarithmic scale; what is red is clipped.</p>",
        *(_figure(layer) for layer in _per_value(found)),
        _settled(found),
        "<h2>Preprocessing, in C++ for ncnn</h2>",
        *(f"<h3>{escape(key)}</h3><pre>{escape(one.to_cpp())}</pre>" for key, one in outcome.preprocess.items()),
    ]
    return "\n".join([*parts, "</html>"]) + "\n"


def _summary(settings: Settings, found: Calibration, total: int) -> str:
    kept = [layer for layer in found.layers if layer.reason]
    text = f"Method {settings.method}, {found.images} of {total} images, "
    return text + f"{len(found.layers) - len(kept)} layers in int8, {len(kept)} in float."


def _sensitivity(outcome: Outcome) -> str:
    found = outcome.sensitivity
    if found is None:
        return ""
    steps = "".join(f"<li>{escape(name)} kept in float: {lost:.2e}</li>" for name, lost in found.steps)
    return (
        f"<p>Simulated on {found.images} images, all layers in int8 lose {found.together:.2e} of the outputs' cosine. "
        f"Sensitivity is what a layer alone loses.</p><ol>{steps}</ol>"
    )


COLUMNS = {
    "layer": "layer", "type": "type", "input": "input", "low": "lowest", "high": "highest", "threshold": "threshold",
    "scale": "scale", "clipped": "clipped", "activation_snr": "SNR of input, dB", "weight_snr": "SNR of weights, dB",
    "sensitivity": "sensitivity", "float": "in float because",
}  # fmt: skip


def _table(figures: list[dict[str, Any]]) -> str:
    worst = sorted((row["sensitivity"] or 0.0 for row in figures), reverse=True)[:3]
    head = "".join(f"<th>{title}</th>" for title in COLUMNS.values())
    lines = []
    for row in figures:
        kind = "float" if row["float"] else "worst" if row["sensitivity"] and row["sensitivity"] in worst else ""
        cells = "".join(f"<td>{_cell(name, row[name])}</td>" for name in COLUMNS)
        lines.append(f"<tr class='{kind}'>{cells}</tr>")
    return f"<h2>Layers</h2><table><tr>{head}</tr>{''.join(lines)}</table>"


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "clipped":
        return f"{value:.4%}"
    if name == "sensitivity":
        return f"{value:.2e}"
    return f"{value:.4g}" if isinstance(value, float) else escape(str(value))


def _notes(found: Calibration) -> str:
    lines = [f"<li>{escape(str(note))}</li>" for note in found.notes]
    lines += [f"<li>skipped {escape(str(problem))}</li>" for problem in found.skipped]
    return f"<h2>Notes</h2><ul>{''.join(lines)}</ul>" if lines else ""


def _per_value(found: Calibration) -> list[Layer]:
    """A layer for each value: several may read one."""
    return list({layer.activation.name: layer for layer in found.layers}.values())


def _figure(layer: Layer) -> str:
    seen = layer.activation
    if seen.range is None:
        return f"<figure><figcaption>{escape(seen.name)}: {escape(seen.reason)}</figcaption></figure>"
    picture = histogram_svg(seen.range.histogram, (seen.threshold or seen.range.absmax) / seen.range.absmax)
    text = f"{escape(seen.name)}: {seen.threshold or math.nan:.4g} of {seen.range.absmax:.4g}"
    return f"<figure>{picture}<figcaption>{text}</figcaption></figure>"


def _settled(found: Calibration) -> str:
    """How far the thresholds after n images are from the final ones: the largest and the middle one of all values."""
    last = max(found.settled, default=0)
    counts = [images for images in sorted(found.settled) if images < last]
    if not counts:
        return ""
    final = found.settled[last]
    far = [[abs(found.settled[n][v] / final[v] - 1) for v in final if v in found.settled[n]] for n in counts]
    pairs = [(n, float(np.median(d)), max(d)) for n, d in zip(counts, far, strict=True) if d]
    lines = "".join(f"<tr><td>{n}</td><td>{middle:.1%}</td><td>{most:.1%}</td></tr>" for n, middle, most in pairs)
    picture = lines_svg([n for n, *_ in pairs], [[m for _, m, _ in pairs], [m for *_, m in pairs]])
    return (
        f"<h2>How many images</h2><p>Change of the thresholds from n images to all {last}: the middle one of all "
        f"values (blue), the largest (red).</p>{picture}<table><tr><th>images</th><th>middle</th><th>largest</th></tr>"
        f"{lines}</table>"
    )
