"""Assignments into parts of tensors, y[:, :2] = x, as writes into views."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import _disable_current_modes

from ...errors import Refused
from .functions import short_name
from .memory import Memory, strided
from .metadata import OVERWRITTEN
from .structure import tensors_in
from .taint import Taint

# Calls that return views, where PyTorch can, and write nothing.
_VIEWS = """
    __getitem__ narrow select chunk split split_with_sizes tensor_split hsplit vsplit dsplit unbind unflatten flatten
    view view_as reshape reshape_as ravel squeeze unsqueeze transpose t permute movedim moveaxis swapaxes swapdims
    adjoint T mT H mH expand expand_as broadcast_to diagonal detach data contiguous alias slice atleast_1d atleast_2d
    atleast_3d unfold as_strided
"""
VIEWS = set(_VIEWS.split())


def part_written(tensor: Any, index: Any, taint: Taint) -> torch.Tensor | None:
    """The view that tensor[index] = ... writes into; None if the index has arrays, masks or traced tensors."""
    if any(taint.has(each) for each in tensors_in(index)):
        return None
    with _disable_current_modes():
        view: torch.Tensor = tensor[index]
        shares = view.untyped_storage().data_ptr() == tensor.untyped_storage().data_ptr()
    return view if shares or not view.numel() else None


def changes_nothing(part: torch.Tensor, value: Any, taint: Taint) -> bool:
    """Whether the part has no elements, or the value is the part: y[:, :2] *= 3 assigns what it has changed already."""
    if not part.numel():
        return True
    if not isinstance(value, torch.Tensor) or taint.key(value) != taint.key(part):
        return False
    return value.dtype == part.dtype and strided(value) == strided(part)


def write_part(part: torch.Tensor, value: Any) -> None:
    """Writes `value` into a view, as an assignment does: further axes of size 1 in front are dropped."""
    if not isinstance(value, torch.Tensor):
        part.fill_(value)
        return
    extra = value.dim() - part.dim()
    value = value.reshape(value.shape[extra:]) if extra > 0 else value
    part.copy_(value if value.shape == part.shape else value.expand(part.shape))


def out_shape(kwargs: Any) -> torch.Size | None:
    """The shape of the tensor that `out` names; None if it is empty, so that PyTorch allocates it."""
    out = kwargs.get("out")
    return out.shape if isinstance(out, torch.Tensor) and out.numel() else None


def refuse_writes(
    memory: Memory, name: str, arguments: list[torch.Tensor], targets: list[Any], copies: list[torch.Tensor]
) -> None:
    """Raises Refused for a call that wrote into memory that it does not return, or reads in some order."""
    if memory.written_elsewhere(copies, []):
        raise Refused(f"{name} writes into a tensor that is not float32", "make that tensor float32")
    if memory.written_twice() and short_name(name) not in ("fill_", "zero_"):
        raise Refused(f"{name} writes into an expanded tensor", "clone() it first: several elements share memory")
    if memory.disturbs(arguments, copied=short_name(name) in OVERWRITTEN):
        raise Refused(f"{name} writes into memory that it reads, in no certain order", "clone() what is read first")
    if memory.written_elsewhere(arguments, targets):
        raise Refused(f"{name} writes into a tensor that it does not return", "assign its result instead")
