"""Pooling, in Caffe's rounding and in PyTorch's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, one_sample
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Bounds, Layer, Source, layer, number
from ..convolution.kernel import as_argument
from .lower_pooling import FLT_MAX, lower_pooling
from .windows import Axis, caffe_window_count, torch_window_count

IR_TYPES = {"MAX": "MAX", "AVE": "AVG"}


@layer("Pooling", param="pooling_param")
class Pooling(Layer):
    """The maximum or average of windows. Sizes per axis h, w.

    round_mode CEIL, the only one of Caffe 1.0, keeps a last window that overhangs, unless it starts beyond the
    padded input. AVE divides by the window clipped to size + pad, so padding counts.
    Source: BVLC Caffe, pooling_layer.cpp; round_mode since 2018.

    Caffe lacks count_include_pad=False and divisor_override (of AVE), dilation (of MAX); their meaning is PyTorch's.
    """

    pool: str = "MAX"
    kernel_h: int = 0
    kernel_w: int = 0
    stride_h: int = 1
    stride_w: int = 1
    pad_h: int = 0
    pad_w: int = 0
    global_pooling: bool = False
    round_mode: str = "CEIL"
    count_include_pad: bool = True
    divisor_override: int = 0
    dilation_h: int = 1
    dilation_w: int = 1

    def name_in_legacy(self) -> str:
        return "max_pool" if self.pool == "MAX" else "ave_pool"

    def bounds(self, inputs: Sequence[Bounds], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Bounds:
        low, high = inputs[0]
        return min(low, 0.0), max(high, 0.0)  # the padding of an average is 0

    def to_caffe(self) -> dict[str, Any]:
        settings: dict[str, Any] = {"pool": self.pool}
        for name, short in (("kernel_size", "kernel"), ("stride", "stride"), ("pad", "pad")):
            h, w = getattr(self, f"{short}_h"), getattr(self, f"{short}_w")
            if (h, w) != {"stride": (1, 1)}.get(name, (0, 0)):
                settings |= {name: h} if h == w else {f"{short}_h": h, f"{short}_w": w}
        if self.global_pooling:
            settings["global_pooling"] = True
        for name in ("round_mode", "count_include_pad", "divisor_override", "dilation_h", "dilation_w"):
            if name in self.settings():
                settings[name] = getattr(self, name)
        return settings

    @classmethod
    def from_caffe(cls, param: dict[str, Any], shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Layer:
        if param.get("pool", "MAX") == "STOCHASTIC":
            raise Refused("stochastic pooling is random", "use MAX or AVE")
        sizes = {}
        for name, short, default in (("kernel_size", "kernel", 0), ("stride", "stride", 1), ("pad", "pad", 0)):
            for axis in "hw":
                sizes[f"{short}_{axis}"] = param.get(f"{short}_{axis}", param.get(name, default))
        steps = [sizes[f"{short}_{axis}"] for short in ("kernel", "stride") for axis in "hw"]
        if min(steps) < 1 and not param.get("global_pooling", False):
            raise Refused("Pooling with a window or a stride of size 0", "set kernel_size and stride")
        mode = param.get("round_mode", "CEIL")
        if "ceil_mode" in param:
            mode = "CEIL" if param["ceil_mode"] else "FLOOR"
        return cls(
            param.get("pool", "MAX"), **sizes, global_pooling=param.get("global_pooling", False), round_mode=mode
        )

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """(kernel, stride, pad, dilation) of the height and of the width."""
        height = self.kernel_h, self.stride_h, self.pad_h, self.dilation_h
        return height, (self.kernel_w, self.stride_w, self.pad_w, self.dilation_w)

    def sizes(self, shape: Sequence[int], rounding: str | None = None) -> tuple[int, ...]:
        """The output's height and width for an input of this shape, in the layer's own rounding unless one is given."""
        mode, padded = rounding or self.round_mode, bool(self.pad_h or self.pad_w)
        axes = zip(shape[2:], self.axes, strict=True)
        return tuple(caffe_window_count(size, *axis, mode, padded) for size, axis in axes)

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        kind = "Max" if self.pool == "MAX" else "Avg"
        if self.global_pooling:
            return Source(f"nn.Adaptive{kind}Pool2d(1)")
        if len(shapes[0]) != 4:
            raise Refused(f"Pooling of {len(shapes[0])} axes", "Caffe pools 4 axes: N, C, H, W")
        sizes = self.sizes(shapes[0])
        if min(sizes) < 1:
            raise Refused(f"Pooling: a window of {self.kernel_h}x{self.kernel_w} does not fit {list(shapes[0])}")
        axes = zip(shapes[0][2:], self.axes, strict=True)
        torch_sizes = tuple(torch_window_count(size, *axis, self.round_mode) for size, axis in axes)
        too_much_padding = any(2 * pad > kernel for kernel, _, pad, _ in self.axes)
        if not too_much_padding and torch_sizes == sizes:
            return Source(f"nn.{kind}Pool2d({self._arguments((self.pad_h, self.pad_w))})")
        return self._pad_and_crop(shapes[0], sizes, kind)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """Rounding down (5=1), with the padding at the end that Caffe's rounding up needs.

        ncnn divides by the size of the window (6=1), or by its number of elements that are not padding (6=0).
        """
        one_sample(shapes[0])
        kind = {0: int(self.pool == "AVE")}
        if self.global_pooling:
            return Ncnn("Pooling", kind | {4: 1}, (), (), (tuple(shapes[0][1:2]),))
        if self.divisor_override or self.dilation_h > 1 or self.dilation_w > 1:
            raise Refused("ncnn's Pooling has neither dilation nor divisor_override")
        after = [
            max((out - 1) * stride + kernel - size - pad, 0)
            for out, size, (kernel, stride, pad, _) in zip(self.sizes(shapes[0]), shapes[0][2:], self.axes, strict=True)
        ]
        overhangs = any(more > pad for more, pad in zip(after, (self.pad_h, self.pad_w), strict=True))
        padded = self.count_include_pad and any((self.pad_h, self.pad_w))
        if self.pool == "AVE" and padded and overhangs:
            raise Refused("ncnn divides by the full size of a window that extends beyond the padding")
        params = kind | {1: self.kernel_w, 11: self.kernel_h, 2: self.stride_w, 12: self.stride_h}
        params |= {3: self.pad_w, 13: self.pad_h, 14: after[1], 15: after[0], 5: 1}
        return Ncnn("Pooling", params | ({6: 1} if self.pool == "AVE" and padded else {}))

    def _arguments(self, pad: tuple[int, int]) -> str:
        """The arguments of nn.MaxPool2d or nn.AvgPool2d, with this padding instead of the layer's own."""
        dilation = self.dilation_h, self.dilation_w
        text = f"{as_argument((self.kernel_h, self.kernel_w))}, {as_argument((self.stride_h, self.stride_w))}"
        text += f", padding={as_argument(pad)}" if any(pad) else ""
        text += f", dilation={as_argument(dilation)}" if set(dilation) != {1} else ""
        text += ", ceil_mode=True" if self.round_mode == "CEIL" else ""
        text += "" if self.count_include_pad else ", count_include_pad=False"
        return text + (f", divisor_override={self.divisor_override}" if self.divisor_override else "")

    def _pad_and_crop(self, shape: Sequence[int], sizes: Sequence[int], kind: str) -> Source:
        """Explicit padding, for what PyTorch's pooling lacks: more than half a window, windows beyond the input.

        sizes: the output's height and width; kind: Max or Avg.
        """
        pad = self.pad_h, self.pad_w
        value = "0.0" if kind == "Avg" else 'float("-inf")'
        padded = f"F.pad({{0}}, ({pad[1]}, {pad[1]}, {pad[0]}, {pad[0]}), value={value})" if any(pad) else "{0}"
        module = f"nn.{kind}Pool2d({self._arguments((0, 0))})"
        text = f"{{module}}({padded})"
        torch_sizes = [
            torch_window_count(size + 2 * p, kernel, stride, 0, dilation, self.round_mode)
            for size, (kernel, stride, p, dilation) in zip(shape[2:], self.axes, strict=True)
        ]
        missing = [size - torch_size for size, torch_size in zip(sizes, torch_sizes, strict=True)]
        if max(missing) > 0 and kind == "Avg":
            raise Refused("average pooling with a window beyond its input", "use a stride of at most the kernel")
        if max(missing) > 0:
            text = f"F.pad({text}, (0, {max(missing[1], 0)}, 0, {max(missing[0], 0)}), value={number(-FLT_MAX)})"
        return Source(module, text + (f"[:, :, :{sizes[0]}, :{sizes[1]}]" if min(missing) < 0 else ""))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        return lower_pooling(net, self, inputs[0])

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        """Rounding down, padded at the end up to the extent of the windows. Averages leave out the padding."""
        (x,) = inputs
        if self.dilation_h > 1 or self.dilation_w > 1 or self.divisor_override or len(x.shape) != 4:
            raise Refused("the IR's Pool has two spatial axes, no dilation and no divisor_override")
        if self.global_pooling:
            return net.pool(x, IR_TYPES[self.pool], x.shape[2:], (1, 1), (0, 0), (1, 1))
        pad, sizes = (self.pad_h, self.pad_w), self.sizes(x.shape)
        if self.pool == "AVE" and self.count_include_pad and any(pad):
            x, pad = net.pad(x, (0, 0, *pad), (0, 0, *pad), 0.0), (0, 0)
        kernel, stride = (self.kernel_h, self.kernel_w), (self.stride_h, self.stride_w)
        return net.pool(x, IR_TYPES[self.pool], kernel, stride, pad, sizes)
