"""Which arguments of a torch function are read for their shape, type and device only.

A call depends on the network's input only through the numbers that it reads: `constant.type_as(x)` is a constant, and
`x.expand_as(y)` an expand of x alone. tests/frontends/torch/test_metadata.py compares these tables with what the
functions of torch do.
"""

from __future__ import annotations

from typing import Any

import torch

from ...graph.graph import Value

# They read or set properties of a tensor, and compute nothing.
_PROPERTIES = """
    shape ndim dtype device layout requires_grad is_leaf grad grad_fn is_cuda is_cpu is_sparse is_quantized is_meta
    is_mkldnn is_mps is_xpu is_nested is_sparse_csr is_xla is_ipu is_ort is_vulkan is_maia is_mtia names _version
    itemsize nbytes name size dim ndimension numel nelement stride is_contiguous storage_offset element_size
    is_floating_point is_complex is_signed is_inference is_pinned is_shared is_same_size get_device __len__ __hash__
    __repr__ __format__ requires_grad_ retain_grad register_hook has_names _is_view is_tensor is_neg is_conj _assert
    is_storage get_default_dtype result_type can_cast promote_types is_distributed dim_order broadcast_shapes
"""
PROPERTIES = set(_PROPERTIES.split())
SIZES = {"shape", "size", "numel", "nelement", "__len__", "nbytes", "stride", "broadcast_shapes"}
SETTERS = {f"torch.Tensor.{name}.__set__" for name in ("requires_grad", "grad", "data")}  # memory is shared with data

_CREATED = """
    zeros_like ones_like full_like empty_like rand_like randn_like randint_like
    new_zeros new_ones new_full new_empty new_empty_strided
"""
CREATED = set(_CREATED.split())  # new tensors: of the tensor among their arguments they read no number
EMPTY = {"empty", "empty_strided", "empty_like", "empty_permuted", "new_empty", "new_empty_strided"}

_OVERWRITTEN = """
    copy_ fill_ fill zero_ zero normal_ uniform_ random_ cauchy_ exponential_ geometric_ log_normal_ bernoulli_
"""
OVERWRITTEN = set(_OVERWRITTEN.split())  # they give each number of their first argument a new one

# (position, keyword) of the argument that is not read.
UNREAD: dict[str, tuple[int, str]] = dict.fromkeys(
    CREATED | OVERWRITTEN | {"new", "new_tensor", "isreal"}, (0, "input")
)
UNREAD |= dict.fromkeys(("type_as", "expand_as", "view_as", "reshape_as"), (1, "other"))
UNREAD |= {"to": (1, "tensor"), **dict.fromkeys(("resize_as_", "resize_as"), (1, "the_template"))}


def reads_metadata_only(name: str, short: str, args: Any, kwargs: Any) -> bool:
    """Whether the result of a call does not depend on the values of its tensors, only on their shapes and types."""
    if short in PROPERTIES or name in SETTERS or short in CREATED:
        return True
    return name == "torch.Tensor.type" and len(args) == 1 and not kwargs


def without_unread(short: str, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """The arguments of a call, with the tensor whose numbers it does not read replaced by a Value of its shape."""
    if short not in UNREAD:
        return args, kwargs
    position, keyword = UNREAD[short]
    if position < len(args):
        return (*args[:position], _shape_of(args[position]), *args[position + 1 :]), kwargs
    if keyword in kwargs:
        return args, {**kwargs, keyword: _shape_of(kwargs[keyword])}
    return args, kwargs


def _shape_of(item: Any) -> Any:
    return Value("unread", tuple(item.shape)) if isinstance(item, torch.Tensor) else item
