"""What a graph is written for: it accepts a layer as it is, or gives the reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..errors import Refusal

if TYPE_CHECKING:
    from .builder import Builder
    from .graph import Value
    from .registry import Layer


class Target(Protocol):
    """A consumer of layers: a dialect of Caffe, ncnn, MMdnn's intermediate representation.

    name:    how messages name it.
    float32: whether it computes in float32 and rounds the output of each layer to it.
    """

    @property
    def name(self) -> str: ...

    @property
    def float32(self) -> bool: ...

    def takes(self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Refusal | None:
        """None if the target has `layer` for these inputs and weights, else why it has not."""

    def own_form(self, net: Builder, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Any:
        """What this target has instead of a layer that it refuses, added to `net`; None for the layer's own `lower`."""
