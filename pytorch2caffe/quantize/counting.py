"""A pass over the images: the values of a network are computed and counted, in this process or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import torch

from ..errors import Problem
from ..graph.graph import Graph, Value
from .ahead import segments
from .forward import Forward
from .histogram import ExactHistogram, HistogramObserver
from .images import Dataset

C = TypeVar("C", HistogramObserver, ExactHistogram)
Counters = dict[str, C]  # by the name of the value that is counted


@dataclass
class Counted:
    """What was counted in some of the images.

    images:    number of images that were read.
    skipped:   those that cannot be read.
    unchanged: as `Dataset.unchanged`.
    """

    counters: Counters
    images: int = 0
    skipped: list[Problem] = field(default_factory=list)
    unchanged: bool = False


class Engine(Protocol):
    """Where a network is run on the images. graph: the network as it is run there, with a batch of images."""

    graph: Graph

    def count(
        self, counters: Counters, stops: Sequence[int], progress: Callable[[int], None]
    ) -> Iterator[tuple[int, Counters]]:
        """Yields (images read, counters so far) at each stop, a position in the images, and at the end.

        counters: empty ones.
        progress: called with the number of images done.

        Afterwards the images that cannot be read are listed in the data set. Raises TooManyBroken at the end.
        """


class Here:
    """In this process. batch, workers, device: as for `calibrate`."""

    def __init__(self, graph: Graph, images: Dataset, batch: int, workers: int, device: str) -> None:
        self.forward = Forward(graph, batch, device)
        self.graph = self.forward.graph
        self.images = images
        self.workers = workers

    def count(
        self, counters: Counters, stops: Sequence[int], progress: Callable[[int], None]
    ) -> Iterator[tuple[int, Counters]]:
        """As `Engine.count` says."""
        counted = Counted(counters)
        self.images.skipped = counted.skipped
        for positions in segments(len(self.images), stops):
            count(self.forward, self.images, positions, counted, self.workers, self.images.allowed, progress)
            if positions.stop == len(self.images):
                self.images.check_skipped(counted.images)
            yield counted.images, counted.counters


def count(
    forward: Forward,
    images: Dataset,
    positions: range,
    counted: Counted,
    workers: int,
    allowed: float,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Counts the images at these positions.

    allowed: if more images than this cannot be read, the others are still read, to name all, and not counted.
    """
    watched = {value for value in forward.graph.values() if value.name in counted.counters}

    def update(value: Value, tensor: torch.Tensor) -> None:
        if value in watched:
            counted.counters[value.name].update(tensor)

    for inputs, problems in images.read(positions, forward.batch, workers):
        counted.skipped += problems
        if inputs is not None and len(counted.skipped) <= allowed:
            forward.run(inputs, update, until=watched, reuse_memory=True)
            counted.images += len(next(iter(inputs.values())))
        if progress:
            progress(counted.images)
    counted.unchanged |= images.unchanged
