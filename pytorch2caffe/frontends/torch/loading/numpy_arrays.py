"""The numpy arrays and numbers in a pickle, rebuilt from their bytes without numpy's own functions.

Source: numpy, _core/src/multiarray/methods.c (array_reduce, array_reduce_ex), scalartypes.c, _core/numeric.py.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

CODES = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "b1"}  # numpy's types that torch has too


class NumpyDtype:
    """A dtype: its code, such as f4, and its byte order."""

    def __init__(self, code: Any, *_: Any) -> None:
        if code not in CODES:
            raise pickle.UnpicklingError(f"a numpy array of type {str(code)[:20]}")
        self._code = code
        self._order = "<"

    def __setstate__(self, state: Any) -> None:
        self._order = ">" if state[1] in (">", b">") else "<"

    def numbers(self, content: Any) -> np.ndarray:
        """The numbers in some bytes, in the byte order of this machine: [count]."""
        content = content.encode("latin-1") if isinstance(content, str) else content
        array = np.frombuffer(content, np.dtype(f"{self._order}{self._code}"))
        return array.astype(array.dtype.newbyteorder("="))  # a copy: torch warns about memory that is read-only


class NumpyArray:
    """An array. tensor: its numbers; None until the pickle has given them."""

    tensor: torch.Tensor | None = None

    def __init__(self, *_: Any) -> None:
        """The pickle gives the type and the shape of an empty array first."""

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, content = state
        self.tensor = _tensor(dtype, shape, content, "F" if fortran else "C")


def _from_buffer(content: Any, dtype: NumpyDtype, shape: Any, order: Any) -> NumpyArray:
    array = NumpyArray()
    array.tensor = _tensor(dtype, shape, content, order)
    return array


def _scalar(dtype: NumpyDtype, content: Any) -> NumpyArray:
    return _from_buffer(content, dtype, (), "C")


def _tensor(dtype: NumpyDtype, shape: Sequence[int], content: Any, order: Any) -> torch.Tensor:
    array = dtype.numbers(content).reshape(tuple(shape), order="F" if order == "F" else "C")
    return torch.from_numpy(np.ascontiguousarray(array).reshape(tuple(shape)))


def _encode(text: str, encoding: str) -> bytes:
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"bytes in the encoding {encoding[:20]}")
    return text.encode("latin-1")


NUMPY_FUNCTIONS: dict[tuple[str, str], Callable[..., Any]] = {
    **{(f"numpy.{core}.multiarray", "_reconstruct"): NumpyArray for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _scalar for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): _from_buffer for core in ("core", "_core")},
    ("numpy", "dtype"): NumpyDtype,
    ("_codecs", "encode"): _encode,
}
