"""Calls of torch functions that are run and not traced."""

from __future__ import annotations

from typing import Any

import torch

from .structure import tensors_in
from .values import Values


def run(func: Any, args: Any, kwargs: Any) -> Any:
    """What a function returns, outside of autocast."""
    if torch.is_autocast_enabled("cpu"):
        with torch.autocast("cpu", enabled=False):
            return func(*args, **kwargs)
    return func(*args, **kwargs)


def run_constant(values: Values, func: Any, args: Any, kwargs: Any) -> Any:
    """A call that does not depend on the input. A model cast to float32 may still create float16 constants."""
    if values.dtype != torch.float32:
        return run_in_dtype(values, func, args, kwargs)
    try:
        return run(func, args, kwargs)
    except RuntimeError:
        plain, _ = values.in_dtype(args, kwargs)
        if all(a is b for a, b in zip(tensors_in(plain), tensors_in((args, kwargs)), strict=True)):
            raise
        return run(func, *plain)


def run_in_dtype(values: Values, func: Any, args: Any, kwargs: Any) -> Any:
    """The same where the network computes in float64: constants get that type as soon as they are created."""
    (args, kwargs), _ = values.in_dtype(args, kwargs)
    return values.result_in_dtype(run(func, args, kwargs))
