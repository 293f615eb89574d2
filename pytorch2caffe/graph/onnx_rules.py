"""The functions that add layers for operators of ONNX, by operator and opset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from ..errors import Refused
from .builder import Builder
from .graph import Value

F = TypeVar("F", bound=Callable[..., Any])
ONNX: dict[str, dict[int, Callable[..., Any]]] = {}


@dataclass(frozen=True)
class OnnxNode:
    """What a rule may know of its node besides inputs and attributes, in its parameter `node`.

    op, opset: the operator's name, and the version of its domain's operator set.
    outputs:   how many outputs the node names.
    types:     the type of each input, None for one that is omitted; floats of any size are float32.
    """

    op: str
    opset: int
    outputs: int
    types: tuple[np.dtype | None, ...]

    def integers(self, index: int = 0) -> bool:
        """Whether an input holds integers."""
        kind = self.types[index] if index < len(self.types) else None
        return kind is not None and kind.kind in "iu"

    def mask(self, index: int = 0) -> bool:
        """Whether an input holds bool."""
        kind = self.types[index] if index < len(self.types) else None
        return kind is not None and kind.kind == "b"


def from_onnx(*ops: str, since: int = 1) -> Callable[[F], F]:
    """Registers `function(net, *inputs, **attributes)` for operators of ONNX, by their names in its specification.

    ops:   `Conv`, or `com.microsoft.Gelu` for an operator of another domain.
    since: the first opset that the function is right for; the one with the greatest `since` is used.

    Inputs come in order, a traced tensor as a Value, a constant as a numpy array, an omitted one as None. Attributes
    come by name as int, float, str, a list of these, or an array; an input that was an attribute in earlier opsets has
    the attribute's name, so that both are one parameter. A parameter `node` gets the OnnxNode. A function that returns
    NotImplemented leaves the operator to the definition that the specification gives for it.
    """

    def register(function: F) -> F:
        for op in ops:
            versions = ONNX.setdefault(op, {})
            if since in versions:
                other = versions[since]
                raise ValueError(f"{op!r} is already handled by {other.__module__}.{other.__name__}")
            versions[since] = function
        return function

    return register


def from_onnx_alike(*ops: str, since: int = 1) -> Callable[[F], F]:
    """Registers a function of `from_torch` for operators without attributes whose inputs are its first parameters."""

    def register(function: F) -> F:
        def of_node(net: Builder, *inputs: Value) -> Any:
            return function(net, *inputs)

        from_onnx(*ops, since=since)(of_node)
        return function

    return register


def rule_of(op: str, opset: int) -> Callable[..., Any] | None:
    """The function registered for an operator in this opset, or None."""
    versions = ONNX.get(op, {})
    known = [since for since in versions if since <= opset]
    return versions[max(known)] if known else None


def numbers(x: Any, default: Any = None) -> list[int] | None:
    """An array or list of integers, an attribute in some opsets and an input in others, as a list."""
    return None if x is None and default is None else [int(n) for n in np.ravel(default if x is None else x)]


def constant_input(x: Any, what: str) -> np.ndarray:
    """An input that a layer needs as numbers. Raises Refused, naming it, if it depends on the network's input."""
    if isinstance(x, Value):
        raise Refused(f"{what}: it depends on the network's input", "export with fixed sizes")
    return np.asarray(x)
