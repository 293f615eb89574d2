"""The figures of each layer, and the report as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import numpy as np

from ..backends.ncnn.table.weights import weight_rows
from .calibration import Calibration, Layer
from .result import JobResult
from .thresholds import quantization_noise


def layer_rows(calibration: Calibration, alone: dict[str, float]) -> list[dict[str, Any]]:
    """The figures of each layer, as in the JSON report; unknown figures are None, signal-to-noise ratios in dB.

    alone: Sensitivity.alone, or {} if sensitivity was not measured.
    """
    return [_layer_row(layer, alone.get(layer.node.name)) for layer in calibration.layers]


def _layer_row(layer: Layer, lost: float | None) -> dict[str, Any]:
    activation = layer.activation
    row: dict[str, Any] = {
        "layer": layer.node.name,
        "type": layer.node.layer.type,
        "input": activation.name,
        "low": activation.low,
        "high": activation.high,
        "zeros": activation.zeros / max(activation.count, 1),
        "threshold": activation.threshold,
        "scale": activation.scale if activation.threshold else None,
        "clipped": None,
        "activation_snr": None,
        "weight_snr": _weight_snr(layer),
        "zero_channels": int((layer.weights == 0).sum()),
        "sensitivity": lost,
        "float": layer.reason,
    }
    if activation.stats is not None and activation.threshold:
        signal, error, clipped = quantization_noise(activation.stats, activation.threshold)
        row.update(clipped=clipped * (1 - row["zeros"]), activation_snr=_snr_in_db(signal, error))
    return {name: None if value in (math.inf, -math.inf) or value != value else value for name, value in row.items()}


def _weight_snr(layer: Layer) -> float:
    weight = weight_rows(layer.node).astype(np.float64)
    scale = layer.weights[:, None]
    int8 = np.clip(np.floor(np.abs(weight) * scale + 0.5), 0, 127) * np.sign(weight)
    dequantized = np.divide(int8, scale, out=np.zeros_like(int8), where=scale > 0)
    return _snr_in_db(float((weight**2).sum()), float(((weight - dequantized) ** 2).sum()))


def _snr_in_db(signal: float, error: float) -> float:
    return 10 * math.log10(signal / error) if signal > 0 and error > 0 else math.inf if signal > 0 else math.nan


def to_json(result: JobResult) -> str:
    """The report as JSON: everything in the HTML report except the histograms."""
    calibration, sensitivity = result.calibration, result.sensitivity
    content = {
        "network": result.graph.name,
        "images": calibration.images,
        "settings": asdict(result.settings),
        "preprocess": {name: asdict(one) for name, one in result.preprocess.items()},
        "layers": layer_rows(calibration, sensitivity.alone if sensitivity else {}),
        "sensitivity": asdict(sensitivity) if sensitivity else None,
        "settled": {str(images): thresholds for images, thresholds in calibration.settled.items()},
        "second_pass": calibration.second_pass,
        "notes": [asdict(note) for note in calibration.notes],
        "skipped": [asdict(problem) for problem in calibration.skipped],
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"
