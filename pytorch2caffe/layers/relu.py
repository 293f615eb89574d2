"""ReLU and leaky ReLU."""

from __future__ import annotations

from ..registry import Layer, Source, from_torch, layer, number


@layer("ReLU", param="relu_param")
class ReLU(Layer):
    """y = x if x > 0 else negative_slope * x.  Source: BVLC Caffe, relu_layer.cpp."""

    negative_slope: float = 0.0

    def to_torch(self, shapes, blobs):
        return Source(f"nn.LeakyReLU({number(self.negative_slope)})" if self.negative_slope else "nn.ReLU()")


@from_torch(
    "torch.nn.functional.relu", "torch.nn.functional.relu_", "torch.relu", "torch.relu_", "torch.Tensor.relu",
    "torch.Tensor.relu_",
)  # fmt: skip
def relu(net, input, inplace=False):
    return net.add(ReLU(), input)


@from_torch("torch.nn.functional.leaky_relu", "torch.nn.functional.leaky_relu_")
def leaky_relu(net, input, negative_slope=0.01, inplace=False):
    return net.add(ReLU(negative_slope), input)
