"""The int8 table: scale = 127 / threshold, so that int8 = round(x * scale) clipped to +-127."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ....errors import ConversionError, Problem

WEIGHTS = "_param_0"
LONGEST_KEY = 255  # characters that ncnn keeps of a key


@dataclass(eq=False)
class Table:
    """weights: the scales of each layer's weights, float64 [num_output or group]; activations: of each layer's input.

    A layer is run in int8 if and only if it has an activation scale.
    """

    weights: dict[str, np.ndarray] = field(default_factory=dict)
    activations: dict[str, float] = field(default_factory=dict)

    def without(self, *layers: str) -> Table:
        """The table with these layers kept in float."""
        weights = {name: scales for name, scales in self.weights.items() if name not in layers}
        return Table(weights, {name: scale for name, scale in self.activations.items() if name not in layers})


class TableError(ConversionError):
    """A table that ncnn would not read as it is meant: every problem found."""

    def __init__(self, problems: Sequence[Problem], what: str) -> None:
        self.problems = list(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = [f"  {number}. {problem}" for number, problem in enumerate(self.problems, 1)]
        super().__init__("\n".join([f"{what}: {count}", *lines]))
