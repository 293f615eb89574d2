"""Names that fit a reader."""

from __future__ import annotations

from collections.abc import Iterable

from ..backends.caffe.dialect import Limits
from ..graph.graph import Graph


def fit_names(graph: Graph, limits: Limits) -> dict[str, str]:
    """Renames layers and values, in place, as a reader's limits demand.

    before: features.denseblock1.denselayer1.norm1.scale
    after:  features.denseblock1.denselaye~1 (of at most 32 characters, and used once)

    Returns what was renamed: {name as written: name as it was}; a layer and its blob of one name keep one name.
    """
    if limits.name_length is None and not limits.names_without:
        return {}
    values = [*graph.inputs, *(value for node in graph.nodes for value in node.outputs)]
    found = shortened([*(node.name for node in graph.nodes), *(value.name for value in values)], limits)
    for node in graph.nodes:
        node.name = found[node.name]
    for value in values:
        value.name = found[value.name]
    return {new: old for old, new in found.items() if new != old}


def shortened(names: Iterable[str], limits: Limits) -> dict[str, str]:
    """A name within the limits for each name, no two alike; those that fit stay as they are.

    >>> shortened(["features.0", "features.1", "f.0"], Limits(name_length=6))
    {'features.0': 'featur', 'features.1': 'feat~1', 'f.0': 'f.0'}
    """
    table = str.maketrans(dict.fromkeys(limits.names_without, "_"))
    wanted = {name: name.translate(table)[: limits.name_length] for name in names}
    taken = {name for name, want in wanted.items() if name == want}
    return {name: name if name == want else _free(want, taken, limits.name_length) for name, want in wanted.items()}


def _free(wanted: str, taken: set[str], length: int | None) -> str:
    number, name = 0, wanted
    while name in taken:
        number += 1
        suffix = f"~{number}"
        name = wanted[: None if length is None else max(length - len(suffix), 0)] + suffix
    taken.add(name)
    return name
