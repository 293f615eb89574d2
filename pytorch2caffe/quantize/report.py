"""What is reported of each layer, and all of it as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np

from ..backends.ncnn.table.weights import weight_rows
from .calibrate import Calibration, Layer
from .outcome import Outcome
from .thresholds import noise


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
