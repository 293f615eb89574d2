"""Files that MMdnn itself made, each with what the framework that it came from computes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from pytorch2caffe import to_torch
from pytorch2caffe.graph.graph import Graph
from tests.paths import SHARED

FOLDER = SHARED / "data" / "mmdnn_ir"
CASES = json.loads((FOLDER / "MANIFEST.json").read_text())["fixtures"] if FOLDER.exists() else {}


def named(status: str) -> list[str]:
    """The cases of one status: exact, lossy, misleading or no_ir."""
    return [name for name, info in CASES.items() if info["status"] == status]


def structures(case: str) -> list[Path]:
    """The .json and .pb of a case."""
    found = [FOLDER / case / f"{stem}.{suffix}" for stem in ("ir", "ir_nopycaffe") for suffix in ("json", "pb")]
    return [path for path in found if path.exists()]


def reference(case: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Inputs and outputs, channels first."""
    arrays = np.load(FOLDER / case / "ref.npz")
    names = [name for name in sorted(arrays.files) if name not in ("output_b1", "output_names")]
    turn = _channels_first if case.startswith("tf_") else np.asarray
    return tuple([turn(arrays[n]) for n in names if n.startswith(prefix)] for prefix in ("in", "output"))


def _channels_first(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(array, -1, 1)) if array.ndim in (4, 5) else array


def outputs(graph: Graph, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """What the graph as PyTorch gives."""
    with torch.no_grad():
        found = to_torch(graph)(*map(torch.from_numpy, inputs))
    return [value.numpy() for value in (found if isinstance(found, tuple) else [found])]


def relative(actual: np.ndarray, expected: np.ndarray) -> float:
    """The distance relative to the norm of `expected`; Caffe's parser writes rows as [1, n, 1, 1]."""
    if actual.size != expected.size:
        return float("inf")
    norm = float(np.linalg.norm(expected.astype(np.float64)))
    return float(np.linalg.norm((actual.reshape(expected.shape) - expected).astype(np.float64))) / (norm or 1.0)
