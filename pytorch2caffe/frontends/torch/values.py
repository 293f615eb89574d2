"""The tensors of one trace: which are values of the network, which are constants, and which are neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch.utils._python_dispatch import _disable_current_modes
from torch.utils.weak import WeakIdKeyDictionary

from ...graph.bounds import ValueBounds
from ...graph.graph import Value
from ...layers.indexing.subscript import DATA_SHAPED
from .casts import declare
from .functions import SAME_FOR_EVERY_INPUT
from .memory import Memory, Write
from .structure import mapped, tensors_in
from .taint import RANDOM, UNWRITTEN, Stamp, Taint

NEW_TENSOR = "replace the in-place call by one that returns a new tensor (relu(x) for relu_(x), x = x + y for x += y)"

REGISTER = "compute it with torch (torch.zeros for a start); register operators of compiled extensions with torch"
FILL = "write all of it, allocate it with torch.zeros, or join its parts with torch.cat or torch.stack"


class Note(Protocol):
    """Adds a problem to the list, by default at the location of the current call."""

    def __call__(self, what: str, fix: str, where: str = "") -> None: ...


class Selection(NamedTuple):
    """What a mask of the input selects of a value, which is computed everywhere."""

    value: Value
    mask: Value


class Values:
    """The Value or the constant of each tensor, by weak reference. A tensor that is neither is noted as a problem.

    keep:  record the array of every value.
    dtype: the type of the values: float32, as Caffe computes, or float64.
    """

    def __init__(
        self,
        taint: Taint,
        memory: Memory,
        note: Note,
        keep: bool,
        bounds: ValueBounds,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.dtype = dtype
        self.recorded: dict[Value, np.ndarray] = {}
        self.computed_constants: list[tuple[str, np.ndarray]] = []  # (where, array) of constants that are not weights
        self.function = ""  # the torch function of the current call
        self.escaped = False  # whether values were passed out of PyTorch: unwritten memory is a consequence of that
        self._keep = keep
        self._bounds = bounds
        self._taint = taint
        self._memory = memory
        self._note = note
        self._values = WeakIdKeyDictionary()  # tensor -> (Value, stamp when it was bound, what it contained then)
        self._selections = WeakIdKeyDictionary()  # tensor -> (Selection, stamp when it was bound)
        self._constants = WeakIdKeyDictionary()  # tensor -> (array, stamp when it was read)
        self.without_layer = WeakIdKeyDictionary()  # tensor -> the function that returned it without a layer for it

    def bind(self, tensor: torch.Tensor, value: Value) -> None:
        self._taint.add(tensor)
        self._remember(tensor, value, self._memory.bind(tensor, value))

    def bind_selection(self, tensor: torch.Tensor, selection: Selection) -> None:
        """Tells what a tensor of unknown size was selected from."""
        self._taint.add(tensor, counted=False)
        self._selections[tensor] = selection, self._taint.stamp(tensor)

    def selection(self, tensor: Any) -> Selection | None:
        """What a tensor was selected from; None for others."""
        if not isinstance(tensor, torch.Tensor):
            return None
        selection, stamp = self._selections.get(tensor, (None, None))
        return selection if stamp is not None and self._taint.stamp(tensor) == stamp else None

    def is_traced(self, tensor: torch.Tensor) -> bool:
        """Whether the numbers of a tensor depend on the input."""
        return self._taint.has(tensor)

    def bind_constant(self, tensor: torch.Tensor, array: np.ndarray) -> None:
        """Tells that a part of traced memory was overwritten by `array`."""
        if self._taint.has(tensor):
            self._memory.bind(tensor, array)
            self._values.pop(tensor, None)

    def _remember(self, tensor: torch.Tensor, value: Value, contents: Write | None) -> None:
        declare(self._bounds, value, tensor.dtype)
        self._values[tensor] = (value, self._taint.stamp(tensor), contents)
        if self._keep:
            with _disable_current_modes():
                self.recorded[value] = tensor.detach().to(self.dtype).numpy().copy()

    def _of(self, tensor: torch.Tensor) -> tuple[Value | None, Stamp | None, Write | None]:
        """What a tensor was bound to last, unless it has other memory since: x.set_(y)."""
        found: tuple[Value, Stamp, Write | None] | None = self._values.get(tensor)
        if found is None or found[1][0] != self._taint.key(tensor):
            return None, None, None
        return found

    def is_changed(self, tensor: Any) -> bool:
        """Whether a traced tensor was written into through another since its value was bound, or never had one."""
        if not isinstance(tensor, torch.Tensor) or not self._taint.has(tensor) or not self._memory.holds(tensor):
            return False
        return self._taint.stamp(tensor) != self._of(tensor)[1]

    def value_of(self, tensor: torch.Tensor, where: str = "") -> Value | None:
        """The value of a traced tensor; None for a constant, and for anything else, after noting a problem."""
        value, stamp, known = self._of(tensor)
        if value is not None and self._taint.stamp(tensor) == stamp:
            return value
        if not self._taint.has(tensor):
            return None
        if self._memory.holds(tensor):
            found = self._memory.read(tensor, known)
            if found.has_gaps:
                self._note_gaps(tensor, where)
                return None
            for write, array in found.constants:
                self._note_source(tensor, write.colours)
                if not write.weights:
                    self.computed_constants.append((self._taint.location().where, array))
            if found.value is not None:
                self._remember(tensor, found.value, self._memory.seen(tensor, found.value))
            if found.value is not None or found.constants:
                return found.value
        location, traced = self._taint.last_write(tensor)
        location = location or where
        if value is not None:
            what = "a tensor whose memory was overwritten in place through another tensor"
            what = f"returns {what}" if where else f"{self.function} reads {what} (at {location})"
            self._note(what, NEW_TENSOR, location if where else "")
        elif tensor in self._selections:
            self._note("a tensor whose size depends on the input", DATA_SHAPED, location if where else "")
        elif tensor in self.without_layer:
            source = self.without_layer[tensor]
            what = f"{self.function} uses an output of {source} that no Caffe layer computes".strip()
            self._note(what, "omit that output, or compute it from the others", location if where else "")
        else:
            fix = "use the plain Python module or function instead: with PYTORCH_JIT=0 torch.jit.script returns it"
            if traced and not where:
                self._note(f"{self.function} reads memory that is shared with a traced tensor (at {location})", fix)
            else:
                what = "returns a tensor that depends on the input but was not traced (a scripted module or function, "
                what += "a custom operator, torch.func, or memory shared with a traced tensor)"
                self._note(what, fix, location)
        return None

    def swap(self, item: Any) -> Any:
        """`item` with each traced tensor replaced by its Value and each other tensor by its array."""
        if isinstance(item, torch.Tensor):
            selected = self.selection(item)
            value = self.value_of(item) if selected is None else selected.value
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
        values = (self._values.get(tensor, (None,))[0] for tensor in tensors_in(item) if tensor.dtype == torch.bool)
        return {value for value in values if value is not None}

    def _index(self, item: Any) -> Any:
        if isinstance(item, torch.Tensor) and self._taint.has(item):
            self._note("a slice whose bounds depend on the input", SAME_FOR_EVERY_INPUT)
            return None
        return int(item) if isinstance(item, torch.Tensor) else item

    def array_of(self, tensor: torch.Tensor) -> np.ndarray:
        """A constant as an array, the same object each time: shared weights are recognized by identity."""
        array, stamp = self._constants.get(tensor, (None, None))
        now = self._taint.stamp(tensor)
        if array is not None and stamp == now:
            return array
        self._note_source(tensor, self._taint.colours(tensor))
        if tensor.is_complex() or tensor.is_quantized or tensor.layout != torch.strided:
            self._note(f"uses a constant that is {tensor.dtype}, {tensor.layout}", "use plain float tensors")
            return np.zeros(tuple(tensor.shape), np.float32)
        with _disable_current_modes():
            dtype = torch.float32 if tensor.is_floating_point() else tensor.dtype
            array = tensor.detach().resolve_conj().resolve_neg().to("cpu", dtype, copy=True).contiguous().numpy()
        self._constants[tensor] = (array, now)
        if not self._taint.owns(tensor):
            self.computed_constants.append((self._taint.location().where, array))
        return array

    def _note_source(self, tensor: torch.Tensor, colours: int) -> None:
        """Notes a constant that is not one: random numbers, and memory that an extension may have written."""
        origin = self._taint.origin(tensor)
        elsewhere = origin and origin != self._taint.location().where
        if colours & RANDOM:
            drawn = f" (drawn at {origin})" if elsewhere else ""
            fix = "omit the noise in eval mode, or store it in a buffer"
            self._note(f"{self.function} uses random numbers{drawn}, which differ between runs", fix)
        elif colours & UNWRITTEN and tensor.numel() and not self.escaped:
            allocated = f" (allocated at {origin})" if elsewhere else ""
            what = f"{self.function} uses memory that no torch operation wrote{allocated}: its values cannot be traced"
            self._note(what, REGISTER)

    def _note_gaps(self, tensor: torch.Tensor, where: str) -> None:
        if not self.escaped:
            what = "returns" if where else f"{self.function} uses"
            what += f" memory allocated at {self._taint.origin(tensor)}, parts of which no torch operation wrote"
            self._note(what, FILL, where)

    def in_dtype(self, args: Any, kwargs: Any) -> tuple[Any, list[torch.Tensor]]:
        """The arguments with constants of other float types, and requests for such types, converted to `dtype`."""
        copies: list[torch.Tensor] = []

        def plain(_: str, item: Any) -> Any:
            if isinstance(item, torch.dtype) and item.is_floating_point:
                return self.dtype
            if isinstance(item, torch.Tensor) and item.is_floating_point() and item.dtype != self.dtype:
                copies.append(item.to(self.dtype))
                return copies[-1]
            return item

        tensors = list(tensors_in((args, kwargs)))
        dtypes = any(isinstance(item, torch.dtype) for item in (*args, *kwargs.values()))
        if dtypes or any(t.dtype != self.dtype and t.is_floating_point() for t in tensors):
            args, kwargs = mapped(plain, "", tuple(args)), mapped(plain, "", dict(kwargs))
        return (args, kwargs), copies

    def type_seen(self, tensor: torch.Tensor) -> torch.dtype:
        """The type that the model is told: a network that computes in float64 is a float32 model."""
        return self._seen(tensor.dtype)

    def _seen(self, dtype: torch.dtype) -> torch.dtype:
        return torch.float32 if dtype == self.dtype else dtype

    def result_in_dtype(self, result: Any) -> Any:
        """What a call returned, for a network that computes in float64: float32 tensors, which it created from numbers
        or integers, converted; and where the model asks for a type, float32.
        """
        if self.dtype == torch.float32:
            return result
        if isinstance(result, torch.dtype):
            return self._seen(result)
        if any(t.is_floating_point() and t.dtype != self.dtype for t in tensors_in(result)):
            return self.in_dtype((result,), {})[0][0][0]
        return result
