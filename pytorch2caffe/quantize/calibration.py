"""The result of a calibration, as data: activations, layers and their scales."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..backends.ncnn.table.table import Table
from ..errors import Problem
from ..graph.graph import Node
from .thresholds import LEVELS, ActivationStats


@dataclass
class Activation:
    """Statistics of one value of the network over all images, and its threshold.

    low, high: the smallest and the largest element.
    count, zeros, non_finite: numbers of finite elements, of zeros among them, and of NaN and infinite elements.
    stats, threshold: None if no threshold can be chosen; then `reason` says why.
    method: whose threshold it is, if the method `auto` chose it.
    """

    name: str
    low: float
    high: float
    count: int
    zeros: int
    non_finite: int
    stats: ActivationStats | None
    threshold: float | None
    reason: str = ""
    method: str = ""

    @property
    def scale(self) -> float:
        """127 / threshold, the scale that is written to the table."""
        assert self.threshold is not None
        return LEVELS / self.threshold


@dataclass
class Layer:
    """A layer that ncnn can run in int8.

    weights: its weight scales, float64 [num_output or group].
    reason:  why it stays float, or "".
    """

    node: Node
    activation: Activation
    weights: np.ndarray
    reason: str = ""


@dataclass
class Calibration:
    """The result of a calibration.

    images:      number of images that were read.
    skipped:     the images that cannot be read.
    settled:     the thresholds after so many images, {images: {value: threshold}}.
    second_pass: names of the values that were counted again in a second pass.
    notes:       what the user should know about single layers.
    activations: of every value that was observed, by its name.
    """

    layers: list[Layer]
    images: int
    skipped: list[Problem] = field(default_factory=list)
    settled: dict[int, dict[str, float]] = field(default_factory=dict)
    second_pass: list[str] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    activations: dict[str, Activation] = field(default_factory=dict)

    @property
    def table(self) -> Table:
        """The scales of all layers that are not kept in float."""
        kept = [layer for layer in self.layers if not layer.reason]
        weights = {layer.node.name: layer.weights for layer in kept}
        return Table(weights, {layer.node.name: layer.activation.scale for layer in kept})
