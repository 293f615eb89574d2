"""The functions of torch by their public names: decisions, functions written in Python."""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch.overrides import resolve_name

from ...graph.registry import TORCH
from .decompositions import DECOMPOSED

ADD_HANDLER = "rewrite it with supported functions, or register one (docs/adding-a-layer.md)"
NO_FAKE_QUANT = "model.apply(torch.ao.quantization.disable_fake_quant).apply(torch.ao.quantization.disable_observer)"
FLOAT_MODEL = (
    "pass the model in float, as it was before torch.ao.quantization.convert; docs/int8.md shows how to calibrate it"
)
SAME_FOR_EVERY_INPUT = (
    "a Caffe network computes the same for every input: make it a fixed setting, or use tensors throughout"
)

_DECISIONS = """
    __bool__ __int__ __float__ __index__ __complex__ __contains__ item tolist is_nonzero equal allclose
"""
_ESCAPES = """
    numpy __array__ __dlpack__ untyped_storage storage _typed_storage data_ptr __reduce_ex__ __deepcopy__ share_memory_
"""
DECISIONS = {f"torch.Tensor.{name}" for name in _DECISIONS.split()}
DECISIONS |= {"torch.is_nonzero", "torch.equal", "torch.allclose"}
ESCAPES = {f"torch.Tensor.{name}" for name in _ESCAPES.split()}
DATA_SHAPED = {"nonzero", "masked_select", "unique", "unique_consecutive", "argwhere", "unique_dim"}


def short_name(name: str) -> str:
    """The last part of a public name."""
    return name.rsplit(".", 1)[-1]


def public_name(func: Any) -> str:
    """The name a torch function is registered under: "torch.nn.functional.relu", "aten.relu"."""
    if isinstance(func, torch._ops.OpOverload):
        return _operator_name(func._schema.name.replace("::", "."))
    if isinstance(func, torch._ops.OpOverloadPacket):
        return _operator_name(func._qualified_op_name.replace("::", "."))
    try:
        return _resolved_name(func)
    except TypeError:  # not hashable
        return resolve_name(func) or repr(func)


@cache
def _resolved_name(func: Any) -> str:
    name = resolve_name(func) or f"{getattr(func, '__module__', '')}.{getattr(func, '__name__', func)}"
    return name.removesuffix(".__get__")


@cache
def _operator_name(name: str) -> str:
    """An operator of an exported program under the name of the function that has the same parameters."""
    if not name.startswith("aten.") or name in TORCH or name in DECOMPOSED:
        return name
    short = name.removeprefix("aten.")
    spellings = [short, short.removesuffix("_")]
    candidates = [f"{home}.{s}" for s in spellings for home in ("torch", "torch.Tensor", "torch.nn.functional")]
    return next((candidate for candidate in candidates if candidate in TORCH), name)


def handler_of(name: str) -> Callable[..., Any] | None:
    """The function registered for a torch function; x.f_() computes what x.f() does."""
    handler = TORCH.get(name)
    if handler is None and name.endswith("_") and not name.endswith("__"):
        handler = TORCH.get(name[:-1]) or TORCH.get(f"torch.{short_name(name)[:-1]}")
    return handler


def body_of(name: str, func: Any) -> Callable[..., Any] | None:
    """A function that calls what `func`, of this name, is composed of; or None."""
    return DECOMPOSED.get(name) or without_dispatch(func)


_NO_DISPATCH: dict[str, Any] = {
    "has_torch_function": lambda *_: False,
    "has_torch_function_unary": lambda *_: False,
    "has_torch_function_variadic": lambda *_: False,
}


@cache
def without_dispatch(func: Any) -> Callable[..., Any] | None:
    """A copy of a function of torch that is written in Python, whose call traces the functions that it calls; or None.

    It has the same code, with globals in which `has_torch_function` is False: a mode does not see the function itself,
    and sees those that it calls.
    """
    if not isinstance(func, types.FunctionType) or not (func.__module__ or "").startswith("torch"):
        return None
    if func.__name__ == "fn" or func.__closure__:
        return None
    if func.__module__ == "torch._tensor" or "has_torch_function" not in " ".join(func.__code__.co_names):
        return None
    space = {**func.__globals__, **_NO_DISPATCH}
    copy = types.FunctionType(func.__code__, space, func.__name__, func.__defaults__, func.__closure__)
    copy.__kwdefaults__ = func.__kwdefaults__
    return copy


def refusal(name: str, outer: str, random: bool) -> tuple[str, str]:
    """The message and the fix for a function that is not registered."""
    if random:
        return f"{name} is random: its results differ between runs", "omit the noise in eval mode"
    if short_name(name) in DATA_SHAPED:
        return f"{name} returns a shape that depends on the data", SAME_FOR_EVERY_INPUT
    if "fake_quantize" in name:
        what = "fake quantization is on: it rounds activations to integers, which depends on the last bit of each float"
        return what, f"turn it off: {NO_FAKE_QUANT}"
    if name.startswith("quantized.") or "quantize_per" in name:
        return f"{name} computes with integers of a quantized model", FLOAT_MODEL
    inner = f": it calls {name}" if outer else ""
    return f"{outer or name} has no Caffe layer{inner}", ADD_HANDLER
