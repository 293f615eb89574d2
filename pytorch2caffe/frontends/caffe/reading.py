"""How a Caffe file is read: which of its layers, and the shapes of its inputs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from caffe_proto import included

from ...errors import ConversionError

InputShape = Sequence[int] | Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class CaffeReading:
    """What `load_caffe` may be told about a file; its arguments of the same names."""

    input_shape: InputShape | None = None
    batch: int | None = None
    phase: str = "TEST"
    stages: Sequence[str] = ()
    level: int = 0
    start: Mapping[str, Sequence[int]] = field(default_factory=dict)
    end: Sequence[str] = ()
    ignore_fields: Collection[str] = ()

    def includes(self, entry: Mapping[str, Any]) -> bool:
        """Whether a layer is in the network, by its include and exclude rules."""
        return included(entry, self.stages, self.level, self.phase)


Entries = list[dict[str, Any]]


def cut(layers: Entries, reading: CaffeReading, path: str) -> Entries:
    """The layers from `start` to `end`, those that are needed for it; all layers if neither is given.

    A blob that layers change in place is meant as it is after the last of them. Raises ConversionError for a blob that
    the network does not have.
    """
    tops = {top for entry in layers for top in entry.get("top", [])}
    for option, names in (("start", reading.start), ("end", reading.end)):
        if unknown := [name for name in names if name not in tops]:
            raise ConversionError(f"{path}: --{option} {unknown[0]}: no layer has this top")
    if not reading.start and not reading.end:
        return layers
    kept = [entry for entry in layers if not {*entry.get("top", [])} & {*reading.start}]
    wanted = {*reading.end} - {*reading.start} or _reached(kept, {*reading.start})
    needed: Entries = []
    for entry in reversed(kept):
        own = {*entry.get("top", [])}
        if own & wanted:
            needed.append(entry)
            wanted = (wanted - own) | {*entry.get("bottom", [])}
    inputs: Entries = [
        {"name": name, "type": "Input", "top": [name], "input_param": {"shape": [{"dim": list(shape)}]}}
        for name, shape in reading.start.items()
    ]
    return inputs + needed[::-1]


def _reached(layers: Entries, start: set[str]) -> set[str]:
    """The unread tops of what depends on some blobs."""
    depend, unread = set(start), set[str]()
    for entry in layers:
        own, bottoms = {*entry.get("top", [])}, {*entry.get("bottom", [])}
        if bottoms & depend:
            unread -= bottoms
            depend |= own
            unread |= own
    return unread


def last_before(layers: Entries, failed: Collection[str]) -> list[str]:
    """The blobs at which a network can end so that it has none of some tops, nor what depends on them; in order."""
    lost, computed, ends = set(failed), set[str](), dict[str, None]()
    for entry in layers:
        own, bottoms = entry.get("top", []), entry.get("bottom", [])
        if lost.intersection([*own, *bottoms]):
            lost.update(own)
        elif bottoms:
            for name in bottoms:
                ends.pop(name, None)
            ends.update(dict.fromkeys(own))
            computed.update(own)
    for entry in layers:
        if lost.intersection(entry.get("top", [])):
            ends.update(dict.fromkeys(name for name in entry.get("bottom", []) if name in computed))
    return [name for name in ends if name not in lost]
