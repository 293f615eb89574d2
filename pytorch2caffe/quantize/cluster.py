"""Passes over the images on a Dask cluster: each task counts some images, and what the tasks counted is added up.

Adding up is exact in any order, and tasks begin where a batch of a single process begins; so the result has the same
bits as in one process. A task has no effect but its result: Dask runs those of a lost worker again, each result enters
one sum, and each sum one other.
"""

from __future__ import annotations

import copy
import os
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import torch

from ..errors import ConversionError, Problem
from ..graph.graph import Graph, Value
from .ahead import segments
from .cluster_workers import check_versions, check_workers, own_address
from .counting import Counted, Counters, count
from .forward import Forward, with_largest_batch
from .images import Dataset, name_of
from .places import is_address, place
from .preprocess import Preprocess

if TYPE_CHECKING:
    from distributed import Client, Future

TASKS_PER_THREAD = 4  # so that all end at about the same time
WORTHWHILE, MOST = 256, 1024  # images per task: a result has megabytes; a lost worker loses at most so many
ADDED_AT_ONCE = 8
_one_at_a_time = Lock()


@dataclass(frozen=True)
class Network:
    """A network as it is sent to the workers. threads: of PyTorch, which may change the last bit of a sum."""

    token: str
    graph: Graph
    inputs: list[Value]
    preprocess: Mapping[str, Preprocess]
    batch: int
    workers: int
    device: str
    threads: int
    versions: Mapping[str, str]
    allowed: float


class Cluster:
    """The workers of a Dask client. graph, images, batch, workers, device: as for `calibrate`, on each worker.

    Images must be where every worker finds them under the same path, or at an address that fsspec reads.
    Raises ConversionError if there is no worker, or one has other versions of the packages that compute.
    """

    def __init__(
        self, client: Client, graph: Graph, images: Dataset, batch: int = 4, workers: int = 2, device: str = "cpu"
    ) -> None:
        versions = check_workers(client)
        self.client = client
        self.images = images
        self.graph, self.batch = with_largest_batch(graph, batch)
        threads, token = torch.get_num_threads(), uuid4().hex
        sent = (self.batch, workers, device, threads, versions, images.allowed)
        network = pickle.dumps(Network(token, graph, images.inputs, images.preprocess, *sent))
        self._network = client.submit(_as_it_is, network, key=f"network-{token}")

    def count(
        self, counters: Counters, stops: Sequence[int], progress: Callable[[int], None]
    ) -> Iterator[tuple[int, Counters]]:
        """As `Engine.count` says."""
        threads = sum(self.client.nthreads().values())
        parts = [self._parts(positions, threads) for positions in segments(len(self.images), stops)]
        empty = self.client.submit(_as_it_is, copy.deepcopy(counters), pure=False)
        futures = [self._submitted(part, empty) for part in parts]
        total = Counted(counters)
        self.images.skipped = total.skipped
        for segment in futures:
            found = self._sum(segment, lambda done: progress(total.images + done))
            _add(total, found)
            self.images.unchanged |= total.unchanged
            if segment is futures[-1]:
                self._sort(total.skipped)
                self.images.check_skipped(total.images)
            yield total.images, total.counters

    def _parts(self, positions: range, threads: int) -> list[range]:
        """The positions of each task: whole batches."""
        size = max(len(positions) // (TASKS_PER_THREAD * threads), min(WORTHWHILE, -(-len(positions) // threads)))
        size = -(-min(size, MOST) // self.batch) * self.batch
        return [positions[start : start + size] for start in range(0, len(positions), size)]

    def _submitted(self, parts: Sequence[range], empty: Future) -> dict[Future, range]:
        samples = [[tuple(map(_everywhere, self.images.samples[position])) for position in part] for part in parts]
        futures = self.client.map(_count, samples, network=self._network, empty=empty, key="count", pure=False)
        return dict(zip(futures, parts, strict=True))

    def _sum(self, futures: dict[Future, range], progress: Callable[[int], None]) -> Counted:
        """What all these tasks have counted, added up on the workers a few at a time."""
        from distributed import as_completed

        waiting, ready, done = as_completed(list(futures)), [], 0
        for future in waiting:
            if future.status != "finished":
                raise self._failure(future, futures.get(future))
            done += len(futures.get(future, ()))
            progress(done)
            ready.append(future)
            if len(ready) == ADDED_AT_ONCE or waiting.is_empty() and len(ready) > 1:
                waiting.add(self.client.submit(_added, ready, priority=10, pure=False))  # before more are counted
                ready = []
        return ready[0].result()

    def _failure(self, future: Future, positions: range | None) -> BaseException:
        """Why a task has no result."""
        from distributed import KilledWorker

        if future.status != "error":
            return ConversionError("the connection to the Dask scheduler was lost; nothing was written")
        error = future.exception()
        if isinstance(error, KilledWorker):
            what = "adding up" if positions is None else f"counting images {positions.start} to {positions.stop - 1}"
            first = "" if positions is None else f", the first of them {name_of(self.images.samples[positions.start])}"
            return ConversionError(
                f"{what} ended {error.allowed_failures + 1} workers, the last at {error.last_worker.address}{first}\n"
                "  fix: read the worker's log; if memory was short, use a smaller --batch or fewer threads per worker; "
                "a worker that joined late needs pytorch2caffe too"
            )
        return error

    def _sort(self, problems: list[Problem]) -> None:
        """Names the images as the user did, in the order of the images."""
        if not problems:
            return
        names = [(name_of([*map(_everywhere, sample)]), name_of(sample)) for sample in self.images.samples]
        order = {sent: (index, name) for index, (sent, name) in enumerate(names)}
        problems.sort(key=lambda problem: order[problem.where][0])
        problems[:] = [Problem(order[problem.where][1], problem.what) for problem in problems]


def _everywhere(path: Any) -> str:
    """A path that does not depend on the working directory."""
    return str(path) if is_address(path) else os.path.abspath(path)  # noqa: PTH100 - links are the worker's


def _as_it_is(data: Any) -> Any:
    return data


def _count(samples: Sequence[tuple[str, ...]], network: bytes, empty: Counters) -> Counted:
    """The task: counts some images."""
    try:
        with _one_at_a_time:
            sent, forward = _ready(network)
        images = Dataset.of([tuple(map(place, sample)) for sample in samples], sent.inputs, sent.preprocess)
        torch.set_num_threads(sent.threads)
        counted = Counted(copy.deepcopy(empty))
        count(forward, images, range(len(samples)), counted, sent.workers, sent.allowed)
    except ConversionError as error:
        raise ConversionError(f"worker {own_address()}: {error}") from None
    counted.skipped = [Problem(each.where, f"{each.what}, on worker {own_address()}") for each in counted.skipped]
    return counted


@lru_cache(maxsize=1)
def _ready(network: bytes) -> tuple[Network, Forward]:
    """Once in a process."""
    sent = pickle.loads(network)
    check_versions(sent.versions)
    return sent, Forward(sent.graph, sent.batch, sent.device)


def _added(parts: Sequence[Counted]) -> Counted:
    """The task: the sum of several; these stay as they are, since Dask may use them again."""
    total = copy.deepcopy(parts[0])
    for part in parts[1:]:
        _add(total, part)
    return total


def _add(total: Counted, part: Counted) -> None:
    for name, counter in total.counters.items():
        counter.add(part.counters[name])
    total.images += part.images
    total.skipped += part.skipped
    total.unchanged |= part.unchanged
