"""The operators of TorchScript that are no torch functions: those of numbers, types, lists, dicts and strings."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch

# ScalarType of c10/core/ScalarType.h: programs have types as these numbers.
_TYPES = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.float32, torch.float64]
_TYPES += [torch.complex32, torch.complex64, torch.complex128, torch.bool]
SCALAR_TYPES = {**dict(enumerate(_TYPES)), 15: torch.bfloat16}
_NUMBERS = {dtype: number for number, dtype in SCALAR_TYPES.items()}
_LAYOUTS = {0: torch.strided}
_MEMORY_FORMATS = {0: torch.contiguous_format, 1: torch.preserve_format, 2: torch.channels_last}
_MEMORY_FORMATS[3] = torch.channels_last_3d


def as_torch_type(wanted: str, item: Any) -> Any:
    """The number of a type, layout or memory format as torch's own object, where an operator takes one."""
    if not isinstance(item, int) or isinstance(item, bool):
        return item
    for name, table in (("ScalarType", SCALAR_TYPES), ("Layout", _LAYOUTS), ("MemoryFormat", _MEMORY_FORMATS)):
        if name in wanted:
            return table.get(item, item)  # type: ignore[attr-defined]
    return item


def in_python(inputs: list[Any]) -> bool:
    """Whether the first operand is a list, dict, string or the like, and no tensor or number."""
    return bool(inputs) and not isinstance(inputs[0], (torch.Tensor, int, float))


def _append(items: list[Any], item: Any) -> list[Any]:
    items.append(item)
    return items


def _set(items: Any, key: Any, item: Any) -> Any:
    items[key] = item
    return items


def _slice(items: Any, start: int | None = None, end: int | None = None, step: int = 1) -> Any:
    return items[start:end:step]


def _unwrap(item: Any) -> Any:
    if item is None:
        raise RuntimeError("Unwrapping null optional")
    return item


def _number_of(value: Any) -> Any:
    return value.item() if isinstance(value, torch.Tensor) else value


# With a list, dict or string as first operand; torch's own operators would copy it.
CONTAINERS: dict[str, Callable[..., Any]] = {
    "aten::__getitem__": operator.getitem,
    "aten::_set_item": _set,
    "aten::Delete": operator.delitem,
    "aten::append": _append,
    "aten::extend": list.extend,
    "aten::insert": list.insert,
    "aten::pop": lambda items, *key: items.pop(*key),
    "aten::clear": lambda items: items.clear(),  # of a list or a dict
    "aten::reverse": list.reverse,
    "aten::copy": lambda items: items.copy(),
    "aten::list": list,
    "aten::dict": dict,
    "aten::len": len,
    "aten::slice": _slice,
    "aten::add": operator.add,
    "aten::add_": operator.iadd,
    "aten::mul": operator.mul,
    "aten::eq": operator.eq,
    "aten::ne": operator.ne,
    "aten::__contains__": operator.contains,
    "aten::index": lambda items, item: items.index(item),
    "aten::count": lambda items, item: items.count(item),
    "aten::keys": lambda items: list(items.keys()),
    "aten::values": lambda items: list(items.values()),
    "aten::items": lambda items: list(items.items()),
    "aten::get": lambda items, key, default=None: items.get(key, default),
    "aten::format": str.format,
    "aten::lower": str.lower,
    "aten::__and__": operator.and_,
}

NUMBERS: dict[str, Callable[..., Any]] = {
    "aten::__is__": operator.is_,
    "aten::__isnot__": operator.is_not,
    "aten::__not__": operator.not_,
    "aten::_unwrap_optional": _unwrap,
    "prim::unchecked_cast": lambda item: item,
    "prim::unchecked_unwrap_optional": lambda item: item,
    "aten::Int": int,
    "aten::Float": float,
    "aten::Bool": bool,
    "aten::str": str,
    "aten::ScalarImplicit": _number_of,
    "aten::IntImplicit": int,
    "aten::FloatImplicit": float,
    "prim::NumToTensor": torch.tensor,
    "prim::TupleIndex": operator.getitem,
    "prim::min": min,
    "prim::max": max,
    "prim::abs": abs,
    "prim::dtype": lambda tensor: _NUMBERS[tensor.dtype],
    "prim::device": lambda tensor: tensor.device,
    "prim::layout": lambda _: 0,  # strided
    "prim::is_cuda": lambda tensor: tensor.is_cuda,
    "prim::is_quantized": lambda tensor: tensor.is_quantized,
    "prim::is_nested": lambda tensor: tensor.is_nested,
    "prim::is_sparse": lambda tensor: tensor.is_sparse,
    "prim::requires_grad": lambda tensor: tensor.requires_grad,
    "prim::shape": lambda tensor: list(tensor.shape),
    "prim::data": lambda tensor: tensor.data,
    "prim::itemsize": lambda tensor: tensor.element_size(),
    "prim::type": lambda device: device.type,
}
