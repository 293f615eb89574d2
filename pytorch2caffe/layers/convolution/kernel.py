"""Settings and weights that Convolution, Deconvolution and Im2col have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, Tagged, one_sample
from ...graph.graph import Operand, Shape, Value
from ...graph.registry import Layer, Source


@dataclass(frozen=True)
class Kernel(Layer):
    """The settings of Convolution and Deconvolution. Tuples have an entry per spatial axis.

    Source: BVLC Caffe, base_conv_layer.cpp.
    """

    needs_weights = True

    num_output: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...] = (1, 1)
    pad: tuple[int, ...] = (0, 0)
    dilation: tuple[int, ...] = (1, 1)
    group: int = 1
    bias_term: bool = True

    transposed: ClassVar[bool] = False

    def multiply_adds(self, inputs: Sequence[Shape], outputs: Sequence[Shape], blobs: Sequence[np.ndarray]) -> int:
        if self.transposed:
            return prod(inputs[0]) * prod(blobs[0].shape[1:])
        return prod(outputs[0]) * (blobs[0].size // self.num_output)

    def may_be_overwritten(self, inputs: int) -> bool:
        return True

    def to_caffe(self) -> dict[str, Any]:
        param: dict[str, Any] = {"num_output": self.num_output}
        if not self.bias_term:
            param["bias_term"] = False
        for name, default in (("pad", 0), ("kernel_size", None), ("stride", 1), ("dilation", 1)):
            param.update(size_fields(name, getattr(self, name), default))
        if self.group != 1:
            param["group"] = self.group
        return param

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        rank = len(shapes[0]) - 2
        if not 1 <= rank <= 3:
            raise Refused(f"{cls.type} of {len(shapes[0])} axes", "use N, C and one to three spatial axes")
        if param.get("axis", 1) not in (1, 1 - len(shapes[0])):
            raise Refused(
                f"{cls.type} with axis {param['axis']}, which is not the axis of the channels", "set axis to 1"
            )
        return cls(
            num_output=param["num_output"],
            kernel_size=read_sizes(param, "kernel_size", "kernel", rank, None),
            stride=read_sizes(param, "stride", "stride", rank, 1),
            pad=read_sizes(param, "pad", "pad", rank, 0),
            dilation=read_sizes(param, "dilation", "dilation", rank, 1),
            group=param.get("group", 1),
            bias_term=param.get("bias_term", True),
        )

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        channels, group = shapes[0][1], self.group
        filters = (channels, self.num_output // group) if self.transposed else (self.num_output, channels // group)
        return [(*filters, *self.kernel_size), *([(self.num_output,)] if self.bias_term else [])]

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        text = f"{shapes[0][1]}, {self.num_output}, {as_argument(self.kernel_size)}"
        for name, value, default in (("stride", self.stride, 1), ("padding", self.pad, 0)):
            text += f", {name}={as_argument(value)}" if set(value) != {default} else ""
        text += f", dilation={as_argument(self.dilation)}" if set(self.dilation) != {1} else ""
        text += f", groups={self.group}" if self.group != 1 else ""
        text += "" if self.bias_term else ", bias=False"
        kind = "ConvTranspose" if self.transposed else "Conv"
        state = dict(zip(("weight", "bias"), blobs, strict=False))
        return Source(f"nn.{kind}{len(self.kernel_size)}d({text})", state=state)

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        """One spatial axis becomes two, the first of size 1.

        The IR stores weights as [kernel..., in, out], transposed convolutions as [kernel..., out, in].
        """
        (x,), rank = inputs, len(self.kernel_size)
        if rank == 1:
            over_rows = replace(
                self,
                kernel_size=(1, *self.kernel_size),
                stride=(1, *self.stride),
                pad=(0, *self.pad),
                dilation=(1, *self.dilation),
            )
            row = net.reshape(x, (*x.shape[:2], 1, *x.shape[2:]))
            y = over_rows.to_ir(net, [row], [blobs[0][:, :, None], *blobs[1:]])
            return net.reshape(y, (*y.shape[:2], *y.shape[3:]))
        weight = blobs[0].transpose(*range(2, rank + 2), 1, 0)
        axes = zip(x.shape[2:], self.kernel_size, self.stride, self.pad, self.dilation, strict=True)
        channels = x.shape[1], self.num_output
        return net.op(
            "ConvTranspose" if self.transposed else "Conv",
            x,
            shape=(x.shape[0], self.num_output, *(self._output_size(*axis) for axis in axes)),
            weights={"weights": weight, **dict(zip(["bias"], blobs[1:], strict=False))},
            use_bias=self.bias_term,
            kernel_shape=[*self.kernel_size, *(channels[::-1] if self.transposed else channels)],
            strides=[1, *self.stride, 1],
            dilations=[1, *self.dilation, 1],
            pads=[0, *self.pad, 0] * 2,
            group=self.group,
        )

    def _output_size(self, size: int, kernel: int, stride: int, pad: int, dilation: int) -> int:
        """The size of the output along an axis, for an input of `size`."""
        extent = dilation * (kernel - 1) + 1
        return (size - 1) * stride - 2 * pad + extent if self.transposed else (size + 2 * pad - extent) // stride + 1

    def _ncnn(self, shape: Sequence[int], weight: np.ndarray, blobs: Sequence[np.ndarray]) -> Ncnn:
        """ncnn numbers a setting from the last axis on, in steps of 10: kernel width 1, height 11, depth 21."""
        rank = len(self.kernel_size)
        one_sample(shape, rank + 2)
        params = {0: self.num_output}
        for key, name, default in ((1, "kernel_size", None), (2, "dilation", 1), (3, "stride", 1), (4, "pad", 0)):
            values = getattr(self, name)
            if set(values) != {default}:
                params |= {key + 10 * i: size for i, size in enumerate(reversed(values)) if not i or size != values[-1]}
        params |= {5: int(self.bias_term), 6: weight.size}
        if self.group > 1:
            params[7] = self.group
        kind = ("DepthWise" if self.group > 1 else "") + ("" if rank == 2 else f"{rank}D")
        return Ncnn(self.type + kind, params, (Tagged(weight), *blobs[1:]))


def as_argument(values: tuple[int, ...]) -> str:
    """Sizes as an argument in Python source: one integer if all are equal, else a tuple.

    >>> as_argument((3, 3)), as_argument((3, 2))
    ('3', '(3, 2)')
    """
    return str(values[0]) if len(set(values)) == 1 else str(tuple(values))


def size_fields(name: str, values: tuple[int, ...], default: int | None) -> dict[str, Any]:
    """Sizes as fields of Caffe's message: {} if all are the default, one number if all are equal, _h and _w for two.

    Three equal sizes are written as a list too: OpenCV reads one number as two sizes.

    >>> size_fields("stride", (2, 2), 1), size_fields("stride", (2, 1), 1), size_fields("stride", (2, 2, 2), 1)
    ({'stride': [2]}, {'stride_h': 2, 'stride_w': 1}, {'stride': [2, 2, 2]})
    """
    if set(values) == {default}:
        return {}
    if len(set(values)) == 1 and len(values) < 3:
        return {name: [values[0]]}
    if len(values) == 2 and name != "dilation":
        short = "kernel" if name == "kernel_size" else name
        return {f"{short}_h": values[0], f"{short}_w": values[1]}
    return {name: list(values)}


def read_sizes(param: dict[str, Any], name: str, short: str, rank: int, default: int | None) -> tuple[int, ...]:
    """One size for each of `rank` axes, from the field `name` or from `short`_h and `short`_w.

    Raises Refused for both spellings at once, and for a list of another length.

    >>> read_sizes({"stride_h": 2, "stride_w": 1}, "stride", "stride", 2, 1), read_sizes({}, "stride", "stride", 2, 1)
    ((2, 1), (1, 1))
    """
    if f"{short}_h" in param or f"{short}_w" in param:
        if name in param:
            raise Refused(f"both {name} and {short}_h/{short}_w are given", f"keep one of the two spellings of {name}")
        return tuple(param.get(f"{short}_{axis}", default or 0) for axis in "hw")
    values = param.get(name) or ([] if default is None else [default])
    if len(values) not in (1, rank):
        raise Refused(f"{name} has {len(values)} values for {rank} axes", f"give {name} once, or once per axis")
    return tuple(values) * (rank if len(values) == 1 else 1)


def weights_of(name: str, weight: Operand, bias: Operand | None) -> list[np.ndarray]:
    """The blobs of a layer: the weight, and the bias if there is one. Raises Refused for a traced tensor.

    name: the function of PyTorch, for the message.
    """
    operands = [weight] if bias is None else [weight, bias]
    blobs = [operand for operand in operands if not isinstance(operand, Value)]
    if len(blobs) < len(operands):
        raise Refused(f"{name} with weights that depend on the input", "use weights that are parameters")
    return blobs
