"""Which tops of a Caffe network lie in one memory, so that a layer that works in place changes them all."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ...errors import Refused
from ...graph.graph import Value
from ...graph.registry import Layer
from ...layers.elementwise.eltwise import Eltwise
from ...layers.normalization.lrn import LRN

WORK_IN_PLACE = {
    "AbsVal",
    "BNLL",
    "BatchNorm",
    "Bias",
    "Clip",
    "Dropout",
    "ELU",
    "Erf",
    "Exp",
    "Flatten",
    "GELU",
    "HardSigmoid",
    "HardSwish",
    "Log",
    "MVN",
    "Mish",
    "PReLU",
    "Power",
    "ReLU",
    "ReLU6",
    "Reshape",
    "Scale",
    "Sigmoid",
    "Softmax",
    "Split",
    "Swish",
    "TanH",
    "Threshold",
}


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
        if any(one.top == other.top for one, other in zip(inputs, outputs, strict=False)) and not _in_place(layer):
            what = f"{layer.type} in place (its top is its bottom): Caffe writes over what it has yet to read"
            raise Refused(what, "give it a top of its own, if that is what was meant")
        if _shares(layer, len(inputs), len(outputs)):
            first = next(iter(inputs))
            self._place.update((value, self._where(first)) for value in outputs)
            return
        tops = {value.top for value in outputs}
        places = {self._where(value) for value in inputs if value.top in tops and layer.type != "Dropout"}
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


def _in_place(layer: Layer) -> bool:
    """Whether Caffe's layer gives the same numbers in place.

    Eltwise sets its top to 0 (SUM) or to the lowest number (MAX) before it reads. Source: BVLC Caffe, *_layer.cpp.
    """
    if isinstance(layer, Eltwise):
        return layer.operation == "PROD"
    if isinstance(layer, LRN):
        return layer.norm_region == "WITHIN_CHANNEL"
    return layer.type in WORK_IN_PLACE


def _shares(layer: Layer, bottoms: int, tops: int) -> bool:
    """Whether Caffe gives a layer's tops the memory of its first bottom."""
    alone = {"Concat": bottoms, "Slice": tops}
    return layer.type in ("Split", "Reshape", "Flatten") or alone.get(layer.type) == 1
