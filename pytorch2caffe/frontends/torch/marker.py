"""Marks functions that are not of torch so that a trace sees each of their calls as one call."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import torch
from torch.overrides import handle_torch_function, has_torch_function

F = TypeVar("F", bound=Callable[..., Any])


def marker(function: F) -> F:
    """Makes a trace see calls of a function of tensors, under the name "module.name": register that with `from_torch`.

    Outside a trace the function is unchanged.
    """

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        tensors = tuple(item for item in (*args, *kwargs.values()) if isinstance(item, torch.Tensor))
        if has_torch_function(tensors):
            return handle_torch_function(call, tensors, *args, **kwargs)
        return function(*args, **kwargs)

    return cast(F, call)
