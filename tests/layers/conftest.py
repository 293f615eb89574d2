"""Each layer's cases, times every runtime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import save_caffe, to_torch, trace
from pytorch2caffe.verify.compare import compare
from pytorch2caffe.verify.runtimes import RuntimeFailed, get
from tests.lively import make_lively

TOLERANCE = 1e-5  # of one layer, relative L2, float32

# What OpenCV 4's importer of Caffe files does not know, or reads otherwise: layer type -> reason.
OPENCV_LACKS: dict[str, str] = {"LSTM": "has no LSTM"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "lacks(runtime=reason): a case that a runtime cannot run")


def lacks(*values: Any, **reasons: str) -> Any:
    """A case that some runtime cannot run, and why: `lacks(nn.Identity(), opencv="has no scalars")`.

    It is run there all the same, and fails once it succeeds.
    """
    return pytest.param(*values, marks=pytest.mark.lacks(**reasons))


@pytest.fixture(autouse=True)
def the_same_numbers_in_every_run() -> None:
    """Fixes the random inputs."""
    torch.manual_seed(0)


def relative_l2(actual: np.ndarray, expected: np.ndarray) -> float:
    """The distance of two arrays relative to the second's norm; inf where the shapes differ."""
    if actual.shape != expected.shape:
        return float("inf")
    norm = float(np.linalg.norm(expected.astype(np.float64)))
    return float(np.linalg.norm((actual - expected).astype(np.float64))) / (norm or 1.0)


def outputs_of(result: Any) -> list[np.ndarray]:
    """What a model returned, as arrays in order."""
    if isinstance(result, torch.Tensor):
        return [result.detach().numpy()]
    parts = result.values() if isinstance(result, dict) else result
    return [array for part in parts for array in outputs_of(part)]


@pytest.fixture(params=["source", "builtin", "caffe", "opencv"])
def same_everywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Any]:
    """Asserts that a model computes the same after conversion, in one runtime per test.

    source: the graph as PyTorch source. builtin: written as Caffe files, read back, run. caffe, opencv: the files
    in those runtimes; in Caffe every blob is compared with builtin's too.
    """
    runtime = request.param
    marks = request.node.iter_markers("lacks")
    reasons = [reason for mark in marks for name, reason in mark.kwargs.items() if name == runtime]

    def expect_failure(reason: str) -> None:
        failures = (AssertionError, RuntimeFailed)
        request.applymarker(pytest.mark.xfail(reason=f"{runtime} {reason}", strict=True, raises=failures))

    def check(model: Any, *inputs: torch.Tensor, dialect: str = "caffe", tolerance: float = TOLERANCE) -> Any:
        if isinstance(model, nn.Module):
            make_lively(model, *inputs)
        with torch.no_grad():
            expected = outputs_of(model(*[i.clone() for i in inputs]))
        graph = trace(model, inputs)
        if runtime == "source":
            with torch.no_grad():
                actual = outputs_of(to_torch(graph)(*inputs))
        else:
            files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
            lowered = save_caffe(graph, *files, dialect=dialect)
            if runtime == "opencv":
                reasons.extend(OPENCV_LACKS[t] for t in sorted({n.layer.type for n in lowered.nodes} & {*OPENCV_LACKS}))
            for reason in reasons:
                expect_failure(reason)
            if runtime == "caffe":
                request.getfixturevalue("real_caffe")
            fed = {value.name: i.numpy() for value, i in zip(lowered.inputs, inputs, strict=True)}
            machine = get(runtime)
            if reason := machine.unavailable():
                pytest.skip(f"{runtime}: {reason}")
            results = machine.run(*files, fed)
            tops = {top: array for (_, top), array in results.items()}
            actual = [tops[value.name] for value in lowered.outputs.values()]
            if runtime == "opencv":  # has no arrays of fewer than two axes
                actual = [a.reshape(e.shape) if e.ndim < 2 else a for a, e in zip(actual, expected, strict=True)]
            if runtime == "caffe":
                found = compare(get("builtin").run(*files, fed), results, tolerance=TOLERANCE)
                assert found.equal, found.first
        for one, other in zip(actual, expected, strict=True):
            assert relative_l2(one, other) < tolerance
        return graph

    return check


def types_of(model: Any, *inputs: torch.Tensor, dialect: str = "caffe") -> list[str]:
    """The layer types that a model is written with."""
    from pytorch2caffe.codegen import infer
    from pytorch2caffe.dialects import dialect as profile
    from pytorch2caffe.dialects import lower

    return [node.layer.type for node in lower(trace(model, inputs), profile(dialect), infer).nodes]
