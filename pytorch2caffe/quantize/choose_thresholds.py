"""Method `auto`: for each activation the threshold, of those of all methods, with which the outputs lose least.

Each candidate is simulated with only the layers that read this activation in int8, on the first MAX_IMAGES images. No
method is best for all layers: which large numbers matter is known only by what the network makes of them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..graph.graph import Graph
from .calibration import Activation, Calibration, Layer
from .forward import Forward
from .images import Dataset
from .progress import Progress
from .sensitivity import compared_values, float_values, loss_with
from .simulate import int8_call
from .thresholds import METHODS

MAX_IMAGES = 32
CANDIDATES = ("mse", "kl", "percentile", "max", "aciq")  # of equal ones, the first


def choose_thresholds(
    graph: Graph,
    images: Dataset,
    calibration: Calibration,
    *,
    batch: int = 4,
    device: str = "cpu",
    progress: Progress | None = None,
) -> None:
    """Sets the threshold and the method of each activation of a calibration.

    graph, images, batch, device, progress: as for `calibrate`.
    """
    forward = Forward(graph, batch, device)
    wanted = compared_values(forward.graph)
    nodes = {node.name: node for node in forward.graph.nodes}
    readers: dict[str, list[Layer]] = {}
    for layer in calibration.layers:
        if not layer.reason:
            readers.setdefault(layer.activation.name, []).append(layer)
    thresholds = {name: _candidates(layers[0].activation) for name, layers in readers.items()}
    losses = {name: np.zeros(len(candidates)) for name, candidates in thresholds.items()}
    count, total = 0, min(MAX_IMAGES, len(images))
    for values in float_values(forward, images, MAX_IMAGES):
        for name, layers in readers.items():
            for index, threshold in enumerate(thresholds[name].values() if len(thresholds[name]) > 1 else ()):
                table = replace(calibration.table, activations={layer.node.name: 127 / threshold for layer in layers})
                calls = {layer.node.name: int8_call(nodes[layer.node.name], table, device) for layer in layers}
                losses[name][index] += loss_with(forward, values, calls, wanted)
        count += len(values[wanted[0]])
        if progress:
            progress(count, total, "choosing thresholds")
    for name, layers in readers.items():
        activation = layers[0].activation
        activation.method, activation.threshold = list(thresholds[name].items())[int(np.argmin(losses[name]))]


def _candidates(activation: Activation) -> dict[str, float]:
    """The different thresholds of the methods, by the name of the first method that has it."""
    assert activation.stats is not None
    found: dict[float, str] = {}
    for method in CANDIDATES:
        found.setdefault(METHODS[method](activation.stats), method)
    return {method: threshold for threshold, method in found.items()}
