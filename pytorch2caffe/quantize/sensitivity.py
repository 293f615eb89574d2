"""Measures each layer's effect on the outputs in int8, and keeps layers in float to meet an accuracy budget."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from ..backends.ncnn.table.table import Table
from ..graph.graph import Graph, Value
from ..passes.patterns import unsaturated
from .calibration import Calibration
from .forward import Forward, call_layer, exact_float32
from .images import Dataset
from .progress import Progress
from .simulate import Call, int8_calls

MAX_IMAGES = 10
BUDGET = "accuracy budget"  # the reason of a layer that `keep_within_budget` takes out of the table
Values = dict[Value, torch.Tensor]


@dataclass
class Sensitivity:
    """Losses of the outputs' mean cosine to the float outputs, on `images` images: 0 is no loss, 1 is complete.

    alone:    the loss with only this layer in int8, by the layer's name.
    together: the loss with every layer of the table in int8.
    steps:    for each layer that was kept in float for the budget, (its name, the loss after that).
    """

    images: int
    alone: dict[str, float]
    together: float
    steps: list[tuple[str, float]] = field(default_factory=list)


def measure(
    graph: Graph,
    images: Dataset,
    calibration: Calibration,
    *,
    batch: int = 4,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Sensitivity:
    """Simulates each layer of the table in int8 alone, then all together, on the first MAX_IMAGES images.

    graph, images, batch, device, progress: as for `calibrate`.
    """
    forward = Forward(graph, batch, device)
    table = calibration.table
    wanted = compared_values(forward.graph)
    calls = int8_calls(forward.graph, table, device)
    alone = dict.fromkeys(table.activations, 0.0)
    together, count = 0.0, 0
    for values in float_values(forward, images):
        for name in alone:
            alone[name] += loss_with(forward, values, {name: calls[name]}, wanted)
        together += loss_with(forward, values, calls, wanted)
        count += len(values[wanted[0]])
        if progress:
            progress(count, min(MAX_IMAGES, len(images)), "sensitivity")
    return Sensitivity(count, {name: total / count for name, total in alone.items()}, together / count)


def keep_within_budget(
    graph: Graph,
    images: Dataset,
    calibration: Calibration,
    sensitivity: Sensitivity,
    budget: float,
    *,
    batch: int = 4,
    device: str = "cpu",
    progress: Progress | None = None,
) -> list[str]:
    """Keeps layers of `calibration` in float, the most sensitive first, until the loss is at most `budget`.

    Sets their `reason` and adds to `sensitivity.steps`. Returns their names.
    """
    forward = Forward(graph, batch, device)
    batches = list(_float_outputs(forward, images))
    order = sorted(sensitivity.alone, key=sensitivity.alone.__getitem__, reverse=True)
    layers = {layer.node.name: layer for layer in calibration.layers}
    kept_float: list[str] = []
    loss = sensitivity.together
    while loss > budget and len(kept_float) < len(order):
        name = order[len(kept_float)]
        layers[name].reason = BUDGET
        kept_float.append(name)
        loss = _table_loss(forward, calibration.table, batches, device)
        sensitivity.steps.append((name, loss))
        if progress:
            progress(len(kept_float), len(order), "accuracy budget")
    return kept_float


def _float_outputs(forward: Forward, images: Dataset) -> Iterator[tuple[Mapping, list[torch.Tensor]]]:
    wanted = compared_values(forward.graph)
    for _, inputs in images.first(MAX_IMAGES, forward.batch):
        yield inputs, _compute(forward, inputs, wanted, {})


def _table_loss(
    forward: Forward, table: Table, batches: Sequence[tuple[Mapping, list[torch.Tensor]]], device: str
) -> float:
    calls = int8_calls(forward.graph, table, device)
    wanted = compared_values(forward.graph)
    losses = [
        (cosine_loss(before, _compute(forward, inputs, wanted, calls)), len(before[0])) for inputs, before in batches
    ]
    return sum(loss * size for loss, size in losses) / sum(size for _, size in losses)


def _compute(
    forward: Forward, inputs: Mapping, wanted: Sequence[Value], calls: Mapping[str, Call]
) -> list[torch.Tensor]:
    kept: Values = {}

    def watch(value: Value, tensor: torch.Tensor) -> None:
        if value in wanted:
            kept[value] = tensor

    forward.run(inputs, watch, calls)
    return [kept[value] for value in wanted]


def compared_values(graph: Graph) -> list[Value]:
    """The values to compare for each output: of a Softmax its input, because its outputs saturate."""
    producers = graph.producers()
    return [unsaturated(producers, value) for value in graph.outputs.values()]


def cosine_loss(before: Sequence[torch.Tensor], after: Sequence[torch.Tensor]) -> float:
    """The mean over images of 1 - cosine between two sets of outputs, the outputs of an image joined to one vector.

    before, after: tensors [images, ...], one for each output.
    """
    a, b = (torch.cat([tensor.flatten(1).double() for tensor in tensors], 1) for tensors in (before, after))
    norms = a.norm(dim=1) * b.norm(dim=1)
    cosine = torch.where(norms > 0, (a * b).sum(1) / norms.clamp_min(1e-300), (a == b).all(1).double())
    return float((1 - torch.nan_to_num(cosine)).mean())


def float_values(forward: Forward, images: Dataset, most: int = MAX_IMAGES) -> Iterator[Values]:
    """All values of the network in float, batch by batch, for the first `most` images."""
    for _, inputs in images.first(most, forward.batch):
        values: Values = {}
        forward.run(inputs, values.__setitem__)
        yield values


def loss_with(forward: Forward, values: Values, calls: Mapping[str, Call], wanted: Sequence[Value]) -> float:
    """The loss of the wanted values of a batch, of all its images together, with some layers replaced by `calls`.

    values: all values of the batch in float.
    """
    before = [values[value] for value in wanted]
    return cosine_loss(before, _recompute(forward, values, calls, wanted)) * len(before[0])


def _recompute(
    forward: Forward, values: Values, calls: Mapping[str, Call], wanted: Sequence[Value]
) -> list[torch.Tensor]:
    """The wanted values with some layers replaced by `calls`; values that do not depend on these come from `values`."""
    changed: Values = {}
    known = ChainMap(changed, values)
    with exact_float32():
        for node, call in forward.calls:
            if node.name not in calls and not any(value in changed for value in node.inputs):
                continue
            results = call_layer(calls.get(node.name, call), node, known)
            changed.update(zip(node.outputs, results, strict=True))
    return [changed.get(value, values[value]) for value in wanted]
