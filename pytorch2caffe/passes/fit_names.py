"""Names within the limits of a consumer."""

from __future__ import annotations

from collections.abc import Iterable

from ..graph.graph import Graph


def fit_names(graph: Graph, *, name_length: int | None = None, names_without: str = "") -> None:
    """Renames layers and values of which the names are too long or have characters that the consumer cannot read.

    before: features.denseblock1.denselayer1.norm1.scale
    after:  features.denseblock1.denselaye~1 (at most 32 characters, unique)

    name_length:   characters of a name, None for no limit. names_without: characters that a name must not have.
    A layer and a value that had the same name still have. Records in `graph.renamed` {new name: name before}.
    """
    if name_length is None and not names_without:
        return
    names = [*(node.name for node in graph.nodes), *(value.name for value in graph.values())]
    new = shortened(names, name_length, names_without)
    for node in graph.nodes:
        node.name = new[node.name]
    for value in graph.values():
        value.name = new[value.name]
    graph.renamed = {now: before for before, now in new.items() if now != before}


def shortened(names: Iterable[str], length: int | None = None, without: str = "", empty: str = "") -> dict[str, str]:
    """A unique name within the limits for each name; a name that is within them stays as it is.

    length:  the most characters, None for no limit. without: characters that become "_".
    empty:   what an empty name becomes.

    >>> shortened(["features.0", "features.1", "f.0"], length=6)
    {'features.0': 'featur', 'features.1': 'feat~1', 'f.0': 'f.0'}
    """
    table = str.maketrans(dict.fromkeys(without, "_"))
    wanted = {name: name.translate(table)[:length] or empty for name in names}
    taken = {name for name, want in wanted.items() if name == want}
    numbers: dict[str, int] = {}
    return {name: name if name == want else _free(want, taken, numbers, length) for name, want in wanted.items()}


def _free(wanted: str, taken: set[str], numbers: dict[str, int], length: int | None) -> str:
    """`wanted` or, where it is taken, the first free `wanted~1`, `wanted~2` ...; `numbers` are the last ones used."""
    name = wanted
    while name in taken:
        numbers[wanted] = numbers.get(wanted, 0) + 1
        suffix = f"~{numbers[wanted]}"
        name = wanted[: None if length is None else max(length - len(suffix), 0)] + suffix
    taken.add(name)
    return name
