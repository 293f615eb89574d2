"""Observers of torch.ao.quantization: they record the numbers that pass through, and return them unchanged."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn


@contextmanager
def observers_off(modules: Iterable[nn.Module]) -> Iterator[None]:
    """A scope in which observers pass on their input and record nothing: their statistics are no part of a network."""
    observers: list[nn.Module] = []
    if "torch.ao.quantization.observer" in sys.modules:
        from torch.ao.quantization.observer import ObserverBase

        observers = [m for m in modules if isinstance(m, ObserverBase) and "forward" not in vars(m)]
    for observer in observers:
        vars(observer)["forward"] = _passed_on
    try:
        yield
    finally:
        for observer in observers:
            vars(observer).pop("forward", None)


def _passed_on(input: Any, *_: Any) -> Any:
    return input
