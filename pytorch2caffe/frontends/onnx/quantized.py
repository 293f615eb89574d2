"""QuantizeLinear and DequantizeLinear of activations: read as float, with the range that their integers represent."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import ConversionWarning, Refused
from ...graph.builder import Builder
from ...graph.graph import Graph
from ...layers.activation.clip import clip
from .files import dtype_of
from .tensors import FLOAT, Tensor

AS_FLOAT = "export the model in float, or quantize it in the QDQ format"


class QuantizedWarning(ConversionWarning):
    """A quantized model is read as float: its numbers are not rounded as in the file."""


@dataclass(frozen=True)
class Quantization:
    """The integers of a tensor: q stands for (q - zero) * scale, with q from the least to the greatest of `dtype`."""

    scale: float
    zero: int
    dtype: np.dtype

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest number that the integers stand for."""
        info = np.iinfo(self.dtype)
        return (int(info.min) - self.zero) * self.scale, (int(info.max) - self.zero) * self.scale


def quantized(net: Builder, tensors: Sequence[Tensor | None], attributes: Mapping[str, Any]) -> Tensor:
    """The output of QuantizeLinear: the float tensor, with its quantization.

    Quantizers remove a ReLU or ReLU6 where the integers begin at 0 and so do the same: it is a Clip again, unless the
    numbers are not negative anyway or are the network's input. Other numbers beyond the range are not clipped.
    Raises Refused for scales per channel.
    """
    x = tensors[0]
    assert x is not None and x.value is not None
    how = _quantization(tensors, attributes)
    low, high = how.range
    value = x.value
    if low == 0 and net.bounds.of(value)[0] < 0 and value not in net.graph.inputs:
        value = clip(net, value, 0.0, high)
    value.int8_range = max(value.int8_range, _threshold(how))
    return Tensor(how.dtype, value, quantization=how)


def dequantized(tensors: Sequence[Tensor | None], attributes: Mapping[str, Any]) -> Tensor:
    """The output of DequantizeLinear for a tensor of `quantized`. Raises Refused if it does not undo that."""
    x = tensors[0]
    assert x is not None and x.quantization is not None
    if _quantization(tensors, attributes, x.quantization.dtype) != x.quantization:
        raise Refused("a DequantizeLinear with another scale or zero point than the QuantizeLinear before it", AS_FLOAT)
    return Tensor(FLOAT, x.value)


def refuse_integers(op: str, tensors: Sequence[Any]) -> None:
    """Raises Refused if an operator reads the integers of a quantized tensor, or quantizes constants to a few bits."""
    if op == "QuantizeLinear" and any(isinstance(tensor, Tensor) and tensor.packed for tensor in tensors):
        raise Refused("a QuantizeLinear to 4 bits or fewer", "quantize to 8 bits")
    if any(isinstance(tensor, Tensor) and tensor.quantization for tensor in tensors):
        raise Refused(f"{op} computes with integers of a quantized model", AS_FLOAT)


def warn_of_quantized(graph: Graph) -> None:
    """Gives a QuantizedWarning if the file was a quantized model."""
    if count := sum(value.int8_range > 0 for value in graph.values()):
        kept = "the ranges are kept for an int8 table (pytorch2caffe ncnn --int8, calibrate)"
        tensors = "1 tensor is" if count == 1 else f"{count} tensors are"
        warnings.warn(f"a quantized model: {tensors} read as float, not rounded; {kept}", QuantizedWarning, 2)


def _threshold(how: Quantization) -> float:
    """The largest magnitude of a symmetric int8 range for these numbers: 127 steps where they are int8 already."""
    symmetric = how.zero == 0 and np.iinfo(how.dtype).min < 0
    return np.iinfo(how.dtype).max * how.scale if symmetric else max(map(abs, how.range))


def _quantization(
    tensors: Sequence[Tensor | None], attributes: Mapping[str, Any], dtype: np.dtype | None = None
) -> Quantization:
    """The scale, zero point and type that a node has as constants. dtype: that of its input, if it reads integers."""
    scale, zero = (each.array() if each is not None else None for each in (*tensors[1:], None, None)[:2])
    if scale is None or scale.size != 1 or zero is not None and zero.size != 1:
        raise Refused("a tensor that depends on the input, quantized by several scales", "use one scale for a tensor")
    if any(each is not None and each.packed for each in tensors):
        raise Refused("a tensor of 4 bits that depends on the input", "quantize activations to 8 bits")
    named = attributes.get("output_dtype")
    kind = dtype or (zero.dtype if zero is not None else dtype_of(named) if named else np.dtype(np.uint8))
    step = float(scale.reshape(()))
    if kind.kind not in "iu" or not 0 < step < np.inf:
        raise Refused(f"a QuantizeLinear to {kind} by {step}", "use a positive scale, and int8 or uint8")
    return Quantization(step, 0 if zero is None else int(zero.reshape(())), kind)
