"""Which layers int8 hurts: how much of the outputs' cosine is lost when only one of them is int8."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from ..backends.ncnn.table.table import Table
from ..graph.graph import Graph, Value
from .calibrate import Calibration, Progress
from .forward import Forward, exact, results_of
from .images import Dataset
from .simulate import Call, int8_calls

IMAGES = 10
BUDGET = "the accuracy budget"
Values = dict[Value, torch.Tensor]


@dataclass
class Sensitivity:
    """Losses of the outputs' mean cosine against float, on `images` images: 0 is none, 1 is everything.

    alone:    with only this layer in int8, by its name.
    together: with every layer of the table in int8.
    steps:    after each layer that was taken out to keep the budget, [(its name, what is then lost)].
    """

    images: int
    alone: dict[str, float]
    together: float
    steps: list[tuple[str, float]] = field(default_factory=list)


def measure(
    graph: Graph,
    images: Dataset,
    found: Calibration,
    *,
    batch: int = 4,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Sensitivity:
    """Simulates each layer of the table in int8 alone, and all of them together, on the first images."""
    forward = Forward(graph, batch, device)
    table = found.table
    wanted = scores(forward.graph)
    places = {node.name: index for index, (node, _) in enumerate(forward.calls)}
    calls = int8_calls(forward.graph, table, device)
    alone = dict.fromkeys(table.activations, 0.0)
    together, count = 0.0, 0
    for values in _floats(forward, images):
        before = [values[value] for value in wanted]
        size = len(before[0])
        for name in alone:
            after = _rerun(forward, values, places[name], {name: calls[name]}, wanted)
            alone[name] += loss(before, after) * size
        together += loss(before, _rerun(forward, values, 0, calls, wanted)) * size
        count += size
        if progress:
            progress(count, min(IMAGES, len(images)), "sensitivity")
    return Sensitivity(count, {name: total / count for name, total in alone.items()}, together / count)


def choose(
    graph: Graph,
    images: Dataset,
    found: Calibration,
    sensitivity: Sensitivity,
    budget: float,
    *,
    batch: int = 4,
    device: str = "cpu",
    progress: Progress | None = None,
) -> list[str]:
    """Takes layers out of the table, the most sensitive first, until no more than `budget` of the cosine is lost.

    Returns their names; each one's `reason` says that it was the budget.
    """
    forward = Forward(graph, batch, device)
    batches = list(_outputs(forward, images))
    order = sorted(sensitivity.alone, key=sensitivity.alone.__getitem__, reverse=True)
    layers = {layer.node.name: layer for layer in found.layers}
    taken: list[str] = []
    lost = sensitivity.together
    while lost > budget and len(taken) < len(order):
        name = order[len(taken)]
        layers[name].reason = BUDGET
        taken.append(name)
        lost = _lost(forward, found.table, batches, device)
        sensitivity.steps.append((name, lost))
        if progress:
            progress(len(taken), len(order), "accuracy budget")
    return taken


def _outputs(forward: Forward, images: Dataset) -> Iterator[tuple[Mapping, list[torch.Tensor]]]:
    wanted = scores(forward.graph)
    for inputs in _first(images, forward.batch):
        yield inputs, _scores(forward, inputs, wanted, {})


def _lost(forward: Forward, table: Table, batches: Sequence[tuple[Mapping, list[torch.Tensor]]], device: str) -> float:
    calls = int8_calls(forward.graph, table, device)
    wanted = scores(forward.graph)
    losses = [(loss(before, _scores(forward, inputs, wanted, calls)), len(before[0])) for inputs, before in batches]
    return sum(lost * size for lost, size in losses) / sum(size for _, size in losses)


def _scores(
    forward: Forward, inputs: Mapping, wanted: Sequence[Value], calls: Mapping[str, Call]
) -> list[torch.Tensor]:
    kept: Values = {}

    def watch(value: Value, tensor: torch.Tensor) -> None:
        if value in wanted:
            kept[value] = tensor

    forward.run(inputs, watch, calls)
    return [kept[value] for value in wanted]


def scores(graph: Graph) -> list[Value]:
    """The outputs to compare: of a Softmax its input, for after it every confident answer looks the same."""
    producers = graph.producers()
    found = []
    for value in graph.outputs.values():
        node = producers.get(value)
        found.append(node.inputs[0] if node is not None and node.layer.type == "Softmax" else value)
    return found


def loss(before: Sequence[torch.Tensor], after: Sequence[torch.Tensor]) -> float:
    """1 - cosine between two sets of outputs, of each image, all outputs together; the mean over images."""
    a, b = (torch.cat([tensor.flatten(1).double() for tensor in tensors], 1) for tensors in (before, after))
    norms = a.norm(dim=1) * b.norm(dim=1)
    cosine = torch.where(norms > 0, (a * b).sum(1) / norms.clamp_min(1e-300), (a == b).all(1).double())
    return float((1 - torch.nan_to_num(cosine)).mean())


def _first(images: Dataset, batch: int) -> Iterator[dict]:
    """The first IMAGES images, in batches."""
    stop = min(IMAGES, len(images))
    for done, inputs in images.batches(batch, stops=[stop]):
        yield inputs
        if done >= stop:
            return


def _floats(forward: Forward, images: Dataset) -> Iterator[Values]:
    """All values of the network in float, batch by batch."""
    for inputs in _first(images, forward.batch):
        values: Values = {}
        forward.run(inputs, values.__setitem__)
        yield values


def _rerun(
    forward: Forward, values: Values, start: int, calls: Mapping[str, Call], wanted: Sequence[Value]
) -> list[torch.Tensor]:
    """The wanted values with some layers replaced; what they do not reach is taken from `values`."""
    changed: Values = {}
    with exact():
        for node, call in forward.calls[start:]:
            if node.name not in calls and not any(value in changed for value in node.inputs):
                continue
            results = results_of(calls.get(node.name, call), node, {**values, **changed})
            changed.update(zip(node.outputs, results, strict=True))
    return [changed.get(value, values[value]) for value in wanted]
