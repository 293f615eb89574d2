"""Warns of functions that a user registered and that no model calls: their names may be misspelt."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import torch

from .functions import handler_of

_expected: dict[str, Callable[..., Any]] = {}  # name -> function, until a trace calls it or a warning was given


def expect_call(names: Sequence[str], function: Callable[..., Any]) -> None:
    """Lets the next traces warn of `names` if they do not call them."""
    _expected.update(dict.fromkeys(names, function))


def warn_of_uncalled(called: Collection[str]) -> None:
    """Gives a UserWarning, once, for each name that was expected and is not in `called`, what a trace saw.

    If a function has several names and one of them is called, there is a warning only for names that torch does not
    have. The warning shows the line where the function is registered.
    """
    used = [handler_of(name) for name in called]
    for name, function in list(_expected.items()):
        del _expected[name]
        missing = name.startswith("torch.") and not _exists(name)
        if name in called or not missing and any(function is each for each in used):
            continue
        near = difflib.get_close_matches(name, {*called, *_torch_names()}, 1) if missing else []
        hint = f"; did you mean {near[0]!r}?" if near else ""
        owner = f"{function.__module__}.{function.__qualname__}"
        code = function.__code__
        message = f"{owner} is registered for {name!r}, which the model never calls{hint}"
        warnings.warn_explicit(message, UserWarning, code.co_filename, code.co_firstlineno)


def _exists(name: str) -> bool:
    item: Any = torch
    for part in name.split(".")[1:]:
        if not hasattr(item, part):
            return False
        item = getattr(item, part)
    return True


def _torch_names() -> Iterator[str]:
    for space, item in (("torch", torch), ("torch.Tensor", torch.Tensor), ("torch.nn.functional", torch.nn.functional)):
        yield from (f"{space}.{name}" for name in dir(item))
