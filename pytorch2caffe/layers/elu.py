"""ELU: the exponential linear unit."""

from __future__ import annotations

from ..registry import Layer, Source, from_torch, layer, number


@layer("ELU", param="elu_param")
class ELU(Layer):
    """y = x if x > 0 else alpha * (exp(x) - 1).  Source: BVLC Caffe, elu_layer.cpp."""

    alpha: float = 1.0

    def to_torch(self, shapes, blobs):
        return Source(f"nn.ELU({number(self.alpha)})")


@from_torch("torch.nn.functional.elu", "torch.nn.functional.elu_")
def elu(net, input, alpha=1.0, inplace=False):
    return net.add(ELU(alpha), input)
