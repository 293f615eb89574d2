"""Which tops of a Caffe network share memory, so that a layer that works in place changes all of them."""

from __future__ import annotations

from collections.abc import Collection

from ...errors import Refused
from ...graph.graph import Value
from ...graph.registry import Layer
from ...layers.basic.dropout import Dropout


class Memory:
    """What Caffe's layers write into memory that later layers also read.

    Split, Reshape and Flatten copy nothing: their tops are their bottom's memory under another name. A layer whose
    top is its bottom overwrites its input.
    """

    def __init__(self) -> None:
        self._storage: dict[Value, Value] = {}  # the earlier value whose memory a value shares
        self._sharing: dict[Value, list[Value]] = {}  # the values that share the memory of one, itself included
        self._overwritten: dict[Value, str] = {}  # values whose numbers are lost, and the layer that overwrote them

    def wrote(
        self,
        name: str,
        layer: Layer | None,
        inputs: Collection[Value],
        outputs: Collection[Value],
        works_in_place: bool = False,
    ) -> None:
        """Records what a layer writes.

        layer: None for one that other layers express; works_in_place: whether that computes it right in place.
        Raises Refused for a layer that Caffe runs in place and that then reads what it has already overwritten.
        """
        if not inputs:
            return
        in_place = any(bottom.top == top.top for bottom, top in zip(inputs, outputs, strict=False))
        if in_place and not (layer.works_in_place() if layer else works_in_place):
            what = "in place (its top is its bottom): Caffe overwrites numbers that it has yet to read"
            what = f"{layer.type if layer else 'a layer of this type'} {what}"
            raise Refused(what, "give it a top of its own, if that is what was meant")
        if layer and layer.shares_memory(len(inputs), len(outputs)):
            first = next(iter(inputs))
            owner = self._of(first)
            self._storage.update((value, owner) for value in outputs)
            self._sharing.setdefault(owner, [owner]).extend(outputs)
            return
        tops = {value.top for value in outputs}
        written = {self._of(value) for value in inputs if value.top in tops and not isinstance(layer, Dropout)}
        if written and (self._storage or self._overwritten):
            lost = (value for owner in written for value in self._sharing.get(owner, [owner]))
            self._overwritten.update((value, name) for value in lost if value not in outputs)

    def check(self, value: Value) -> None:
        """Raises Refused for a value whose numbers Caffe has overwritten by now."""
        if value in self._overwritten:
            layer = repr(self._overwritten[value])
            raise Refused(
                f"{value.top!r} shares memory with the top of {layer}, which works in place: Caffe changes both",
                f"give {layer} a top of its own, if that is what was meant",
            )

    def _of(self, value: Value) -> Value:
        """The value that owns the memory of this one."""
        return self._storage.get(value, value)
