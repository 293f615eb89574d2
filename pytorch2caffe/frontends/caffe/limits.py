"""What no Caffe loads: it ends the process there. Source: net.cpp (AppendTop), blob.cpp (Reshape), layer set-ups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import Any

from ...errors import Problem, Refused

MOST_ELEMENTS = 2**31 - 1  # of a blob, and of num_output


def written_twice(layers: Iterable[Mapping[str, Any]]) -> Iterator[Problem]:
    """A problem for each top that an earlier layer has too, unless the layer works in place on it."""
    writers: dict[str, str] = {}
    for entry in layers:
        name, bottoms = entry.get("name", ""), entry.get("bottom", [])
        for index, top in enumerate(entry.get("top", [])):
            if top in writers and bottoms[index : index + 1] != [top]:
                what = f"top {top!r} is that of layer {writers[top]!r} too, which Caffe does not accept"
                yield Problem(f"layer {name!r}", what, "give one of them another name")
            writers.setdefault(top, name)


def check_blob(what: str, shape: Sequence[int]) -> None:
    """Raises Refused for a blob that Caffe does not allocate."""
    if 0 in shape:
        raise Refused(f"{what} of shape {list(shape)} has no elements", "use sizes of at least 1")
    if prod(shape) > MOST_ELEMENTS:
        fix = "use smaller inputs, or split the layer"
        raise Refused(f"{what} of shape {list(shape)} has more than 2^31 - 1 elements, Caffe's limit", fix)


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raises Refused for a number of outputs that Caffe does not have."""
    count = settings.get("num_output", 1)
    if not 0 < count <= MOST_ELEMENTS:
        raise Refused(f"num_output: {count}", "give the number of outputs")
