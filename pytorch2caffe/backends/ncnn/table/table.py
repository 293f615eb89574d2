"""The int8 table as data. scale = 127 / threshold; int8 = round(x * scale), clipped to +-127."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ....errors import ConversionError, Problem

WEIGHTS_SUFFIX = "_param_0"  # of the key of a line with weight scales
MAX_KEY_LENGTH = 255  # ncnn truncates keys to so many characters


@dataclass(eq=False)
class Table:
    """The scales of a network, by layer name. A layer runs in int8 if and only if it has an activation scale.

    weights:     the weight scales, float64 [num_output or group].
    activations: the scale of the layer's input.
    """

    weights: dict[str, np.ndarray] = field(default_factory=dict)
    activations: dict[str, float] = field(default_factory=dict)

    def without(self, *layers: str) -> Table:
        """The table with these layers kept in float."""
        weights = {name: scales for name, scales in self.weights.items() if name not in layers}
        return Table(weights, {name: scale for name, scale in self.activations.items() if name not in layers})


class TableError(ConversionError):
    """A table that ncnn would refuse or misinterpret. `problems` lists every reason."""

    def __init__(self, problems: Sequence[Problem], what: str) -> None:
        self.problems = list(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = [f"  {number}. {problem}" for number, problem in enumerate(self.problems, 1)]
        super().__init__("\n".join([f"{what}: {count}", *lines]))
