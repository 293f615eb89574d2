"""The names of a model's weights that are NaN or inf, for the layers that they became."""

from __future__ import annotations

from functools import cached_property

import torch

from ...graph.graph import Node
from .model import Subject


class WeightNames:
    """Names blobs after the parameters, buffers and attributes of the model that they come from."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def __call__(self, node: Node, index: int) -> str:
        """`layer1.0.conv1.weight` for a blob with NaN or inf; the layer, if no weight of the model has them."""
        size = node.blobs[index].size
        own = [name for name in self._nonfinite if name.rpartition(".")[0] == node.module]
        near = [name for name in own if self._nonfinite[name] == size]
        same_size = [name for name, count in self._nonfinite.items() if count == size]
        names = near or own or same_size
        return " or ".join(names) if names else f"a constant at {node.where}"

    @cached_property
    def _nonfinite(self) -> dict[str, int]:
        """The number of elements of each weight that has NaN or inf, by its name."""
        return {
            name: tensor.numel()
            for name, tensor in self._subject.tensors()
            if tensor.is_floating_point() and tensor.layout == torch.strided and not bool(torch.isfinite(tensor).all())
        }
