"""Which tops of a Caffe network lie in one memory, so that a layer that works in place changes them all."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ...errors import Refused
from ...graph.graph import Value
from ...graph.registry import Layer
from ...layers.basic.dropout import Dropout


class Memory:
    """What Caffe's layers do to memory that others read too.

    Split, Reshape and Flatten copy nothing: their tops are their bottom's memory under another name. A layer whose
    top is its bottom writes over what it reads.
    """

    def __init__(self) -> None:
        self._place: dict[Value, Value] = {}  # of what lies in the memory of an earlier value
        self._spoilt: dict[Value, str] = {}  # what was written over, and the layer that did

    def wrote(
        self, name: str, layer: Layer, inputs: Collection[Value], outputs: Collection[Value], alive: Iterable[Value]
    ) -> None:
        """Takes in a layer; alive: the tops that later layers may name, its own outputs included.

        Raises Refused for one that Caffe lets work in place, and that needs there what it has written over.
        """
        if not inputs:
            return
        if (
            any(one.top == other.top for one, other in zip(inputs, outputs, strict=False))
            and not layer.works_in_place()
        ):
            what = f"{layer.type} in place (its top is its bottom): Caffe writes over what it has yet to read"
            raise Refused(what, "give it a top of its own, if that is what was meant")
        if layer.shares_memory(len(inputs), len(outputs)):
            first = next(iter(inputs))
            self._place.update((value, self._where(first)) for value in outputs)
            return
        tops = {value.top for value in outputs}
        places = {self._where(value) for value in inputs if value.top in tops and not isinstance(layer, Dropout)}
        if places and (self._place or self._spoilt):
            others = (other for other in alive if other not in outputs and self._where(other) in places)
            self._spoilt.update((other, name) for other in others)

    def check(self, value: Value) -> None:
        """Raises Refused for a value whose numbers Caffe would have changed by now."""
        if value in self._spoilt:
            layer = repr(self._spoilt[value])
            raise Refused(
                f"{value.top!r} lies in one memory with the top of {layer}, which works in place: Caffe changes both",
                f"give {layer} a top of its own, if that is what was meant",
            )

    def _where(self, value: Value) -> Value:
        return self._place.get(value, value)
