"""Images through a network, to the scales of its int8 layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch

from ..backends.ncnn.table.table import Table
from ..backends.ncnn.table.targets import quantisable
from ..backends.ncnn.table.weights import NOTHING, weight_scales, winograd_rule
from ..errors import ConversionError, Problem
from ..graph.graph import Graph, Node, Value
from .forward import Forward
from .histogram import Exact, Observer
from .images import Dataset
from .thresholds import BINS, LEVELS, METHODS, Range, by_percentile

STOPS = [round(n * 10**k) for k in range(7) for n in (1, 2, 5)]
TINY = 1e-4  # the reference tool takes smaller weights for 0
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Settings:
    """How to find scales.

    method:        a name in METHODS; `percent` is for `percentile`.
    per_channel:   a weight scale for each output or group, else one for the layer (written for each all the same).
    winograd:      the 31 rule: weights of 3x3 convolutions of stride 1 to +-31.
    inner_product: whether InnerProduct layers are quantised too.
    keep_float:    names of layers that are not.
    passes:        1 or 2 over the images; 0 for as few as give the same thresholds.
    """

    method: str = "kl"
    percent: float = 99.99
    per_channel: bool = True
    winograd: bool = False
    inner_product: bool = True
    keep_float: tuple[str, ...] = ()
    passes: int = 0

    @property
    def reference(self) -> bool:
        """Whether the reference tool's histograms are wanted: positive numbers only, and exact."""
        return self.method == "reference"

    @property
    def always_twice(self) -> bool:
        """Whether a second pass counts whatever the first finds."""
        if self.method in ("max", "aciq"):
            return False
        return self.passes == 2 or self.passes == 0 and self.reference

    def threshold(self, range: Range) -> float:
        """Of one activation."""
        return by_percentile(range, self.percent) if self.method == "percentile" else METHODS[self.method](range)


@dataclass
class Activation:
    """What passed by one value of the network, and the threshold chosen; None if it has none, `reason` says why."""

    name: str
    low: float
    high: float
    count: int
    zeros: int
    not_finite: int
    range: Range | None
    threshold: float | None
    reason: str = ""

    @property
    def scale(self) -> float:
        """What stands in the table."""
        assert self.threshold is not None
        return LEVELS / self.threshold


@dataclass
class Layer:
    """A layer that ncnn can run in int8. reason: why it stays float, or ""."""

    node: Node
    activation: Activation
    weights: np.ndarray
    reason: str = ""


@dataclass
class Calibration:
    """What was found.

    settled: the thresholds after so many images, {images: {value: threshold}}.
    twice:   the values that needed a second pass.
    """

    layers: list[Layer]
    images: int
    skipped: list[Problem] = field(default_factory=list)
    settled: dict[int, dict[str, float]] = field(default_factory=dict)
    twice: list[str] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    @property
    def table(self) -> Table:
        """Weight lines and activation lines of all layers that are not kept in float."""
        kept = [layer for layer in self.layers if not layer.reason]
        weights = {layer.node.name: layer.weights for layer in kept}
        return Table(weights, {layer.node.name: layer.activation.scale for layer in kept})


def calibrate(
    graph: Graph,
    images: Dataset,
    settings: Settings | None = None,
    *,
    batch: int = 4,
    workers: int = 2,
    device: str = "cpu",
    settle: bool = False,
    progress: Progress | None = None,
) -> Calibration:
    """Finds the scales of every layer of `graph` that ncnn can run in int8.

    settle:   also find the thresholds after 1, 2, 5, 10 ... images.
    progress: is told (images done, images in all, what is being done).

    Memory depends on the network and the batch, not on the number of images.
    Raises ConversionError if there is no such layer, TooManyBroken for the images, TableError never.
    """
    settings = settings or Settings()
    forward = Forward(graph, batch, device)
    nodes = _nodes(forward.graph, settings)
    seen = {node: _observed(forward.graph, node, settings.reference) for node in nodes}
    counting = settle or not settings.always_twice
    observers = {value: Observer(settings.reference, counting) for value in seen.values()}
    found = Calibration([], 0)

    def watched(watch: dict[Value, Observer] | dict[Value, Exact], text: str, stops: Sequence[int] = ()) -> None:
        def show(value: Value, tensor: torch.Tensor) -> None:
            if value in watch:
                watch[value].update(tensor)

        for done, inputs in images.batches(forward.batch, workers, stops):
            forward.run(inputs, show, until=watch.keys(), spend=True)
            found.images = done
            if done in stops:
                found.settled[done] = _now(observers, settings)
            if progress:
                progress(done, len(images), text)

    watched(observers, "ranges", STOPS if settle else ())
    found.skipped = list(images.skipped)
    if settle:
        found.settled[found.images] = _now(observers, settings)
    exact = _second(observers, settings)
    if exact:
        watched(exact, "histograms")
        found.twice = [value.name for value in exact]
    activations = {value: _activation(value, seen, exact.get(value), settings) for value, seen in observers.items()}
    found.layers = [_layer(node, activations[seen[node]], settings) for node in nodes]
    found.notes = [note for layer in found.layers for note in _notes(layer, settings)]
    return found


def _nodes(graph: Graph, settings: Settings) -> list[Node]:
    nodes = [node for node in quantisable(graph) if settings.inner_product or node.layer.type == "Convolution"]
    names = {node.name for node in nodes}
    if unknown := [name for name in settings.keep_float if name not in names]:
        raise ConversionError(f"to be kept in float, but not among the layers that can be int8: {', '.join(unknown)}")
    if not nodes:
        raise ConversionError(f"{graph.name}: no layer that ncnn runs in int8: Convolution or InnerProduct")
    if settings.method not in METHODS:
        raise ConversionError(f"method {settings.method!r}; known: {', '.join(METHODS)}")
    return nodes


def _observed(graph: Graph, node: Node, reference: bool) -> Value:
    """A layer's input; the reference tool sees what layers that work in place have later made of it."""
    value = node.inputs[0]
    if not reference or not value.top:
        return value
    made = (found for other in graph.nodes for found in other.outputs)
    return [found for found in (*graph.inputs, *made) if found.top == value.top][-1]


def _now(observers: dict[Value, Observer], settings: Settings) -> dict[str, float]:
    return {
        value.name: settings.threshold(_range(value, seen, seen.histogram()))
        for value, seen in observers.items()
        if not _without_range(seen)
    }


def _second(observers: dict[Value, Observer], settings: Settings) -> dict[Value, Exact]:
    """The values whose threshold needs exact counts: where a shift of what lies at the edges of bins moves it."""
    if settings.method in ("max", "aciq") or settings.passes == 1:
        return {}
    live = {value: seen for value, seen in observers.items() if not _without_range(seen)}
    if not settings.always_twice:
        live = {value: seen for value, seen in live.items() if not _sure(partial(_range, value, seen), seen, settings)}
    return {value: Exact(seen.absmax, seen.zeros if settings.reference else None) for value, seen in live.items()}


def _sure(range_of: Callable[[np.ndarray], Range], seen: Observer, settings: Settings) -> bool:
    """Whether the threshold is the same to within one bin, wherever within its fine bin each activation lies."""
    found = [settings.threshold(range_of(seen.histogram(share))) for share in (None, 0.0, 1.0)]
    return (max(found) - min(found)) * BINS <= seen.absmax * 1.01


def _range(value: Value, seen: Observer, histogram: np.ndarray) -> Range:
    return Range(histogram, seen.absmax, math.prod(value.shape[1:]))


def _without_range(seen: Observer) -> str:
    """Why an input has no range to choose a threshold in, or ""."""
    if seen.absmax == 0:
        return "its input is always 0" if seen.count else "its input is never finite"
    if seen.positive and seen.high <= 0:
        return "its input is never positive, and this method looks at positive numbers only"
    return f"{seen.not_finite} numbers of its input are not finite" if seen.not_finite else ""


def _activation(value: Value, seen: Observer, exact: Exact | None, settings: Settings) -> Activation:
    found = Activation(value.name, seen.low, seen.high, seen.count, seen.zeros, seen.not_finite, None, None)
    if reason := _without_range(seen):
        found.reason = reason
        return found
    found.range = _range(value, seen, exact.counts if exact else seen.histogram())
    found.threshold = settings.threshold(found.range)
    if not NOTHING < found.threshold < 1 / NOTHING:
        found.reason = f"its threshold, {found.threshold:g}, is beyond what a scale in float32 can say"
    return found


def _layer(node: Node, activation: Activation, settings: Settings) -> Layer:
    smallest = TINY if settings.reference else NOTHING
    limited = settings.winograd and winograd_rule(node, settings.reference)
    scales = weight_scales(node, per_channel=settings.per_channel, limited=limited, smallest=smallest)
    reason = activation.reason
    if node.name in settings.keep_float:
        reason = "asked for"
    elif not all(np.isfinite(node.blobs[0]).ravel()):
        reason = "its weights are not finite"
    elif not scales.any():
        reason = "its weights are all 0"
    return Layer(node, activation, scales, reason)


def _notes(layer: Layer, settings: Settings) -> list[Problem]:
    notes = []
    seen = layer.activation.count - layer.activation.zeros
    if settings.method in ("kl", "reference") and not layer.reason and seen < BINS:
        what = f"its input had {seen} numbers other than 0, too few for the {BINS} bins of {settings.method}"
        notes.append(Problem(layer.node.name, what, "give more images, or --method mse"))
    if layer.reason and layer.reason != "asked for":
        notes.append(Problem(layer.node.name, f"stays float: {layer.reason}"))
    if zeros := int((layer.weights == 0).sum()):
        what = "output has" if zeros == 1 else "outputs have"
        notes.append(Problem(layer.node.name, f"{zeros} {what} weights of 0 only: scale 0, which gives the bias alone"))
    return notes
