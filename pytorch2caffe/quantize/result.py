"""The result of a calibration job, from which the reports are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..graph.graph import Graph
from .calibrate import Settings
from .calibration import Calibration
from .images import Dataset
from .preprocess import Preprocess
from .sensitivity import Sensitivity


@dataclass
class JobResult:
    """Everything about a finished job.

    settings, graph, preprocess, images: its inputs, as read.
    files:       the files that were written.
    sensitivity: None if it was not measured.
    in_float:    the network that int8 is to equal: `graph` before its biases were corrected.
    changes:     what was done to the weights, as sentences for the user.
    """

    settings: Settings
    graph: Graph
    calibration: Calibration
    preprocess: dict[str, Preprocess]
    images: Dataset
    files: list[Path]
    sensitivity: Sensitivity | None = None
    in_float: Graph | None = None
    changes: list[str] = field(default_factory=list)
