"""Options that belong together, and reach a command as one argument."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any


def collected(function: Callable[..., Any], into: str, make: Callable[..., Any]) -> Callable[..., Any]:
    """A command that has the options which `make` takes, and passes what it makes of them as the argument `into`."""
    names = list(signature(make).parameters)

    @wraps(function)
    def command(*arguments: Any, **options: Any) -> Any:
        made = make(**{name: options.pop(name) for name in names})
        return function(*arguments, **{into: made}, **options)

    return command
