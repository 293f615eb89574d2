"""Power: y = (shift + scale * x) ^ power, and all that one number can do to a tensor."""

from __future__ import annotations

from ..registry import Layer, Source, from_torch, layer, number


@layer("Power", param="power_param")
class Power(Layer):
    """y = (shift + scale * x) ^ power.  Source: BVLC Caffe, power_layer.cpp."""

    power: float = 1.0
    scale: float = 1.0
    shift: float = 0.0

    def to_torch(self, shapes, blobs):
        if self.scale * self.power == 0:  # Caffe writes the number without looking at x
            return Source(expr=f"torch.full_like({{0}}, {number(self.shift**self.power)})")
        text = {1.0: "{0}", -1.0: "-{0}"}.get(self.scale, f"{number(self.scale)} * {{0}}")
        text = f"{text} + {number(self.shift)}" if self.shift else text
        if self.power == 1:
            return Source(expr=text if text != "{0}" else "{0}.clone()")
        return Source(expr=f"torch.pow({text}, {number(self.power)})")


@from_torch(
    "torch.neg", "torch.neg_", "torch.Tensor.neg", "torch.Tensor.neg_", "torch.negative", "torch.Tensor.negative"
)
def neg(net, input):
    return net.add(Power(scale=-1.0), input)


@from_torch("torch.sqrt", "torch.sqrt_", "torch.Tensor.sqrt", "torch.Tensor.sqrt_")
def sqrt(net, input):
    return net.add(Power(power=0.5), input)


@from_torch("torch.rsqrt", "torch.rsqrt_", "torch.Tensor.rsqrt", "torch.Tensor.rsqrt_")
def rsqrt(net, input):
    return net.add(Power(power=-0.5), input)


@from_torch("torch.square", "torch.square_", "torch.Tensor.square", "torch.Tensor.square_")
def square(net, input):
    return net.add(Power(power=2.0), input)


@from_torch("torch.reciprocal", "torch.reciprocal_", "torch.Tensor.reciprocal", "torch.Tensor.reciprocal_")
def reciprocal(net, input):
    return net.add(Power(power=-1.0), input)
