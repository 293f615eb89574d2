"""Finds by experiment which tensors among the arguments of a function of torch its results do not depend on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.overrides import get_testing_overrides, resolve_name
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils._pytree import tree_leaves, tree_map

from tests.sweep.samples import samples_of

Call = tuple[tuple[Any, ...], dict[str, Any]]
Key = int | str

SAMPLES = 8  # sets of arguments per function
# LAPACK stops the process on NaN.
MATRICES = ("linalg", "svd", "eig", "lstsq", "qr", "lu", "cholesky", "pinv", "det", "inverse", "solve", "rank", "hist")
# They read beyond their arguments where these are changed, or run for minutes.
LEFT_OUT = {"segment_reduce", "ormqr", "bincount", "lu_unpack", "grid_sampler_3d", "nn.functional.embedding_bag"}


def calls() -> Iterator[tuple[str, Callable[..., Any], list[Call]]]:
    """(public name, function, arguments of some calls) of each overridable function.

    The arguments are torch's own samples, where it has any, and up to three tensors of one shape.
    """
    seen: set[str] = set()
    for op in op_db:
        if op.name in LEFT_OUT or op.name.startswith("linalg."):
            continue
        dtype = next((d for d in (torch.float32, torch.int64, torch.bool, torch.complex64) if d in op.dtypes), None)
        samples = samples_of(op, dtype, SAMPLES) if dtype else []
        for function in (op.op, op.method_variant, op.inplace_variant):
            name = resolve_name(function) if function is not None else None
            if name and name not in seen:
                seen.add(name)
                yield name, function, [((s.input, *s.args), s.kwargs) for s in samples] + _plain()
    for function in (*get_testing_overrides(), torch.Tensor.new_tensor):
        name = resolve_name(function)
        if name and name not in seen and not name.startswith("aten.") and not name.endswith("_get__"):
            yield name, function, _plain()


def _plain() -> list[Call]:
    generator = torch.Generator().manual_seed(0)
    numbers = torch.rand((3, 2, 3), generator=generator)
    zeros_and_ones = (torch.rand((3, 2, 3), generator=generator) > 0.5).float()
    return [(tuple(tensors[:count]), {}) for tensors in (numbers, zeros_and_ones) for count in (1, 2, 3)]


def unread(name: str, function: Callable[..., Any], samples: list[Call]) -> set[Key]:
    """The positions and keywords of the tensors that none of the calls depends on. Empty where no call succeeds."""
    results: dict[Key, bool] = {}
    for args, kwargs in samples:
        args, kwargs = tree_map(_copied, (args, kwargs))
        for key, tensor in [*enumerate(args), *kwargs.items()]:
            if isinstance(tensor, torch.Tensor) and not results.get(key, False):
                depends = _depends(name, function, args, kwargs, key, tensor)
                if depends is not None:
                    results[key] = depends
    return {key for key, depends in results.items() if not depends}


def _depends(
    name: str, function: Callable[..., Any], args: Any, kwargs: Any, key: Key, tensor: torch.Tensor
) -> bool | None:
    """Whether the result changes with the numbers of one argument; None where that cannot be found out."""
    try:
        expected = _run(function, args, kwargs)
        if not _same(expected, _run(function, args, kwargs)) or not _has_numbers(expected):
            return None
    except Exception:
        return None
    alternatives = 0
    for other in _alternatives(name, tensor, [*args, *kwargs.values()]):
        alternatives += 1
        changed = [other if position == key else item for position, item in enumerate(args)]
        named = {**kwargs, key: other} if isinstance(key, str) else kwargs
        try:
            if not _same(expected, _run(function, changed, named)):
                return True
        except Exception:
            return True
    return False if alternatives else None


def _alternatives(name: str, tensor: torch.Tensor, arguments: list[Any]) -> Iterator[torch.Tensor]:
    """Other numbers of the same shape and type."""
    generator = torch.Generator().manual_seed(0)
    candidates = [tensor.flip(tuple(range(tensor.dim()))), torch.zeros_like(tensor), torch.ones_like(tensor)]
    candidates.append(torch.where(torch.rand(tensor.shape, generator=generator) > 0.5, tensor, candidates[1]))
    if tensor.dtype == torch.bool:
        candidates.append(~tensor)
    elif tensor.dtype.is_floating_point or tensor.dtype.is_complex:
        candidates += [tensor * 0.75 + 0.11, torch.rand(tensor.shape, generator=generator).to(tensor.dtype)]
        if not any(word in name for word in MATRICES):
            candidates += [torch.full_like(tensor, value) for value in (float("nan"), float("inf"), -float("inf"))]
    else:
        candidates += [tensor + 1, tensor - 1]
    others = (item for item in arguments if isinstance(item, torch.Tensor) and item is not tensor)
    candidates += [item for item in others if item.shape == tensor.shape and item.dtype == tensor.dtype]
    yield from (item for item in candidates if not torch.equal(item, tensor))


def _run(function: Callable[..., Any], args: Any, kwargs: Any) -> list[Any]:
    args, kwargs = tree_map(_copied, (tuple(args), kwargs))
    torch.default_generator.manual_seed(0)
    return tree_leaves(function(*args, **kwargs))


def _copied(item: Any) -> Any:
    return item.detach().clone() if isinstance(item, torch.Tensor) and item.layout == torch.strided else item


def _has_numbers(results: list[Any]) -> bool:
    return any(isinstance(item, torch.Tensor) and item.numel() for item in results)


def _same(ones: list[Any], others: list[Any]) -> bool:
    return len(ones) == len(others) and all(map(_equal, ones, others))


def _equal(one: Any, other: Any) -> bool:
    if not isinstance(one, torch.Tensor):
        return bool(one is other or one == other)
    if not isinstance(other, torch.Tensor) or one.shape != other.shape or one.layout != torch.strided:
        return False
    return one.dtype == other.dtype and torch.equal(one, other) or torch.allclose(one, other, 0, 0, equal_nan=True)
