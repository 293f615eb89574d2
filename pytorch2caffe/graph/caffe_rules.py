"""The functions that add layers for the layer types of Caffe's forks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeVar

import numpy as np

from ..errors import Refused
from .graph import Shape

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class CaffeNode:
    """What a rule knows of its layer besides the inputs.

    type, tops: the layer's type, and how many tops it names.
    param:      its settings, by their names in caffe.proto; those that are not read are refused.
    blobs:      its weights in the caffemodel; None without a caffemodel: all are 0.
    """

    type: str
    tops: int
    param: dict[str, Any]
    blobs: Sequence[np.ndarray] | None

    def weights(self, *shapes: Shape) -> list[np.ndarray]:
        """The weights in these shapes. Raises Refused if they do not fit."""
        if self.blobs is None:
            return [np.broadcast_to(np.float32(0), shape) for shape in shapes]
        if [blob.size for blob in self.blobs] != [prod(shape) for shape in shapes]:
            have = ", ".join(str(list(blob.shape)) for blob in self.blobs) or "none"
            need = ", ".join(str(list(shape)) for shape in shapes)
            raise Refused(f"{self.type} needs weights {need}; the caffemodel has {have}")
        return [blob.reshape(shape) for blob, shape in zip(self.blobs, shapes, strict=True)]


@dataclass(frozen=True)
class CaffeRule:
    """A function registered for a layer type.

    param:    the field of LayerParameter that holds its settings, or "".
    in_place: whether the fork computes it right where its top is its bottom.
    tops:     the number of tops that it is for; None: any.
    blobs:    the number of blobs in the caffemodel that it is for; None: any.
    """

    function: Callable[..., Any]
    param: str
    in_place: bool
    tops: int | None = None
    blobs: int | None = None


CAFFE: dict[str, CaffeRule] = {}


def rule_for(type: str, tops: int, blobs: int = 0) -> CaffeRule | None:
    """The function registered for a layer type with these numbers of tops and of blobs, or None."""
    rule = CAFFE.get(type)
    return rule if rule is not None and rule.tops in (None, tops) and rule.blobs in (None, blobs) else None


def from_caffe(
    *types: str, param: str = "", in_place: bool = False, tops: int | None = None, blobs: int | None = None
) -> Callable[[F], F]:
    """Registers `function(net, node, *inputs)` for layer types of Caffe's forks that other layers express.

    The function gets a Builder, a CaffeNode and the bottoms as Values. It returns the Value of the top, or a list of
    them. Its docstring states the meaning, and the fork whose source defines it.
    """

    def register(function: F) -> F:
        for type in types:
            if type in CAFFE:
                other = CAFFE[type].function
                raise ValueError(f"{type!r} is already handled by {other.__module__}.{other.__name__}")
            CAFFE[type] = CaffeRule(function, param, in_place, tops, blobs)
        return function

    return register
