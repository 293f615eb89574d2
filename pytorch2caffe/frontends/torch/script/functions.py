"""Functions of torch.jit.script that a model in Python calls: executed operator by operator too, while it is traced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils._python_dispatch import _disable_current_modes

from ....errors import ConversionError
from ..structure import mapped, tensors_in
from .module import close, unscripted


@contextmanager
def functions_executed() -> Iterator[None]:
    """A scope in which the calls of every ScriptFunction are seen as those of its operators.

    A call raises ConversionError if torch's own interpreter, on the same arguments, returns other numbers.
    """
    compiled = torch.jit.ScriptFunction.__call__
    in_python: dict[Any, Any] = {}

    def call(function: Any, *args: Any, **kwargs: Any) -> Any:
        if function not in in_python:
            in_python[function] = unscripted(function)
        with torch._C.DisableTorchFunction(), _disable_current_modes(), torch.no_grad():
            copied_args, copied_kwargs = mapped(_copy, "", (args, kwargs))
            expected = list(tensors_in(compiled(function, *copied_args, **copied_kwargs)))
        result = in_python[function](*args, **kwargs)
        with torch._C.DisableTorchFunction(), _disable_current_modes(), torch.no_grad():
            actual = list(tensors_in(result))
            same = len(expected) == len(actual) and all(map(close, expected, actual))
        if not same:
            raise ConversionError(
                f"the scripted function {function.name} computes other numbers in torch's own interpreter than its "
                "operators do one by one\n  fix: call the plain Python function"
            )
        return result

    torch.jit.ScriptFunction.__call__ = call  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        torch.jit.ScriptFunction.__call__ = compiled  # type: ignore[method-assign]


def _copy(_: str, item: Any) -> Any:
    return item.detach().clone() if isinstance(item, torch.Tensor) else item
