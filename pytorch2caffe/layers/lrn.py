"""Local response normalisation."""

from __future__ import annotations

from dataclasses import replace

from ..errors import Refused
from ..registry import Layer, Source, from_torch, layer, number
from .power import Power


@layer("LRN", param="lrn_param")
class LRN(Layer):
    """y = x / (k + alpha / local_size * sum of squares over local_size channels) ^ beta.

    Source: BVLC Caffe, lrn_layer.cpp.
    """

    local_size: int = 5
    alpha: float = 1.0
    beta: float = 0.75
    norm_region: str = "ACROSS_CHANNELS"
    k: float = 1.0

    def to_torch(self, shapes, blobs):
        if self.norm_region != "ACROSS_CHANNELS":
            size, pad = self.local_size, self.local_size // 2
            area = f"F.avg_pool2d({{0}} * {{0}}, {size}, 1, {pad})"
            return Source(expr=f"{{0}} / torch.pow({area} * {number(self.alpha)} + 1, {number(self.beta)})")
        arguments = ", ".join(number(v) for v in (self.alpha, self.beta, self.k))
        return Source(f"nn.LocalResponseNorm({self.local_size}, {arguments})")

    def lower(self, net, inputs, blobs):
        """Importers lack k: 1 / (k + s)^beta = k^-beta / (1 + s/k)^beta."""
        y = net.add(replace(self, k=1.0, alpha=self.alpha / self.k), *inputs, name="normalised")
        return net.add(Power(scale=self.k**-self.beta), y)


@from_torch("torch.nn.functional.local_response_norm")
def local_response_norm(net, input, size, alpha=1e-4, beta=0.75, k=1.0):
    if len(input.shape) != 4 or size % 2 == 0 or k <= 0:
        asked = f"local_response_norm of size {size}, k={k} on {len(input.shape)} axes"
        raise Refused(asked, "use an odd size and a positive k on 4 axes")
    return net.add(LRN(size, alpha, beta, k=k), input)
