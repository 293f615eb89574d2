"""Layers after a convolution and before one, in runtimes that join layers: OpenCV, ncnn and MNN.

Each file of tests/layers gives its first cases which accept an image of 4 channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import UnsupportedError, save_caffe, trace
from pytorch2caffe.backends.ncnn.writer import save_ncnn
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.verify.runtimes import RuntimeFailed, get
from tests.layers.conftest import NCNN_LACKS, relative_l2
from tests.lively import make_lively

FOLDER = Path(__file__).parent
FILES = sorted(path.relative_to(FOLDER).with_suffix("") for path in FOLDER.glob("*/test_*.py"))
CASES_OF_A_FILE = 4
CHANNELS, SIZE, TOLERANCE = 4, 6, 1e-4


class Pair(nn.Module):
    """conv -> a layer -> conv, the second if the layer gives an image."""

    def __init__(self, layer: Callable[..., Any]) -> None:
        super().__init__()
        self.before, self.layer = nn.Conv2d(3, CHANNELS, 3, padding=1), layer
        with torch.no_grad():
            y = self._between(torch.randn(1, 3, SIZE, SIZE))
        image = y.dim() == 4 and y.shape[0] == 1 and min(y.shape) > 0
        self.after = nn.Conv2d(y.shape[1], 3, 1) if image else nn.Identity()

    def _between(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layer(self.before(x))
        if not isinstance(y, torch.Tensor) or not y.is_floating_point() or not y.dim():
            raise TypeError("not one tensor of numbers")
        return y

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.after(self._between(x))


@dataclass
class Case:
    """A traced pair.

    noise: how far PyTorch's own result is from that in float64, relative L2.
    lacks: the runtimes that cannot compute the layer by itself, as its own test says.
    """

    name: str
    x: torch.Tensor
    expected: np.ndarray
    noise: float
    graph: Graph
    lacks: frozenset[str]


@cache
def cases(file: Path) -> tuple[Case, ...]:
    """The first cases of a file of tests that fit, traced once for all runtimes."""
    module = import_module(".".join(["tests", "layers", *file.parts]))
    found = {key: value for table in _tables(module) for key, value in table.items()}
    return tuple(islice(_fitting(found), CASES_OF_A_FILE))


def _tables(module: Any) -> list[dict[str, Any]]:
    """The tables of cases in a file: its dicts with names in capitals."""
    return [value for name, value in vars(module).items() if name.isupper() and isinstance(value, dict)]


def _fitting(found: dict[str, Any]) -> Iterator[Case]:
    for name, value in found.items():
        lacks = frozenset(key for mark in getattr(value, "marks", ()) for key in mark.kwargs)
        parts = value.values if hasattr(value, "marks") else value if isinstance(value, tuple) else (value,)
        layer = parts[0] if parts else None
        if not callable(layer):
            continue
        torch.manual_seed(0)
        x = torch.randn(1, 3, SIZE, SIZE)
        try:
            model = make_lively(Pair(layer.eval() if isinstance(layer, nn.Module) else layer), x)
            with torch.no_grad():
                expected = model(x)
            if not expected.isfinite().all() or not expected.any():
                continue
            yield Case(name, x, expected.numpy(), noise_of(model, x, expected), trace(model, x), lacks)
        except (RuntimeError, TypeError, ValueError, IndexError, AssertionError, UserWarning, UnsupportedError):
            continue  # a case of another shape, of several inputs or outputs, or that is refused


def noise_of(model: nn.Module, x: torch.Tensor, result: torch.Tensor) -> float:
    """How far a result is from that in float64, relative L2; 0 for functions with weights in float32."""
    try:
        with torch.no_grad():
            exact = deepcopy(model).double()(x.double())
    except RuntimeError:
        return 0.0
    return relative_l2(result.numpy(), exact.numpy())


def _in_ncnn(case: Case, folder: Path) -> np.ndarray:
    files = save_ncnn(case.graph, folder / "net")
    fed = {blob: case.x.numpy() for blob in files.inputs.values()}
    results = get("ncnn").run(folder / "net.param", folder / "net.bin", fed)
    return {top: array for (_, top), array in results.items()}[next(iter(files.outputs.values()))]


def _from_caffe(runtime: str, dialect: str) -> Callable[[Case, Path], np.ndarray]:
    def run(case: Case, folder: Path) -> np.ndarray:
        files = folder / "net.prototxt", folder / "net.caffemodel"
        lowered = save_caffe(case.graph, *files, dialect)
        (name,) = (value.name for value in lowered.outputs.values())
        results = get(runtime).run(*files, {lowered.inputs[0].name: case.x.numpy()}, {name})
        return {top: array for (_, top), array in results.items()}[name]

    return run


RUNS = {"opencv": _from_caffe("opencv", "opencv"), "ncnn": _in_ncnn, "mnn": _from_caffe("mnn", "mnn")}


def difference(runtime: str, case: Case, folder: Path) -> str:
    """What is wrong with a case in a runtime; "" if nothing, or if it is refused for the target."""
    try:
        actual = RUNS[runtime](case, folder)
    except UnsupportedError as error:
        known = all(any(words in problem.what for words in (*NCNN_LACKS, "has no")) for problem in error.problems)
        return "" if known else str(error)
    except RuntimeFailed as error:
        return str(error)
    if actual.size != case.expected.size:
        return f"shape {list(actual.shape)} instead of {list(case.expected.shape)}"
    distance = relative_l2(actual.reshape(case.expected.shape), case.expected)
    return "" if distance < max(TOLERANCE, 20 * case.noise) else f"relative L2 {distance:.1e}"


@pytest.mark.parametrize("runtime", RUNS)
@pytest.mark.parametrize("file", FILES, ids=[path.name.removeprefix("test_") for path in FILES])
def test_between_convolutions(file, runtime, tmp_path):
    if reason := get(runtime).unavailable():
        pytest.skip(f"{runtime}: {reason}")
    if not cases(file):
        pytest.skip("no case of one image")
    able = [case for case in cases(file) if runtime not in case.lacks]
    wrong = {case.name: what for case in able if (what := difference(runtime, case, tmp_path))}
    assert not wrong
