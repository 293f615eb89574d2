"""The result of a calibration job, from which the reports are written."""

from __future__ import annotations

from dataclasses import dataclass
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
    """

    settings: Settings
    graph: Graph
    calibration: Calibration
    preprocess: dict[str, Preprocess]
    images: Dataset
    files: list[Path]
    sensitivity: Sensitivity | None = None
