"""What a calibration found, for those who write it down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..graph.graph import Graph
from .calibrate import Calibration, Settings
from .images import Dataset
from .preprocess import Preprocess
from .sensitivity import Sensitivity


@dataclass
class Outcome:
    """What a job found, and where it lies."""

    settings: Settings
    graph: Graph
    calibration: Calibration
    preprocess: dict[str, Preprocess]
    images: Dataset
    files: list[Path]
    sensitivity: Sensitivity | None = None
