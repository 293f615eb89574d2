"""The shapes of what a layer's PyTorch source computes, found by running it on tensors of which only shapes exist."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...graph.graph import Shape
from ...graph.registry import Source
from ..source import argument_names
from .functions import FUNCTIONAL, TORCH
from .modules import MODULES
from .tensor import NotModelled, Rejected, ShapeTensor, require

NAMESPACE: dict[str, Any] = {"torch": TORCH, "nn": MODULES, "F": FUNCTIONAL}


def shapes_of(source: Source, shapes: Sequence[Shape]) -> list[Shape]:
    """The output shapes of `source` for inputs of these shapes.

    Raises Rejected for inputs that torch is certain to refuse; NotModelled for those that it may refuse, and for source
    that calls what is not modelled.
    """
    try:
        return _shapes_of(source, shapes)
    except Rejected:
        raise
    except (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError) as error:
        raise NotModelled from error  # a call, an argument or an operand that is not modelled


def _shapes_of(source: Source, shapes: Sequence[Shape]) -> list[Shape]:
    inputs = [ShapeTensor(shape) for shape in shapes]
    names: dict[str, Any] = {name: ShapeTensor(array.shape) for name, array in source.state.items()}
    if source.module:
        module = eval(source.module, dict(NAMESPACE))
        require(module.weights == {name: array.shape for name, array in source.state.items()})
        names = {"module": module}
        if not source.expr:
            require(len(inputs) == 1)
            return _shapes(module(*inputs))
    namespace = dict(NAMESPACE)
    exec(source.define, namespace)
    text = source.expr.format(*argument_names(source), **{name: name for name in names})
    return _shapes(eval(text, namespace, dict(zip(argument_names(source), inputs, strict=False)) | names))


def _shapes(result: Any) -> list[Shape]:
    results = result if isinstance(result, tuple) else [result]
    require(all(isinstance(each, ShapeTensor) for each in results))
    return [each.shape for each in results]
