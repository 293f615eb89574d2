"""Convolution and its transpose."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import Refused
from ..graph import Builder, Value
from ..ncnn import Ncnn, Tagged, one_sample
from ..registry import Layer, Source, from_torch, layer, pair


@dataclass(frozen=True)
class _Kernel(Layer):
    """What Convolution and Deconvolution share. Tuples have an entry per spatial axis."""

    num_output: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...] = (1, 1)
    pad: tuple[int, ...] = (0, 0)
    dilation: tuple[int, ...] = (1, 1)
    group: int = 1
    bias_term: bool = True

    def to_caffe(self):
        param = {"num_output": self.num_output}
        if not self.bias_term:
            param["bias_term"] = False
        for name, default in (("pad", 0), ("kernel_size", None), ("stride", 1), ("dilation", 1)):
            param.update(_spell(name, getattr(self, name), default))
        if self.group != 1:
            param["group"] = self.group
        return param

    @classmethod
    def from_caffe(cls, param, shapes, blobs):
        rank = len(shapes[0]) - 2
        if not 1 <= rank <= 3:
            raise Refused(f"{cls.type} of {len(shapes[0])} axes", "PyTorch takes N, C and one to three axes behind")
        if param.get("axis", 1) not in (1, 1 - len(shapes[0])):
            raise Refused(f"{cls.type} over axis {param['axis']} instead of the channels")
        return cls(
            num_output=param["num_output"],
            kernel_size=_read(param, "kernel_size", "kernel", rank, None),
            stride=_read(param, "stride", "stride", rank, 1),
            pad=_read(param, "pad", "pad", rank, 0),
            dilation=_read(param, "dilation", "dilation", rank, 1),
            group=param.get("group", 1),
            bias_term=param.get("bias_term", True),
        )

    def by_image(self, shapes):
        return True

    def _state(self, blobs):
        return dict(zip(("weight", "bias"), blobs, strict=False))

    def _arguments(self, first, second):
        text = f"{first}, {second}, {_short(self.kernel_size)}"
        for name, value, default in (("stride", self.stride, 1), ("padding", self.pad, 0)):
            text += f", {name}={_short(value)}" if set(value) != {default} else ""
        text += f", dilation={_short(self.dilation)}" if set(self.dilation) != {1} else ""
        text += f", groups={self.group}" if self.group != 1 else ""
        return text + ("" if self.bias_term else ", bias=False")

    def _ncnn(self, shape, weight, blobs):
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


def _to_ir(layer, net, x, blobs, op, size):
    """One axis as two, with one row. The kernel becomes [kernel..., in, out]: of a transposed one [..., out, in]."""
    rank = len(layer.kernel_size)
    if rank == 1:
        wide = replace(layer, **{name: (n, *getattr(layer, name)) for name, n in ROW.items()})
        row = net.reshape(x, (*x.shape[:2], 1, *x.shape[2:]))
        y = _to_ir(wide, net, row, [blobs[0][:, :, None], *blobs[1:]], op, size)
        return net.reshape(y, (*y.shape[:2], *y.shape[3:]))
    weights = {"weights": blobs[0].transpose(*range(2, rank + 2), 1, 0), **dict(zip(["bias"], blobs[1:], strict=False))}
    axes = zip(x.shape[2:], layer.kernel_size, layer.stride, layer.pad, layer.dilation, strict=True)
    sizes = [size(*axis) for axis in axes]
    pair = x.shape[1], layer.num_output
    return net.op(
        op, x, shape=(x.shape[0], layer.num_output, *sizes), weights=weights, use_bias=layer.bias_term,
        kernel_shape=[*layer.kernel_size, *(pair if op == "Conv" else pair[::-1])], strides=[1, *layer.stride, 1],
        dilations=[1, *layer.dilation, 1], pads=[0, *layer.pad, 0] * 2, group=layer.group,
    )  # fmt: skip


ROW = {"kernel_size": 1, "stride": 1, "pad": 0, "dilation": 1}


@layer("Convolution", param="convolution_param")
class Convolution(_Kernel):
    """Convolution over the axes behind the channels. Blobs: weight [out, in/group, kernel...], bias [out].

    Source: BVLC Caffe, base_conv_layer.cpp.
    """

    def blob_shapes(self, shapes):
        return _blob_shapes(self, self.num_output, shapes[0][1] // self.group)

    def to_torch(self, shapes, blobs):
        rank = len(self.kernel_size)
        return Source(f"nn.Conv{rank}d({self._arguments(shapes[0][1], self.num_output)})", state=self._state(blobs))

    def to_ir(self, net, inputs, blobs):
        size = lambda n, k, s, p, d: (n + 2 * p - d * (k - 1) - 1) // s + 1  # noqa: E731
        return _to_ir(self, net, inputs[0], blobs, "Conv", size)

    def to_ncnn(self, shapes, blobs):
        return self._ncnn(shapes[0], blobs[0], blobs)


@layer("Deconvolution", param="convolution_param")
class Deconvolution(_Kernel):
    """Transposed convolution. Blobs: weight [in, out/group, kernel...], bias [out].

    Source: BVLC Caffe, deconv_layer.cpp.
    """

    def blob_shapes(self, shapes):
        return _blob_shapes(self, shapes[0][1], self.num_output // self.group)

    def to_torch(self, shapes, blobs):
        rank = len(self.kernel_size)
        text = f"nn.ConvTranspose{rank}d({self._arguments(shapes[0][1], self.num_output)})"
        return Source(text, state=self._state(blobs))

    def to_ncnn(self, shapes, blobs):
        """Its weight is [out, in, kernel...] in each group."""
        shape = self.group, -1, *blobs[0].shape[1:]
        return self._ncnn(shapes[0], np.ascontiguousarray(blobs[0].reshape(shape).swapaxes(1, 2)), blobs)

    def lower(self, net, inputs, blobs):
        """Importers lack its dilation: the kernel with zeros between its rows and columns."""
        kernel = tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, self.kernel_size, strict=True))
        weight = np.zeros((*blobs[0].shape[:2], *kernel), np.float32)
        weight[(..., *(slice(None, None, d) for d in self.dilation))] = blobs[0]
        made = replace(self, kernel_size=kernel, dilation=(1,) * len(kernel))
        return net.add(made, *inputs, blobs=[weight, *blobs[1:]])

    def to_ir(self, net, inputs, blobs):
        size = lambda n, k, s, p, d: (n - 1) * s - 2 * p + d * (k - 1) + 1  # noqa: E731
        return _to_ir(self, net, inputs[0], blobs, "ConvTranspose", size)


def _blob_shapes(layer, first, second):
    return [(first, second, *layer.kernel_size), *([(layer.num_output,)] if layer.bias_term else [])]


def _short(values: tuple[int, ...]) -> str:
    return str(values[0]) if len(set(values)) == 1 else str(tuple(values))


def _spell(name: str, values: tuple[int, ...], default: int | None) -> dict[str, Any]:
    """Caffe's spelling: one number if all agree, _h and _w for two, else the list (OpenCV takes one number for two)."""
    if set(values) == {default}:
        return {}
    if len(set(values)) == 1 and len(values) < 3:
        return {name: [values[0]]}
    if len(values) == 2 and name != "dilation":
        short = "kernel" if name == "kernel_size" else name
        return {f"{short}_h": values[0], f"{short}_w": values[1]}
    return {name: list(values)}


def _read(param: dict[str, Any], name: str, short: str, rank: int, default: int | None) -> tuple[int, ...]:
    if f"{short}_h" in param or f"{short}_w" in param:
        if name in param:
            raise Refused(f"both {name} and {short}_h/{short}_w are given", f"keep one of the two spellings of {name}")
        return tuple(param.get(f"{short}_{axis}", default or 0) for axis in "hw")
    values = param.get(name) or ([] if default is None else [default])
    if len(values) not in (1, rank):
        raise Refused(f"{name} has {len(values)} values for {rank} axes", f"give {name} once, or once per axis")
    return tuple(values) * (rank if len(values) == 1 else 1)


def _with_batch(net: Builder, rank: int, input: Value) -> tuple[Value, bool]:
    """The input with a batch axis, and whether it lacked one."""
    from .reshape import reshape_to

    if len(input.shape) == rank + 2:
        return input, False
    return reshape_to(net, input, (1, *input.shape)), True


def _drop_batch(net: Builder, output: Value, added: bool) -> Value:
    from .reshape import reshape_to

    return reshape_to(net, output, output.shape[1:]) if added else output


def _weights(name: str, weight: Any, bias: Any) -> list[np.ndarray]:
    for blob in (weight, bias):
        if isinstance(blob, Value):
            raise Refused(f"{name} with weights that depend on the input", "use weights that are parameters")
    return [weight] if bias is None else [weight, bias]


def _conv(net, rank, input, weight, bias, stride, padding, dilation, groups):
    blobs = _weights(f"conv{rank}d", weight, bias)
    x, added = _with_batch(net, rank, input)
    stride, dilation = pair(stride, rank), pair(dilation, rank)
    kernel = weight.shape[2:]
    if padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        x, blobs[0] = _one_more_behind(net, x, weight, [t % 2 for t in total], dilation)
        kernel = blobs[0].shape[2:]
        padding = [(t + (k - before)) // 2 for t, k, before in zip(total, kernel, weight.shape[2:], strict=True)]
    elif padding == "valid":
        padding = 0
    made = Convolution(
        weight.shape[0], tuple(kernel), stride, pair(padding, rank), dilation, int(groups), bias is not None
    )
    return _drop_batch(net, net.add(made, x, blobs=blobs), added)


def _one_more_behind(net, x, weight, odd, dilation):
    """Padding one more behind than before: a zero row in front of the kernel, or of x where the kernel is dilated."""
    from .pad import pad_with

    pads = {axis: (0, 1) for axis, (o, d) in enumerate(zip(odd, dilation, strict=True), 2) if o and d != 1}
    rows = [(int(o and d == 1), 0) for o, d in zip(odd, dilation, strict=True)]
    weight = np.pad(weight, [(0, 0), (0, 0), *rows]) if any(map(any, rows)) else weight
    return (pad_with(net, x, pads, 0.0) if pads else x), weight


@from_torch("torch.nn.functional.conv1d", "torch.conv1d")
def conv1d(net, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _conv(net, 1, input, weight, bias, stride, padding, dilation, groups)


@from_torch("torch.nn.functional.conv2d", "torch.conv2d")
def conv2d(net, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _conv(net, 2, input, weight, bias, stride, padding, dilation, groups)


@from_torch("torch.nn.functional.conv3d", "torch.conv3d")
def conv3d(net, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _conv(net, 3, input, weight, bias, stride, padding, dilation, groups)


def _conv_transpose(net, rank, input, weight, bias, stride, padding, output_padding, groups, dilation):
    """output_padding asks for more rows at the end: zeros behind the kernel give just those."""
    from .strided_slice import crop

    blobs = _weights(f"conv_transpose{rank}d", weight, bias)
    x, added = _with_batch(net, rank, input)
    stride, padding, dilation, more = (pair(value, rank) for value in (stride, padding, dilation, output_padding))
    taps = [-(-m // d) for m, d in zip(more, dilation, strict=True)]
    if any(taps):
        blobs[0] = np.pad(weight, [(0, 0), (0, 0), *((0, t) for t in taps)])
    made = Deconvolution(
        weight.shape[1] * int(groups), blobs[0].shape[2:], stride, padding, dilation, int(groups), bias is not None
    )
    y = net.add(made, x, blobs=blobs)
    surplus = [t * d - m for t, d, m in zip(taps, dilation, more, strict=True)]
    y = crop(net, y, {axis: (0, y.shape[axis] - s) for axis, s in enumerate(surplus, 2)}) if any(surplus) else y
    return _drop_batch(net, y, added)


@from_torch("torch.nn.functional.conv_transpose1d", "torch.conv_transpose1d")
def conv_transpose1d(net, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """As 2-D with one row: readers take two axes."""
    from .reshape import reshape_to

    x = reshape_to(net, input, (*input.shape[:-1], 1, input.shape[-1]), "row")
    sizes = [(first, *pair(v, 1)) for first, v in ((1, stride), (0, padding), (0, output_padding), (1, dilation))]
    y = conv_transpose2d(
        net, x, _weights("conv_transpose1d", weight, bias)[0][:, :, None], bias, *sizes[:3], groups, sizes[3]
    )
    return reshape_to(net, y, (*y.shape[:-2], y.shape[-1]))


@from_torch("torch.nn.functional.conv_transpose2d", "torch.conv_transpose2d")
def conv_transpose2d(net, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    return _conv_transpose(net, 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@from_torch("torch.nn.functional.conv_transpose3d", "torch.conv_transpose3d")
def conv_transpose3d(net, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    return _conv_transpose(net, 3, input, weight, bias, stride, padding, output_padding, groups, dilation)
