"""Pooling, in Caffe's rounding and in PyTorch's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import Refused
from ...formats.mmdnn.net import Edge, IrNet
from ...formats.ncnn import Ncnn, one_sample
from ...graph.graph import Shape, Value
from ...graph.lowering import Lowering
from ...graph.registry import Layer, Source, layer, number
from ..convolution.kernel import as_argument
from ..elementwise.eltwise import Eltwise
from ..elementwise.scale import Scale
from ..indexing.strided_slice import crop_space, select
from ..shape.pad import pad_with
from .average import average_by_convolution
from .windows import caffe_count, held, torch_count

FLT_MAX = float(np.finfo(np.float32).max)
SIZES = ("kernel_h", "kernel_w", "stride_h", "stride_w", "pad_h", "pad_w")


@layer("Pooling", param="pooling_param")
class Pooling(Layer):
    """The maximum or average of windows. Sizes per axis h, w.

    round_mode CEIL (all that Caffe 1.0 knows) keeps a last window that overhangs, unless it starts beyond the
    padded input. AVE divides by the window clipped to size + pad, so padding counts.
    Source: BVLC Caffe, pooling_layer.cpp; round_mode since 2018.

    What Caffe has not: count_include_pad=False and divisor_override (of AVE), dilation (of MAX), as in PyTorch.
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

    def to_caffe(self) -> dict[str, Any]:
        settings = {"pool": self.pool}
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
            raise Refused("Pooling with a window or step of size 0", "give kernel_size and stride")
        mode = param.get("round_mode", "CEIL")
        if "ceil_mode" in param:
            mode = "CEIL" if param["ceil_mode"] else "FLOOR"
        return cls(
            param.get("pool", "MAX"), **sizes, global_pooling=param.get("global_pooling", False), round_mode=mode
        )

    @property
    def axes(self) -> Any:
        """(kernel, stride, pad, dilation) of the height and of the width."""
        return [
            tuple(getattr(self, f"{name}_{axis}") for name in ("kernel", "stride", "pad", "dilation")) for axis in "hw"
        ]

    def sizes(self, shape: Sequence[int], rounding: Any = None) -> Any:
        """The output's height and width."""
        mode, padded = rounding or self.round_mode, bool(self.pad_h or self.pad_w)
        return tuple(caffe_count(size, *axis, mode, padded) for size, axis in zip(shape[2:], self.axes, strict=True))

    def to_torch(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Source:
        kind = "Max" if self.pool == "MAX" else "Avg"
        if self.global_pooling:
            return Source(f"nn.Adaptive{kind}Pool2d(1)")
        if len(shapes[0]) != 4:
            raise Refused(f"Pooling of {len(shapes[0])} axes", "Caffe pools 4 axes: N, C, H, W")
        want = self.sizes(shapes[0])
        if min(want) < 1:
            raise Refused(f"Pooling: a window of {self.kernel_h}x{self.kernel_w} does not fit {list(shapes[0])}")
        kernel, stride, pad, dilation = zip(*self.axes, strict=True)
        have = tuple(
            torch_count(size, *axis, self.round_mode) for size, axis in zip(shapes[0][2:], self.axes, strict=True)
        )
        wide = any(2 * p > k for p, k in zip(pad, kernel, strict=True))
        if not wide and have == want:
            return Source(f"nn.{kind}Pool2d({self._arguments(kernel, stride, pad, dilation)})")
        return self._by_hand(shapes[0], kernel, stride, pad, dilation, want, kind)

    def to_ncnn(self, shapes: Sequence[Shape], blobs: Sequence[np.ndarray]) -> Ncnn:
        """Rounded down (5=1), with the padding behind that Caffe's rounding up asks for.

        ncnn divides by the whole window (6=1), or by what of it is not padding (6=0).
        """
        one_sample(shapes[0])
        kind = {0: int(self.pool == "AVE")}
        if self.global_pooling:
            return Ncnn("Pooling", kind | {4: 1}, (), (), (tuple(shapes[0][1:2]),))
        if self.divisor_override or self.dilation_h > 1 or self.dilation_w > 1:
            raise Refused("ncnn's Pooling has neither dilation nor a divisor of one's own")
        behind = [
            max((out - 1) * stride + kernel - size - pad, 0)
            for out, size, (kernel, stride, pad, _) in zip(self.sizes(shapes[0]), shapes[0][2:], self.axes, strict=True)
        ]
        overhangs = any(more > pad for more, pad in zip(behind, (self.pad_h, self.pad_w), strict=True))
        padded = self.count_include_pad and any((self.pad_h, self.pad_w))
        if self.pool == "AVE" and padded and overhangs:
            raise Refused("ncnn counts the whole of a window that overhangs the padding")
        params = kind | {1: self.kernel_w, 11: self.kernel_h, 2: self.stride_w, 12: self.stride_h}
        params |= {3: self.pad_w, 13: self.pad_h, 14: behind[1], 15: behind[0], 5: 1}
        return Ncnn("Pooling", params | ({6: 1} if self.pool == "AVE" and padded else {}))

    def _arguments(self, kernel: Any, stride: Any, pad: Any, dilation: Any) -> Any:
        text = f"{as_argument(kernel)}, {as_argument(stride)}"
        text += f", padding={as_argument(pad)}" if any(pad) else ""
        text += f", dilation={as_argument(dilation)}" if set(dilation) != {1} else ""
        text += ", ceil_mode=True" if self.round_mode == "CEIL" else ""
        text += "" if self.count_include_pad else ", count_include_pad=False"
        return text + (f", divisor_override={self.divisor_override}" if self.divisor_override else "")

    def _by_hand(
        self, shape: Sequence[int], kernel: Any, stride: Any, pad: Any, dilation: Any, want: Any, kind: Any
    ) -> Any:
        """What PyTorch's pooling refuses: more padding than half a window, windows that start beyond the input."""
        value = "0.0" if kind == "Avg" else 'float("-inf")'
        padded = f"F.pad({{0}}, ({pad[1]}, {pad[1]}, {pad[0]}, {pad[0]}), value={value})" if any(pad) else "{0}"
        size = [s + 2 * p for s, p in zip(shape[2:], pad, strict=True)]
        module = f"nn.{kind}Pool2d({self._arguments(kernel, stride, (0, 0), dilation)})"
        text = f"{{module}}({padded})"
        have = [
            torch_count(s, k, t, 0, d, self.round_mode)
            for s, k, t, d in zip(size, kernel, stride, dilation, strict=True)
        ]
        more = [w - h for w, h in zip(want, have, strict=True)]
        if max(more) > 0 and kind == "Avg":
            raise Refused(
                "average pooling with a window that lies beyond its input", "use a stride of at most the kernel"
            )
        if max(more) > 0:
            text = f"F.pad({text}, (0, {max(more[1], 0)}, 0, {max(more[0], 0)}), value={number(-FLT_MAX)})"
        return Source(module, text + (f"[:, :, :{want[0]}, :{want[1]}]" if min(more) < 0 else ""))

    def lower(self, net: Lowering, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        (x,) = inputs
        if self.dilation_h > 1 or self.dilation_w > 1:
            return self._lower_dilation(net, x)
        out = self.sizes(x.shape)
        plain = Pooling(self.pool, *(getattr(self, name) for name in SIZES))
        if (self.pad_h or self.pad_w) and not net.takes(plain, x):
            average = self._by_convolution(net, x, out) if self.pool == "AVE" else None
            return self._lower_pad(net, x, out) if average is None else average
        if plain.sizes(x.shape) != out and not (self.pad_h or self.pad_w):
            x = crop_space(net, x, [(o - 1) * s + k for o, (k, s, _, _) in zip(out, self.axes, strict=True)])
        y = net.add(plain, x, name="pool")
        if self.pool == "AVE":
            y = self._weigh(net, x, y)
        return crop_space(net, y, out)

    def _divisors(self, shape: Sequence[int], out: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What Caffe and what PyTorch divide each window by, and its numbers inside the input, [height, width]."""
        axes = [(size, windows, *axis[:3]) for size, windows, axis in zip(shape[2:], out, self.axes, strict=True)]
        caffe, inside = (np.outer(*(held(*axis, padded) for axis in axes)) for padded in (True, False))
        if self.divisor_override:
            return caffe, np.full_like(caffe, self.divisor_override), inside
        return caffe, caffe if self.count_include_pad else np.maximum(inside, 1), inside

    def _by_convolution(self, net: Lowering, x: Value, out: Sequence[int]) -> Value | None:
        _, divisor, inside = self._divisors(x.shape, out)
        return average_by_convolution(net, x, [axis[:3] for axis in self.axes], out, divisor, inside)

    def _weigh(self, net: Lowering, x: Value, y: Value) -> Any:
        """Multiplies by (what Caffe divides by) / (what PyTorch divides by), where they differ."""
        caffe, torch, _ = self._divisors(x.shape, y.shape[2:])
        if np.array_equal(caffe, torch):
            return y
        return net.add(Scale(2, 2), y, blobs=[(caffe / torch).astype(np.float32)], name="weigh")

    def _lower_pad(self, net: Lowering, x: Value, out: Any) -> Any:
        """For readers that average over the padding otherwise: a Pad layer before it."""
        padded = pad_with(net, x, {2: (self.pad_h,) * 2, 3: (self.pad_w,) * 2}, 0.0 if self.pool == "AVE" else -FLT_MAX)
        bare = replace(self, pad_h=0, pad_w=0, count_include_pad=True, divisor_override=0)
        y = crop_space(net, net.add(bare, padded, name="pool"), out)
        return self._weigh(net, x, y) if self.pool == "AVE" else y

    def _lower_dilation(self, net: Lowering, x: Value) -> Any:
        """The maximum of the input shifted by each tap, one axis after the other."""
        for axis, (windows, (k, s, p, d)) in enumerate(zip(self.sizes(x.shape), self.axes, strict=True), 2):
            span = (windows - 1) * s + 1
            x = pad_with(net, x, {axis: (p, max(span + d * (k - 1) - x.shape[axis] - p, 0))}, -FLT_MAX)
            whole = [(0, size, 1) for size in x.shape]
            taps = [(d * tap, d * tap + span, s) for tap in range(k)]
            parts = [select(net, x, [*whole[:axis], tap, *whole[axis + 1 :]]) for tap in taps]
            x = net.add(Eltwise("MAX"), *parts, name="max") if k > 1 else parts[0]
        return x

    def to_ir(self, net: IrNet, inputs: Sequence[Edge], blobs: Sequence[np.ndarray]) -> Any:
        """Without rounding up: the padding behind is as long as the windows reach. Averages leave it out."""
        (x,) = inputs
        if self.dilation_h > 1 or self.dilation_w > 1 or self.divisor_override or len(x.shape) != 4:
            raise Refused("the IR's Pool has no dilation and no divisor")
        if self.global_pooling:
            kernel, stride, pad, sizes = x.shape[2:], (1, 1), (0, 0), (1, 1)
        else:
            kernel, stride, pad, _ = zip(*self.axes, strict=True)
            sizes = self.sizes(x.shape)
        if self.pool == "AVE" and self.count_include_pad and any(pad):
            x, pad = net.pad(x, (0, 0, *pad), (0, 0, *pad), 0.0), (0, 0)
        return net.pool(x, {"MAX": "MAX", "AVE": "AVG"}[self.pool], kernel, stride, pad, sizes)
