"""What a graph is written for: it accepts a layer as it is, or gives the reason why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..errors import Refusal

if TYPE_CHECKING:
    from .graph import Value
    from .registry import Layer


class Target(Protocol):
    """A consumer of layers: a dialect of Caffe, ncnn, MMdnn's intermediate representation.

    name: how messages name it.
    """

    @property
    def name(self) -> str: ...

    def takes(self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray]) -> Refusal | None:
        """None if the target has `layer` for these inputs and weights, else why it has not."""
