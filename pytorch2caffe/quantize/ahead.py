"""Reads samples in threads, ahead of the one who consumes them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def segments(total: int, stops: Collection[int] = ()) -> list[range]:
    """The positions 0 ... total - 1, divided at the stops."""
    ends = sorted({stop for stop in stops if 0 < stop < total} | {total})
    return [range(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def in_batches(load: Callable[[int], T], positions: range, size: int, workers: int) -> Iterator[list[T]]:
    """What `load` returns for each position, in order, in lists of `size`; the last may be shorter.

    workers: threads that load; at most a batch and `workers` results are loaded in advance.
    """
    batch: list[T] = []
    with ThreadPoolExecutor(workers) as pool:
        remaining = iter(positions)
        waiting: list[Future[T]] = [pool.submit(load, position) for position in islice(remaining, size + workers)]
        try:
            while waiting:
                batch.append(waiting.pop(0).result())
                waiting += [pool.submit(load, position) for position in islice(remaining, 1)]
                if len(batch) == size:
                    yield batch
                    batch = []
        finally:
            pool.shutdown(cancel_futures=True)
    if batch:
        yield batch
