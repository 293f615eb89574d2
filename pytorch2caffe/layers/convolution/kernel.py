"""What layers with a kernel share: Convolution, Deconvolution and Im2col."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, Tagged, one_sample
from ...graph.graph import Shape, Value
from ...graph.registry import Layer, Source

ROW = {"kernel_size": 1, "stride": 1, "pad": 0, "dilation": 1}


@dataclass(frozen=True)
class Kernel(Layer):
    """What Convolution and Deconvolution share. Tuples have an entry per spatial axis."""

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
        param = {"num_output": self.num_output}
        if not self.bias_term:
            param["bias_term"] = False
        for name, default in (("pad", 0), ("kernel_size", None), ("stride", 1), ("dilation", 1)):
            param.update(spelled(name, getattr(self, name), default))
        if self.group != 1:
            param["group"] = self.group
        return param

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        rank = len(shapes[0]) - 2
        if not 1 <= rank <= 3:
            raise Refused(f"{cls.type} of {len(shapes[0])} axes", "PyTorch takes N, C and one to three axes behind")
        if param.get("axis", 1) not in (1, 1 - len(shapes[0])):
            raise Refused(f"{cls.type} over axis {param['axis']} instead of the channels")
        return cls(
            num_output=param["num_output"],
            kernel_size=read(param, "kernel_size", "kernel", rank, None),
            stride=read(param, "stride", "stride", rank, 1),
            pad=read(param, "pad", "pad", rank, 0),
            dilation=read(param, "dilation", "dilation", rank, 1),
            group=param.get("group", 1),
            bias_term=param.get("bias_term", True),
        )

    def blob_shapes(self, shapes: Sequence[Shape]) -> list[Shape]:
        channels, group = shapes[0][1], self.group
        ends = (channels, self.num_output // group) if self.transposed else (self.num_output, channels // group)
        return [(*ends, *self.kernel_size), *([(self.num_output,)] if self.bias_term else [])]

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
        """One axis as two, with one row. The kernel becomes [kernel..., in, out]; a transposed one [..., out, in]."""
        (x,), rank = inputs, len(self.kernel_size)
        if rank == 1:
            wide = replace(self, **{name: (n, *getattr(self, name)) for name, n in ROW.items()})
            row = net.reshape(x, (*x.shape[:2], 1, *x.shape[2:]))
            y = wide.to_ir(net, [row], [blobs[0][:, :, None], *blobs[1:]])
            return net.reshape(y, (*y.shape[:2], *y.shape[3:]))
        weight = blobs[0].transpose(*range(2, rank + 2), 1, 0)
        axes = zip(x.shape[2:], self.kernel_size, self.stride, self.pad, self.dilation, strict=True)
        ends = x.shape[1], self.num_output
        return net.op(
            "ConvTranspose" if self.transposed else "Conv",
            x,
            shape=(x.shape[0], self.num_output, *(self._length(*axis) for axis in axes)),
            weights={"weights": weight, **dict(zip(["bias"], blobs[1:], strict=False))},
            use_bias=self.bias_term,
            kernel_shape=[*self.kernel_size, *(ends[::-1] if self.transposed else ends)],
            strides=[1, *self.stride, 1],
            dilations=[1, *self.dilation, 1],
            pads=[0, *self.pad, 0] * 2,
            group=self.group,
        )

    def _length(self, size: int, kernel: Any, stride: Any, pad: Any, dilation: Any) -> Any:
        """The output's, along an axis."""
        reach = dilation * (kernel - 1) + 1
        return (size - 1) * stride - 2 * pad + reach if self.transposed else (size + 2 * pad - reach) // stride + 1

    def _ncnn(self, shape: Sequence[int], weight: np.ndarray, blobs: Sequence[np.ndarray]) -> Any:
        """ncnn counts axes from the last, ten numbers apart: 1 is the kernel's width, 11 its height, 21 its depth."""
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
    return str(values[0]) if len(set(values)) == 1 else str(tuple(values))


def spelled(name: str, values: tuple[int, ...], default: int | None) -> dict[str, Any]:
    """Caffe's spelling: one number if all agree, _h and _w for two, else the list (OpenCV takes one number for two)."""
    if set(values) == {default}:
        return {}
    if len(set(values)) == 1 and len(values) < 3:
        return {name: [values[0]]}
    if len(values) == 2 and name != "dilation":
        short = "kernel" if name == "kernel_size" else name
        return {f"{short}_h": values[0], f"{short}_w": values[1]}
    return {name: list(values)}


def read(param: dict[str, Any], name: str, short: str, rank: int, default: int | None) -> tuple[int, ...]:
    if f"{short}_h" in param or f"{short}_w" in param:
        if name in param:
            raise Refused(f"both {name} and {short}_h/{short}_w are given", f"keep one of the two spellings of {name}")
        return tuple(param.get(f"{short}_{axis}", default or 0) for axis in "hw")
    values = param.get(name) or ([] if default is None else [default])
    if len(values) not in (1, rank):
        raise Refused(f"{name} has {len(values)} values for {rank} axes", f"give {name} once, or once per axis")
    return tuple(values) * (rank if len(values) == 1 else 1)


def weights_of(name: str, weight: Any, bias: Any) -> list[np.ndarray]:
    for blob in (weight, bias):
        if isinstance(blob, Value):
            raise Refused(f"{name} with weights that depend on the input", "use weights that are parameters")
    return [weight] if bias is None else [weight, bias]
