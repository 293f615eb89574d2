"""Runs images through a network and computes the scales of its int8 layers. Start with `calibrate`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..backends.ncnn.table.targets import quantizable
from ..backends.ncnn.table.weights import MIN_MAGNITUDE, weight_scales, winograd_applies
from ..errors import ConversionError, Problem
from ..graph.graph import Graph, Node, Value
from ..layers.convolution.convolution import Convolution
from .calibration import Activation, Calibration, Layer
from .choose_thresholds import choose_thresholds
from .counting import Counters, Engine, Here
from .histogram import ExactHistogram, HistogramObserver
from .images import Dataset
from .progress import Progress
from .thresholds import BINS, METHODS, ActivationStats, by_percentile

CHECKPOINTS = [round(n * 10**k) for k in range(7) for n in (1, 2, 5)]
MIN_REFERENCE_WEIGHT = 1e-4  # the reference tool treats smaller weights as 0
AUTO = "auto"
REQUESTED = "requested"  # the reason of a layer in Settings.keep_float


@dataclass(frozen=True)
class Settings:
    """How to choose scales.

    method:        a key of METHODS, or AUTO: for each activation the one that loses least (choose_thresholds.py).
    percent:       the percentile for method `percentile`, 0 < percent <= 100.
    per_channel:   one weight scale for each output or group; else one for the layer, repeated in the table.
    winograd:      quantize the weights of 3x3 convolutions of stride 1 to +-31 instead of +-127.
    inner_product: quantize InnerProduct layers too.
    keep_float:    names of layers to keep in float.
    passes:        1 or 2 passes over the images; 0 for a second pass only where it could change a threshold.
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
        """Whether histograms are those of the reference tool: exact, of positive numbers only."""
        return self.method == "reference"

    @property
    def always_second_pass(self) -> bool:
        """Whether a second pass is made whatever the first one finds."""
        if self.method in ("max", "aciq"):
            return False
        return self.passes == 2 or self.passes == 0 and self.reference

    def threshold(self, stats: ActivationStats) -> float:
        """The threshold of one activation by this method."""
        if self.method == "percentile":
            return by_percentile(stats, self.percent)
        return METHODS["mse" if self.method == AUTO else self.method](stats)


def calibrate(
    graph: Graph,
    images: Dataset,
    settings: Settings | None = None,
    *,
    batch: int = 4,
    workers: int = 2,
    device: str = "cpu",
    settle: bool = False,
    everything: bool = False,
    progress: Progress | None = None,
    engine: Engine | None = None,
) -> Calibration:
    """Computes the scales of every layer of `graph` that ncnn can run in int8.

    graph:    the network in float, with weights.
    images:   the calibration images.
    batch:    images per forward pass.
    workers:  threads that decode images.
    device:   where to run the network: "cpu", "cuda" or "cuda:1".
    settle:   also compute the thresholds after 1, 2, 5, 10 ... images.
    everything: observe every value of the network, not only the inputs of layers in int8, for other tools' tables.
    progress: called as progress(images done, all images, name of the current step).
    engine:   where to run the network instead of this process: a `Cluster`, to which `batch`, `workers` and `device`
              were given. The result is the same to the last bit.

    Memory depends on the network and the batch, not on the number of images.
    Raises ConversionError if no layer can be quantized or a setting is wrong, TooManyBroken if over 1 % of the images
    cannot be read.
    """
    settings = settings or Settings()
    engine = engine or Here(graph, images, batch, workers, device)
    nodes = _quantized_nodes(engine.graph, settings)
    value_of = {node: _observed_value(engine.graph, node, settings.reference) for node in nodes}
    inputs = {value.name: value for value in value_of.values()}
    values = inputs | ({value.name: value for value in engine.graph.values()} if everything else {})
    count_bins = settle or not settings.always_second_pass
    observers = {name: HistogramObserver(settings.reference, count_bins) for name in values}
    calibration = Calibration([], 0)

    def tell(step: str) -> Callable[[int], None]:
        return partial(_tell, progress, len(images), step)

    for done, counted in engine.count(observers, CHECKPOINTS if settle else (), tell("ranges")):
        observers, calibration.images = counted, done
        if settle and done:
            calibration.settled[done] = _current_thresholds(values, observers, settings)
    calibration.skipped = list(images.skipped)
    exact: dict[str, ExactHistogram] = _second_pass_histograms(values, observers, settings)
    if exact:
        calibration.second_pass = list(exact)
        ((_, exact),) = engine.count(exact, (), tell("histograms"))
    activations = {
        name: _calibrated_activation(value, observers[name], exact.get(name), settings)
        for name, value in values.items()
    }
    for activation in (activations[name] for name in values.keys() - inputs.keys()):
        if activation.stats and activation.count - activation.zeros < BINS:  # too few for a histogram
            activation.threshold = activation.stats.absmax
    calibration.activations = activations
    calibration.layers = [_calibrated_layer(node, activations[value_of[node].name], settings) for node in nodes]
    if settings.method == AUTO:
        choose_thresholds(graph, images, calibration, batch=batch, device=device, progress=progress)
    calibration.notes = [note for layer in calibration.layers for note in _notes(layer, settings)]
    return calibration


def _tell(progress: Progress | None, total: int, step: str, done: int) -> None:
    if progress:
        progress(done, total, step)


def _quantized_nodes(graph: Graph, settings: Settings) -> list[Node]:
    nodes = [node for node in quantizable(graph) if settings.inner_product or isinstance(node.layer, Convolution)]
    names = {node.name for node in nodes}
    if unknown := [name for name in settings.keep_float if name not in names]:
        raise ConversionError(f"{', '.join(unknown)}: not a layer that ncnn runs in int8\n  fix: correct --keep-float")
    if not nodes:
        raise ConversionError(f"{graph.name} has no layer that ncnn runs in int8 (Convolution or InnerProduct)")
    if settings.method not in (*METHODS, AUTO):
        raise ConversionError(f"there is no method {settings.method!r}\n  fix: use {', '.join((*METHODS, AUTO))}")
    return nodes


def _observed_value(graph: Graph, node: Node, reference: bool) -> Value:
    """The value to observe for a layer: its input. The reference tool sees it after all later in-place layers."""
    value = node.inputs[0]
    if not reference or not value.top:
        return value
    all_values = (*graph.inputs, *(output for other in graph.nodes for output in other.outputs))
    return [other for other in all_values if other.top == value.top][-1]


def _current_thresholds(
    values: dict[str, Value], observers: Counters[HistogramObserver], settings: Settings
) -> dict[str, float]:
    return {
        name: settings.threshold(_activation_stats(values[name], observer, observer.histogram()))
        for name, observer in observers.items()
        if not _no_range_reason(observer)
    }


def _second_pass_histograms(
    values: dict[str, Value], observers: Counters[HistogramObserver], settings: Settings
) -> Counters[ExactHistogram]:
    """Histograms for the values whose threshold depends on how the counts at bin edges are divided."""
    if settings.method in ("max", "aciq") or settings.passes == 1:
        return {}
    return {
        name: ExactHistogram(observer.absmax, observer.zeros if settings.reference else None)
        for name, observer in observers.items()
        if not _no_range_reason(observer)
        if settings.always_second_pass or not _threshold_is_certain(values[name], observer, settings)
    }


def _threshold_is_certain(value: Value, observer: HistogramObserver, settings: Settings) -> bool:
    """Whether the threshold is the same to within one bin, wherever each element lies within its fine bin."""
    histograms = (observer.histogram(share) for share in (None, 0.0, 1.0))
    thresholds = [settings.threshold(_activation_stats(value, observer, histogram)) for histogram in histograms]
    return (max(thresholds) - min(thresholds)) * BINS <= observer.absmax * 1.01


def _activation_stats(value: Value, observer: HistogramObserver, histogram: np.ndarray) -> ActivationStats:
    return ActivationStats(histogram, observer.absmax, math.prod(value.shape[1:]))


def _no_range_reason(observer: HistogramObserver) -> str:
    """Why no threshold can be chosen for a value, or ""."""
    if observer.absmax == 0:
        return "its input is always 0" if observer.count else "its input is never finite"
    if observer.positive and observer.high <= 0:
        return "its input is never positive, and this method considers positive numbers only"
    return f"{observer.non_finite} numbers of its input are not finite" if observer.non_finite else ""


def _calibrated_activation(
    value: Value, observer: HistogramObserver, exact: ExactHistogram | None, settings: Settings
) -> Activation:
    counts = (observer.count, observer.zeros, observer.non_finite)
    activation = Activation(value.name, observer.low, observer.high, *counts, None, None)
    if reason := _no_range_reason(observer):
        activation.reason = reason
        return activation
    activation.stats = _activation_stats(value, observer, exact.counts if exact else observer.histogram())
    activation.threshold = settings.threshold(activation.stats)
    if not MIN_MAGNITUDE < activation.threshold < 1 / MIN_MAGNITUDE:
        activation.reason = f"the scale of its threshold {activation.threshold:g} is outside the range of float32"
    return activation


def _calibrated_layer(node: Node, activation: Activation, settings: Settings) -> Layer:
    smallest = MIN_REFERENCE_WEIGHT if settings.reference else MIN_MAGNITUDE
    winograd = settings.winograd and winograd_applies(node, settings.reference)
    scales = weight_scales(node, per_channel=settings.per_channel, winograd=winograd, smallest=smallest)
    reason = activation.reason
    if node.name in settings.keep_float:
        reason = REQUESTED
    elif not all(np.isfinite(node.blobs[0]).ravel()):
        reason = "its weights are not finite"
    elif not scales.any():
        reason = "its weights are all 0"
    return Layer(node, activation, scales, reason)


def _notes(layer: Layer, settings: Settings) -> list[Problem]:
    notes = []
    nonzero = layer.activation.count - layer.activation.zeros
    if settings.method in ("kl", "reference") and not layer.reason and nonzero < BINS:
        what = f"its input had {nonzero} nonzero numbers, too few for the {BINS} bins of method {settings.method}"
        notes.append(Problem(layer.node.name, what, "use more images, or --method mse"))
    if layer.reason and layer.reason != REQUESTED:
        notes.append(Problem(layer.node.name, f"stays float: {layer.reason}"))
    if zeros := int((layer.weights == 0).sum()):
        outputs = "1 output has" if zeros == 1 else f"{zeros} outputs have"
        notes.append(Problem(layer.node.name, f"{outputs} only weights of 0: the scale is 0, the result is the bias"))
    return notes
