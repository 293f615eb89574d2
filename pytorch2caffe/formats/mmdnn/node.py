"""A node of MMdnn's intermediate representation as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(eq=False)
class IrNode:
    """One operator, with its weights.

    inputs:  the names of its inputs: `conv1` is the first output of conv1, `split:2` the third of split.
             Control inputs (`^name`) are not included.
    attrs:   bool, int, float, str, a list of these, or shapes: a tuple of ints (-1 where unknown), None for an
             unknown rank; `_output_shapes` is a list of shapes. Layouts and axes are the IR's: channels last.
    weights: arrays by MMdnn's keys (`weights`, `bias`, `mean` ...), float32, channels last (kernels HWIO).
    """

    name: str
    op: str
    inputs: list[str] = field(default_factory=list)
    attrs: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
