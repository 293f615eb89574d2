"""A model that remembers: its state changes when it is called, and later calls give other results."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from ...errors import ConversionWarning
from ...formats.interrupts import OrderlyInterrupts
from .inputs_outputs import arguments
from .model import Subject
from .state import State
from .structure import mapped, named_leaves
from .taint import Taint

MOST_NAMED = 5
OF_THE_MODEL = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
TOLERANCE = 1e-4  # of the largest number: rounding may differ once a cache is filled


class StateWarning(ConversionWarning):
    """The results of a model depend on earlier calls: a Caffe network computes what the first call does."""


def changed_names(state: State, taint: Taint) -> list[str]:
    """The attributes, entries and tensors of the model that are not as they were in `state`."""
    return _names(state, state.changed(), taint.overwritten())


def warn_of_state(subject: Subject, changed: list[str], inputs: Any) -> None:
    """Gives a StateWarning if a model, of which a call changes `changed`, gives other results in a later call.

    The model is called three times, on an input, another one and the first again. A cache that the first call fills,
    a counter, or the latest input kept for display change nothing in the results: there is no warning.
    """
    if not changed:
        return
    try:
        evolving = _evolving(subject, inputs)
    except OF_THE_MODEL as error:
        evolving, effect = [], f"a second call raises {type(error).__name__}: {error}"
    else:
        effect = "its results depend on that state"
    if evolving is None:
        return
    names = evolving or changed
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    what = f"{subject.name} changes its state when it is called ({', '.join(names[:MOST_NAMED])}{more})"
    what += f", and {effect}: the network computes what the first call does"
    fix = "make the state an input and an output, or set it at the beginning of forward"
    warnings.warn(f"{what}\n  fix: {fix}", StateWarning, stacklevel=2)


def _evolving(subject: Subject, inputs: Any) -> list[str] | None:
    """What still changes after the first call, if a later call on the same input gives other results; else None."""
    taint = Taint()
    forked = torch.random.fork_rng(devices=[])
    with OrderlyInterrupts(), subject.prepared(taint) as state, torch.no_grad(), forked, taint:
        first = [tensor.clone() for tensor in _call(subject, inputs)]
        after_first, contents = State(state.roots), taint.contents()
        after_first.remember_memory(subject.tensors())
        _call(subject, mapped(other_input, "", inputs))
        again = _call(subject, inputs)
        if len(first) == len(again) and all(map(_equal, first, again)):
            return None
        return _names(after_first, after_first.changed(), taint.overwritten(contents))


def _names(state: State, changed: list[str], written: list[torch.Tensor]) -> list[str]:
    return list(dict.fromkeys([*changed, *filter(None, map(state.name_of, written))]))


def _call(subject: Subject, inputs: Any) -> list[torch.Tensor]:
    args, kwargs = arguments(subject.call, inputs)
    return [leaf for _, leaf in named_leaves(subject.call(*args, **kwargs)) if isinstance(leaf, torch.Tensor)]


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.shape != other.shape:
        return False
    one, other = one.double(), other.double()
    finite = one.isfinite()
    largest = float(one[finite].abs().max()) if finite.any() else 0.0
    return torch.allclose(one, other, rtol=0, atol=TOLERANCE * largest, equal_nan=True)


def other_input(name: str, item: Any) -> Any:
    """An input of the same shape and type: random floats, integers in a different order."""
    generator = torch.Generator().manual_seed(len(name))
    if not isinstance(item, torch.Tensor):
        return item
    if item.is_floating_point():
        return torch.randn(item.shape, generator=generator)
    return item.detach().cpu().flatten()[torch.randperm(item.numel(), generator=generator)].reshape(item.shape)
