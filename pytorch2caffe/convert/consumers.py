"""Which consumers of Caffe files accept a network: as it is, after lowering, or not, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from caffe_proto import FilePaths

from ..backends.caffe.dialect_file import dialect, names
from ..backends.caffe.lower import lower
from ..errors import Problem, UnsupportedError
from ..frontends.caffe.reader import load_as
from ..frontends.caffe.reading import CaffeReading
from ..graph.graph import Graph
from ..runtime.infer import infer
from .check_files import check_files

COLUMNS = ("consumer", "accepts it", "layers", "why not")


@dataclass(frozen=True)
class Acceptance:
    """What one consumer makes of a network.

    consumer: the name of the dialect. layers: how many are written for it; 0 if it does not accept the network.
    added:    how many more these are than the network has itself; fewer if some are folded into weights.
    as_it_is: whether it has every layer of the network, and of a file every setting too.
    problems: why it does not accept the network; empty if it does.
    """

    consumer: str
    layers: int
    added: int
    as_it_is: bool
    problems: Sequence[Problem] = ()

    def how(self) -> str:
        """One of three answers."""
        return "no" if self.problems else "as it is" if self.as_it_is else "after lowering"

    def cells(self) -> tuple[str, str, str, str]:
        """The row of a table, in the order of COLUMNS."""
        if not self.problems:
            return self.consumer, self.how(), f"{self.layers} ({self.added:+d})" if self.added else f"{self.layers}", ""
        first, *others = self.problems
        more = f" (and {len(others)} more)" if others else ""
        return self.consumer, self.how(), "", f"{first.where}: {first.what}{more}"


def consumers_of(graph: Graph) -> list[Acceptance]:
    """What each consumer that comes with the package makes of a graph; by name."""
    return [_acceptance(name, graph) for name in names()]


def consumers_of_files(
    prototxt: str | Path, caffemodel: FilePaths | None, reading: CaffeReading | None = None
) -> list[Acceptance]:
    """What each consumer makes of Caffe files of any origin; `reading` as for `check_files`.

    Raises UnsupportedError for layers that this package cannot read, otherwise as `check_files`.
    """
    graph = load_as(prototxt, caffemodel, reading or CaffeReading())
    found = []
    for name in names():
        if check_files(prototxt, caffemodel, dialect(name), reading):
            found.append(replace(_acceptance(name, graph), as_it_is=False))
        else:
            found.append(Acceptance(name, len(graph.nodes), 0, True))
    return found


def _acceptance(name: str, graph: Graph) -> Acceptance:
    try:
        lowered = lower(graph, dialect(name), infer)
    except UnsupportedError as error:
        return Acceptance(name, 0, 0, False, error.problems)
    types, before = (Counter(node.layer.type for node in each.nodes) for each in (lowered, graph))
    return Acceptance(name, types.total(), types.total() - before.total(), types == before)
