"""One call of PyTorch's own test data as a network: which of its tensors are inputs, which are constants."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from pytorch2caffe.frontends.torch.structure import mapped, tensors_in


@dataclass(frozen=True)
class Case:
    """kind: modules, functions or torchvision. name: what is called. index: which of its samples.

    variant: "" with all tensors as inputs, "constants" with all but those of the first argument constant, "method"
             and "in place" for the other two spellings of a function.
    """

    kind: str
    name: str
    index: int
    variant: str
    model: Callable[..., Any]
    inputs: tuple[torch.Tensor, ...]

    def __str__(self) -> str:
        return "/".join(part for part in (self.kind, self.name, str(self.index), self.variant) if part)


class Slot:
    """Stands in the arguments where an input goes."""

    def __init__(self, index: int) -> None:
        self.index = index


class Call(nn.Module):
    """Calls `target` with given arguments, the inputs in their slots."""

    def __init__(self, target: Callable[..., Any], arguments: tuple[Any, dict[str, Any]]) -> None:
        super().__init__()
        self.target = target
        self.arguments = arguments

    def forward(self, *inputs: torch.Tensor) -> Any:
        args, kwargs = mapped(lambda _, x: inputs[x.index] if isinstance(x, Slot) else x, "", self.arguments)
        return self.target(*args, **kwargs)


class InPlace(nn.Module):
    """Calls `method` on a copy of the first argument, and returns that copy."""

    def __init__(self, method: Callable[..., Any]) -> None:
        super().__init__()
        self.method = method

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        x = x.clone()
        self.method(x, *args, **kwargs)
        return x


def call(target: Callable[..., Any], args: Any, kwargs: Any, keep: Any = None) -> tuple[Call, tuple[torch.Tensor, ...]]:
    """A network that calls `target`; its inputs are the tensors of `keep`, or all tensors of the arguments."""
    wanted = [id(t) for t in tensors_in((args, kwargs) if keep is None else keep)]
    found: list[torch.Tensor] = []

    def slot(_: str, item: Any) -> Any:
        if not isinstance(item, torch.Tensor):
            return item
        item = item.detach()
        if id(tensors[len(seen)]) not in wanted:
            seen.append(item)
            return item
        seen.append(item)
        found.append(item)
        return Slot(len(found) - 1)

    tensors = list(tensors_in((args, kwargs)))
    seen: list[torch.Tensor] = []
    return Call(target, mapped(slot, "", (tuple(args), dict(kwargs)))), tuple(found)


def variants(kind: str, name: str, index: int, target: Any, args: Any, kwargs: Any) -> Iterator[Case]:
    """The call with all its tensors as inputs; and, where there are others, with those of the first argument only."""
    model, inputs = call(target, args, kwargs)
    yield Case(kind, name, index, "", model, inputs)
    first = list(tensors_in(args[:1]))
    if first and len(first) < len(inputs):
        yield Case(kind, name, index, "constants", *call(target, args, kwargs, keep=first))


def seed(number: int = 0) -> None:
    """The same random numbers in every run, whoever draws them."""
    torch.manual_seed(number)
    np.random.seed(number)
    random.seed(number)
