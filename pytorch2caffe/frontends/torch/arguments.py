"""The arguments of a call, bound to the parameters of the function that is registered for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from ...errors import Refused
from ...graph.builder import Builder
from .functions import ADD_HANDLER

# The names of numpy's parameters, which torch accepts for its own. Source: PyTorch, python_arg_parser.cpp
NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other"}


def bind(
    name: str, handler: Callable[..., Any], net: Builder, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments:
    """`net` and the arguments of a call of `name`, for `handler`. Raises Refused for parameters that it lacks."""
    signature = _signature(handler)
    named = {_own_name(key, signature.parameters): value for key, value in kwargs.items()}
    try:
        return signature.bind(net, *args, **named)
    except TypeError as error:
        raise Refused(f"{name} is called in a form that is not supported: {error}", ADD_HANDLER) from error


def _own_name(key: str, parameters: Mapping[str, Any]) -> str:
    own = NUMPY_NAMES.get(key, key)
    return own if own in parameters and key not in parameters else key


@cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)
