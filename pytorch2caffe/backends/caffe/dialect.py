"""A dialect as data: what one consumer of Caffe files accepts."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import Refusal
from ...graph.graph import Shape, Value
from ...graph.registry import Layer


@dataclass(frozen=True)
class Rule:
    """What a consumer requires of a layer's settings.

    layer: the type it is about. when: it holds only where each of these fields has one of these values; `bottoms` is
    the number of inputs, `ranks[1]` the number of axes of the second. only: the values that a field may then have;
    `shape[0]` is the first of a list, and the whole list is written as a list. min, max: the least and the greatest
    number that a field may hold, or each number of a list. length: the numbers of numbers that a list may hold. side:
    it holds only where the height or width of the first input is at most so many. once: fields that may hold one
    number, not one per axis. whole: fields that must hold integers. why, fix: for the message.
    after: the rule holds only where the layer alone reads a layer of one of these types, directly or through layers of
    the types in `through`: a consumer that joins such layers may do so wrongly. after_when, after_unless: it holds only
    where each of these fields of that other layer has one of the values, and not where each of those has.
    """

    layer: str
    when: Mapping[str, list[Any]] = dataclasses.field(default_factory=dict)
    only: Mapping[str, list[Any]] = dataclasses.field(default_factory=dict)
    min: Mapping[str, float] = dataclasses.field(default_factory=dict)
    max: Mapping[str, float] = dataclasses.field(default_factory=dict)
    length: Mapping[str, list[int]] = dataclasses.field(default_factory=dict)
    side: int | None = None
    once: Sequence[str] = ()
    whole: Sequence[str] = ()
    after: Sequence[str] = ()
    through: Sequence[str] = ()
    after_when: Mapping[str, list[Any]] = dataclasses.field(default_factory=dict)
    after_unless: Mapping[str, list[Any]] = dataclasses.field(default_factory=dict)
    why: str = ""
    fix: str = ""

    def violation_by(self, layer: Layer, shapes: Sequence[Shape]) -> str | None:
        """How a layer with inputs of these shapes violates it, `order [0, 2, 1, 3] in Permute`; None if it does not."""
        if layer.type != self.layer or self.side is not None and min(shapes[0][2:], default=1) > self.side:
            return None
        ranks = [len(shape) for shape in shapes]
        if not _has(layer, self.when, ranks):
            return None
        for name, values in self.only.items():
            if (value := _value(layer, name, ranks)) not in values:
                return f"{name} {_text(value)} in {layer.type}"
        for name, numbers in self._numbers(layer, ranks):
            if any(n < self.min.get(name, n) or n > self.max.get(name, n) for n in numbers):
                return f"{name} {_text(numbers if len(numbers) > 1 else numbers[0])} in {layer.type}"
        for name, lengths in self.length.items():
            if len(value := _value(layer, name, ranks)) not in lengths:
                return f"{name} {_text(value)} in {layer.type}"
        for name in self.once:
            written = layer.to_caffe().get(name)
            if isinstance(written, list) and len(written) > 1:
                return f"{name} {_text(written)} in {layer.type}"
        for name in self.whole:
            if any(number != int(number) for number in getattr(layer, name, ())):
                return f"{name} {_text(list(getattr(layer, name)))} in {layer.type}"
        return None

    def joined_with(self, before: Iterable[Layer]) -> Layer | None:
        """The layer in `after` that a layer is joined with, which alone reads a chain of these, the nearest first."""
        for layer in before:
            if layer.type in self.after:
                excepted = bool(self.after_unless) and _has(layer, self.after_unless)
                return layer if _has(layer, self.after_when) and not excepted else None
            if layer.type not in self.through:
                return None
        return None

    def _numbers(self, layer: Layer, ranks: Sequence[int]) -> Iterator[tuple[str, list[float]]]:
        """The fields with a least or greatest number, each with what the layer has there."""
        for name in dict.fromkeys([*self.min, *self.max]):
            value = _value(layer, name, ranks)
            numbers = value if isinstance(value, list) else [value]
            if numbers and all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in numbers):
                yield name, numbers


def _has(layer: Layer, fields: Mapping[str, list[Any]], ranks: Sequence[int] = ()) -> bool:
    """Whether each of the fields has one of its values."""
    return all(_value(layer, name, ranks) in values for name, values in fields.items())


def _value(layer: Layer, name: str, ranks: Sequence[int]) -> Any:
    value: Any
    if name == "bottoms":
        return len(ranks)
    name, _, index = name.partition("[")
    value = list(ranks) if name == "ranks" else getattr(layer, name) if hasattr(layer, name) else _of_axis(layer, name)
    value = list(value) if isinstance(value, tuple) else value
    if not index:
        return value
    position = int(index.rstrip("]"))
    return value[position] if position < len(value) else None


def _of_axis(layer: Layer, name: str) -> Any:
    """`kernel_h` of a layer that has a `kernel_size` with a number per axis; else the field as it is written."""
    base, _, axis = name.rpartition("_")
    numbers = getattr(layer, "kernel_size" if base == "kernel" else base, ()) if axis in ("h", "w") else ()
    return numbers[axis == "w"] if len(numbers) == 2 else layer.to_caffe().get(name)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else repr(value)


@dataclass(frozen=True)
class Spelling:
    """How a consumer writes a field that Caffe names differently: its own name, and its values for Caffe's."""

    field: str
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """Limits beyond single settings; None and empty mean no limit.

    name_length:   characters of a layer's or blob's name. names_without: characters that a name may not have.
    inputs, outputs: of the whole network. batch: the first dimension of every value.
    ranks:         the most axes that an input or output may have, by layer type; "*" for every layer.
    side:          the largest height and width of a value.
    caffemodels:   files that the weights may be in.
    float32:       whether it computes in float32 and rounds the output of each layer to it.
    open_reshapes: whether a Reshape may copy (0) and infer (-1) any dimension; else it copies the batch only.
    old_forms:     whether `layers` (V1) and `input:` headers are read.
    shared_weights: whether layers whose `param`s have the names of an earlier layer's use the weights of that layer,
                   so that the caffemodel has them once.
    leftovers:     whether the pieces of a Slice that nothing reads may remain; else they are outputs of the network.
    outputs_by_top: whether each unread top is an output of the network; else each layer of which no top is read.
    any_size:      whether it loads files at another height and width, so that layers that fit them are worth their
                   number.
    """

    name_length: int | None = None
    names_without: str = ""
    inputs: int | None = None
    outputs: int | None = None
    batch: int | None = None
    ranks: Mapping[str, int] = dataclasses.field(default_factory=dict)
    side: int | None = None
    caffemodels: int | None = None
    float32: bool = True
    open_reshapes: bool = True
    old_forms: bool = True
    shared_weights: bool = False
    leftovers: bool = True
    outputs_by_top: bool = True
    any_size: bool = False

    def most_axes(self, type: str) -> int | None:
        """The most axes that an input or output of a layer may have; None for no limit."""
        return self.ranks.get(type, self.ranks.get("*"))


@dataclass(frozen=True, eq=False)
class Dialect:
    """A consumer of Caffe files.

    layers:   the fields it accepts, by layer type, under Caffe's names.
    summary:  who that is; rests_on: the evidence.
    ignores:  fields that change nothing at inference, which it skips.
    spelling: what it names differently, by "Layer.field".
    folds_batch_norm: whether BatchNorm is folded in what is written for it.
    runtime:  the runtime of this package that is this consumer itself, "" if there is none; verify/runtimes.
    reads:    as `layers`, what it reads besides: a check accepts it, and nothing is written with it.
    safe_in:  other dialects, whose rules about a layer after another are followed in what is written for this one.
    """

    name: str
    summary: str
    rests_on: str
    layers: Mapping[str, frozenset[str]]
    ignores: Collection[str] = ()
    spelling: Mapping[str, Spelling] = dataclasses.field(default_factory=dict)
    limits: Limits = dataclasses.field(default_factory=Limits)
    rules: Sequence[Rule] = ()
    folds_batch_norm: bool = False
    safe_in: Sequence[str] = ()
    runtime: str = ""
    reads: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)

    def takes(self, layer: Layer, inputs: Sequence[Value], blobs: Sequence[np.ndarray] = ()) -> Refusal | None:
        """None if this consumer reads `layer` with these inputs as it is, else what it lacks, and the fix of its rule.

        inputs: only their shapes count.
        """
        fields = self.layers.get(layer.type)
        if fields is None:
            return Refusal(f"{self.name} has no layer {layer.type}")
        if unknown := [name for name in layer.to_caffe() if name not in fields]:
            return Refusal(f"{self.name} has no {', '.join(unknown)} in {layer.type}", "do without that setting")
        for how, rule in self.violations(layer, [value.shape for value in inputs]):
            return Refusal(f"{self.name} has no {how}: {rule.why}", rule.fix)
        return None

    def violations(self, layer: Layer, shapes: Sequence[Shape]) -> Iterator[tuple[str, Rule]]:
        """The rules that a layer violates whatever is before it, each with how. shapes: of its inputs."""
        for rule in self.rules:
            if not rule.after and (how := rule.violation_by(layer, shapes)) is not None:
                yield how, rule

    def violations_after(
        self, layer: Layer, shapes: Sequence[Shape], before: Sequence[Layer]
    ) -> Iterator[tuple[str, Rule]]:
        """The rules that a layer violates because of those before it, the nearest first, each with how."""
        for rule in self.rules:
            if (how := rule.violation_by(layer, shapes)) is not None and (other := rule.joined_with(before)):
                yield f"{how} after {other.type}", rule

    def spell(self, layer: Layer) -> dict[str, Any]:
        """The layer's settings as this consumer spells them: {field: value}.

        >>> from pytorch2caffe.backends.caffe.dialect_file import dialect
        >>> from pytorch2caffe.layers.pooling.pooling import Pooling
        >>> dialect("opencv").spell(Pooling("MAX", 2, 2, 2, 2, round_mode="FLOOR"))
        {'pool': 'MAX', 'kernel_size': 2, 'stride': 2, 'ceil_mode': False}
        """
        spelled = {}
        for name, value in layer.to_caffe().items():
            other = self.spelling.get(f"{layer.type}.{name}")
            spelled[other.field if other else name] = other.values.get(str(value), value) if other else value
        return spelled

    def fields(self, type: str) -> dict[str, str]:
        """The fields of a layer type as this consumer spells them, each with the name that Caffe gives it."""
        named = {name: self.spelling.get(f"{type}.{name}") for name in self.layers.get(type, ())}
        return {other.field if other else name: name for name, other in named.items()}
