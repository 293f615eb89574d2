"""The tensors of one trace: which are values of the network, which are constants, and which are neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch.utils._python_dispatch import _disable_current_modes
from torch.utils.weak import WeakIdKeyDictionary

from ...graph.graph import Value
from .functions import SAME_FOR_EVERY_INPUT
from .structure import mapped, tensors_in
from .taint import RANDOM, UNWRITTEN, Taint

NEW_TENSOR = "replace the in-place call by one that returns a new tensor (relu(x) for relu_(x), x = x + y for x += y)"


class Note(Protocol):
    """Adds a problem to the list, by default at the place of the call being handled."""

    def __call__(self, what: str, fix: str, where: str = "") -> None: ...


class Values:
    """What each tensor stands for. Tensors that died are forgotten; what cannot be told is noted as a problem."""

    def __init__(self, taint: Taint, note: Note, keep: bool) -> None:
        self.kept: dict[Value, np.ndarray] = {}
        self.made: list[tuple[str, np.ndarray]] = []  # (place, array) of the constants that are not the model's own
        self.reader = ""  # the function that reads them
        self._keep = keep
        self._taint = taint
        self._note = note
        self._values = WeakIdKeyDictionary()  # tensor -> (Value, stamp when it was bound)
        self._constants = WeakIdKeyDictionary()  # tensor -> (array, stamp when it was read)
        self.lacking = WeakIdKeyDictionary()  # tensor -> the function that gave it without a layer for it

    def bind(self, tensor: torch.Tensor, value: Value) -> None:
        self._taint.add(tensor)
        self._values[tensor] = (value, self._taint.stamp(tensor))
        if self._keep:
            with _disable_current_modes():
                self.kept[value] = tensor.detach().to(torch.float32).numpy().copy()

    def value_of(self, tensor: torch.Tensor, place: str = "") -> Value | None:
        """The value of a traced tensor; None for a constant, and with a problem noted if neither is true."""
        value, stamp = self._values.get(tensor, (None, None))
        if value is not None and self._taint.stamp(tensor) == stamp:
            return value
        if not self._taint.has(tensor):
            return None
        origin, traced = self._taint.origin(tensor)
        origin = origin or place
        if value is not None:
            what = "a tensor whose memory was overwritten in place through another tensor"
            what = f"returns {what}" if place else f"{self.reader} reads {what} (at {origin})"
            self._note(what, NEW_TENSOR, origin if place else "")
        elif tensor in self.lacking:
            what = f"{self.reader} uses an output of {self.lacking[tensor]} that no Caffe layer gives".strip()
            self._note(what, "leave that output out, or compute it from the others", origin if place else "")
        else:
            fix = "use the plain Python module or function in its place"
            if traced and not place:
                self._note(f"{self.reader} reads memory that is shared with a traced tensor (at {origin})", fix)
            else:
                what = "makes a tensor that depends on the input but was not traced (a scripted module or function, a "
                self._note(f"{what}custom operator, torch.func, or memory shared with a traced tensor)", fix, origin)
        return None

    def swap(self, item: Any) -> Any:
        """`item` with each traced tensor replaced by its Value and each other tensor by its array."""
        if isinstance(item, torch.Tensor):
            value = self.value_of(item)
            if value is None and self._taint.has(item):  # noted as a problem
                return Value("unsupported", tuple(item.shape))
            return self.array_of(item) if value is None else value
        if isinstance(item, Mapping):
            return {key: self.swap(part) for key, part in item.items()}
        if isinstance(item, (tuple, list)):
            parts = [self.swap(part) for part in item]
            return parts if isinstance(item, list) else tuple(parts)
        if isinstance(item, slice):
            return slice(*(self._index(part) for part in (item.start, item.stop, item.step)))
        if isinstance(item, complex):
            self._note("computes with complex numbers", "use two real tensors")
        return item

    def masks_in(self, item: Any) -> set[Value]:
        """The values of the tensors that are bool."""
        found = (self._values.get(tensor, (None,))[0] for tensor in tensors_in(item) if tensor.dtype == torch.bool)
        return {value for value in found if value is not None}

    def _index(self, item: Any) -> Any:
        if isinstance(item, torch.Tensor) and self._taint.has(item):
            self._note("a slice whose ends depend on the input", SAME_FOR_EVERY_INPUT)
            return None
        return int(item) if isinstance(item, torch.Tensor) else item

    def array_of(self, tensor: torch.Tensor) -> np.ndarray:
        """A constant as an array, the same object each time: identity is how shared weights are known."""
        array, stamp = self._constants.get(tensor, (None, None))
        now = self._taint.stamp(tensor)
        if array is not None and stamp == now:
            return array
        colours = self._taint.colours(tensor)
        if colours & RANDOM:
            self._note("uses random numbers: no two runs agree", "leave the noise out in eval mode, or store it")
        elif colours & UNWRITTEN and tensor.numel():
            what = "uses memory that no torch operation filled: its values came by a road that cannot be traced"
            self._note(what, "compute with torch; a compiled extension needs a registered torch operator")
        if tensor.is_complex() or tensor.is_quantized or tensor.layout != torch.strided:
            self._note(f"uses a constant that is {tensor.dtype}, {tensor.layout}", "use plain float tensors")
            return np.zeros(tuple(tensor.shape), np.float32)
        with _disable_current_modes():
            dtype = torch.float32 if tensor.is_floating_point() else tensor.dtype
            array = tensor.detach().resolve_conj().resolve_neg().to("cpu", dtype, copy=True).contiguous().numpy()
        self._constants[tensor] = (array, now)
        if not self._taint.owns(tensor):
            self.made.append((self._taint.place().where, array))
        return array

    def in_float32(self, args: Any, kwargs: Any) -> tuple[Any, list[torch.Tensor]]:
        """The arguments with constants of other float types, and requests for such types, turned to float32."""
        copies: list[torch.Tensor] = []

        def plain(_: str, item: Any) -> Any:
            if isinstance(item, torch.dtype) and item.is_floating_point:
                return torch.float32
            if isinstance(item, torch.Tensor) and item.is_floating_point() and item.dtype != torch.float32:
                copies.append(item.float())
                return copies[-1]
            return item

        tensors = list(tensors_in((args, kwargs)))
        dtypes = any(isinstance(item, torch.dtype) for item in (*args, *kwargs.values()))
        if dtypes or any(t.dtype != torch.float32 and t.is_floating_point() for t in tensors):
            args, kwargs = mapped(plain, "", tuple(args)), mapped(plain, "", dict(kwargs))
        return (args, kwargs), copies
