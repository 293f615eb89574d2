"""Each layer's cases, times every runtime."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import ConversionError, UnsupportedError, generate, load_caffe, save_caffe, to_torch, trace
from pytorch2caffe.backends.caffe.dialect_file import names
from pytorch2caffe.backends.mmdnn.writer import nodes_of
from pytorch2caffe.backends.ncnn.writer import save_ncnn
from pytorch2caffe.frontends.mmdnn.reader import graph_of
from pytorch2caffe.frontends.torch.inputs_outputs import OutputWarning
from pytorch2caffe.graph.registry import Source
from pytorch2caffe.runtime import infer
from pytorch2caffe.runtime.build import shapes_on_meta
from pytorch2caffe.runtime.run import run
from pytorch2caffe.runtime.shapes.run import shapes_of
from pytorch2caffe.runtime.shapes.tensor import Rejected
from pytorch2caffe.verify.compare import compare
from pytorch2caffe.verify.runtimes import RuntimeFailed, get
from tests.lively import make_lively
from tests.style import check_style

TOLERANCE = 1e-5  # of one layer, relative L2, float32
MNN_TOLERANCE = 2e-4  # MNN computes convolutions by Winograd (1.5e-4 at 4x4), and approximates exp

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
    torch.default_generator.manual_seed(0)  # torch.manual_seed formats a stack trace for CUDA each time


@pytest.fixture(autouse=True, scope="session")
def shapes_are_those_of_torch(pytestconfig: pytest.Config) -> Iterator[None]:
    """Compares every shape that is inferred without torch with the one that PyTorch's meta device gives."""

    def compared(source: Source, shapes: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
        try:
            modelled = shapes_of(source, shapes)
        except Rejected:
            with pytest.raises((RuntimeError, ValueError)):
                shapes_on_meta(source, shapes)
            raise
        assert modelled == shapes_on_meta(source, shapes), (source.module, source.expr, shapes)
        return modelled

    with pytest.MonkeyPatch.context() as patch:
        if not pytestconfig.getoption("--quick"):  # importing what the meta device needs takes seconds
            patch.setattr(infer, "shapes_of", compared)
        yield


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


RUNTIMES = ["source", "builtin", "dialects", "caffe", "opencv", "mnn", "ir", "ncnn"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out three of four cases in MNN, which costs a conversion each: the first of each test function stays."""
    ours = [item for item in items if isinstance(item, pytest.Function) and "same_everywhere" in item.fixturenames]
    dropped = {item for item in ours if item.callspec.params["same_everywhere"] == "mnn" and _case(item) % 4}
    if dropped:
        config.hook.pytest_deselected(items=[*dropped])
        items[:] = [item for item in items if item not in dropped]


def _case(item: pytest.Function) -> int:
    """The number of a case among those of its test function, one after the other."""
    indices = item.callspec.indices
    return sum(indices.values()) - indices["same_everywhere"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "same_everywhere" in metafunc.fixturenames:
        runtimes = ["builtin"] if metafunc.config.getoption("--quick") else RUNTIMES
        metafunc.parametrize("same_everywhere", runtimes, indirect=True)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the files of all cases, one after the other: a folder for each takes a fifth of the time."""
    return tmp_path_factory.mktemp("layers")


@pytest.fixture
def same_everywhere(request: pytest.FixtureRequest, folder: Path) -> Callable[..., Any]:
    """Asserts that a model computes the same after conversion, in one runtime per test.

    source: the graph as PyTorch source. ir: that of what is written in MMdnn's IR and read back. builtin: written as
    Caffe files, read back, run. dialects: the same in the other dialects. caffe, opencv: the files in those runtimes;
    in Caffe every blob is compared with builtin's too. mnn: the files of its dialect, converted and run by MNN.
    """
    runtime = request.param
    marks = request.node.iter_markers("lacks")
    reasons = [reason for mark in marks for name, reason in mark.kwargs.items() if name == runtime]

    def expect_failure(reason: str) -> None:
        failures = (AssertionError, ConversionError, RuntimeFailed)
        request.applymarker(pytest.mark.xfail(reason=f"{runtime} {reason}", strict=True, raises=failures))

    def check(model: Any, *inputs: torch.Tensor, dialect: str = "caffe", tolerance: float = TOLERANCE) -> Any:
        if isinstance(model, nn.Module):
            make_lively(model, *inputs)
        if runtime == "ncnn":
            return same_in_ncnn(model, inputs, folder, reasons, expect_failure, tolerance)
        if runtime == "mnn":
            return same_in_mnn(model, inputs, folder, reasons, expect_failure, tolerance)
        if runtime == "dialects":
            return same_in_dialects(model, inputs, request.node, folder, tolerance)
        with torch.no_grad():
            expected = outputs_of(model(*[i.clone() for i in inputs]))
        graph = trace(model, inputs)
        if runtime in ("source", "ir"):
            if runtime == "ir" and reasons:
                expect_failure(reasons[0])
            again = graph_of(nodes_of(graph)) if runtime == "ir" else graph
            check_style(generate(again)[0])
            with torch.no_grad():
                actual = outputs_of(to_torch(again)(*inputs))
        else:
            files = folder / "net.prototxt", folder / "net.caffemodel"
            plain = "importers" if runtime == "opencv" and dialect == "caffe" else dialect
            lowered = save_caffe(graph, *files, dialect=plain)
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
            outputs = {value.name for value in lowered.outputs.values()}
            results = machine.run(*files, fed, outputs if runtime == "opencv" else None)
            tops = {top: array for (_, top), array in results.items()}
            actual = [tops[value.name] for value in lowered.outputs.values()]
            if runtime == "caffe":
                found = compare(get("builtin").run(*files, fed), results, tolerance=TOLERANCE)
                assert found.equal, found.first
        for one, other in zip(actual, expected, strict=True):
            assert relative_l2(one, other) < tolerance
        return graph

    return check


@pytest.fixture
def run_in(request: pytest.FixtureRequest, folder: Path) -> Callable[..., torch.Tensor]:
    """Runs the files of a model of one input and one output in one runtime: run_in("caffe", model, x)."""

    def check(runtime: str, model: Any, x: torch.Tensor) -> torch.Tensor:
        if runtime == "caffe":
            request.getfixturevalue("real_caffe")
        if reason := get(runtime).unavailable():
            pytest.skip(f"{runtime}: {reason}")
        files = folder / "net.prototxt", folder / "net.caffemodel"
        lowered = save_caffe(trace(model, x), *files)
        (output,) = lowered.outputs.values()
        results = get(runtime).run(*files, {lowered.inputs[0].name: x.numpy()})
        return torch.from_numpy({top: array for (_, top), array in results.items()}[output.name])

    return check


# Why a dialect refuses a layer, in words of its refusal; anything else that is refused is a failure.
DIALECT_LACKS = (
    "the first dimension must be 0",
    "NNIE slices C, H and W only",
    "only a first dimension of 1",
    "ncnn has no batch axis",
    "flattens everything after the batch",
    "applies the first number for every axis",
    "accepts at most",
    "has no layer",
    "has no arrays without axes",
    "MNN's converter reads the shape only",
    "MNN divides the input by the deviation",
    "MNN's softmax of one axis",
    "does not compute in float32",
)


# The dialects that the first case of each test is written for; each case is written for one of the others too.
CORE = ("caffe-master", "importers", "mnn", "ncnn", "nnie", "opencv", "ssd")


def same_in_dialects(model: Any, inputs: Any, test: Any, folder: Path, tolerance: float) -> Any:
    """Asserts that files in other dialects than caffe, read back, give the model's outputs.

    test: pytest's item. The first case is written for CORE and for one of the other dialects, each other case
    for one of all. Which one depends on the test's name, so that every dialect has its share of each kind.
    """
    case = _case(test)
    turn = case + sum(test.originalname.encode())
    others = [name for name in names() if name not in ("caffe", *(CORE if case == 0 else ()))]
    chosen = [*(CORE if case == 0 else ()), others[turn % len(others)]]
    refusals = []
    graph, inputs = traced_once(model, inputs)
    with torch.no_grad():
        expected = outputs_of(model(*[i.clone() for i in inputs]))
    for name in chosen:
        files = folder / f"{name}.prototxt", folder / f"{name}.caffemodel"
        try:
            lowered = save_caffe(graph, *files, dialect=name)
        except UnsupportedError as error:
            words = DIALECT_LACKS if name in CORE else (*DIALECT_LACKS, f"{name} has no ")
            if all(any(each in problem.what for each in words) for problem in error.problems):
                refusals.append(f"{name}: {error.problems[0].what}")
                continue
            raise
        fed = {value.name: i.numpy() for value, i in zip(lowered.inputs, inputs, strict=True)}
        tops = {top: array for (_, top), array in get("builtin").run(*files, fed).items()}
        for value, array in zip(lowered.outputs.values(), expected, strict=True):
            assert relative_l2(tops[value.name], array) < tolerance, name
    if len(refusals) == len(chosen):
        pytest.skip("; ".join(refusals))
    return graph


def traced_once(model: Any, inputs: tuple[torch.Tensor, ...]) -> tuple[Any, tuple[torch.Tensor, ...]]:
    """The graph for the first sample of each input, if the model accepts one: ncnn has no batch axis."""
    single = tuple(i[:1] if i.dim() > 1 else i for i in inputs)
    try:
        return trace(model, single), single
    except (RuntimeError, ValueError, IndexError, AssertionError, UnsupportedError, OutputWarning):
        return trace(model, inputs), inputs


# Why ncnn cannot take a layer, in words of its refusal; anything else that is refused is a failure.
NCNN_LACKS = (
    "ncnn has no batch axis",
    "a batch of",
    "ncnn has no layer",
    "more axes than ncnn's",
)


def same_in_ncnn(
    model: Any, inputs: Any, folder: Path, reasons: list[str], expect_failure: Any, tolerance: float
) -> Any:
    """Asserts that the model's .param and .bin give its outputs in ncnn; skipped where ncnn has no such thing."""
    machine = get("ncnn")
    if reason := machine.unavailable():
        pytest.skip(f"ncnn: {reason}")
    graph, inputs = traced_once(model, inputs)
    with torch.no_grad():
        expected = outputs_of(model(*[i.clone() for i in inputs]))
    try:
        files = save_ncnn(graph, folder / "net")
    except UnsupportedError as error:
        if all(any(words in problem.what for words in NCNN_LACKS) for problem in error.problems):
            pytest.skip(f"ncnn: {error.problems[0].what}")
        raise
    for reason in reasons:
        expect_failure(reason)
    fed = {blob: i.numpy() for blob, i in zip(files.inputs.values(), inputs, strict=True)}
    tops = {top: array for (_, top), array in machine.run(folder / "net.param", folder / "net.bin", fed).items()}
    for name, array in zip(files.outputs.values(), expected, strict=True):
        assert tops[name].size == array.size
        assert relative_l2(tops[name].reshape(array.shape), array) < tolerance
    return graph


def same_in_mnn(
    model: Any, inputs: Any, folder: Path, reasons: list[str], expect_failure: Any, tolerance: float
) -> Any:
    """Asserts that the files for MNN give the model's outputs in MNN; skipped where its dialect has no such layer."""
    machine = get("mnn")
    if reason := machine.unavailable():
        pytest.skip(f"mnn: {reason}")
    with torch.no_grad():
        expected = outputs_of(model(*[i.clone() for i in inputs]))
    graph, files = trace(model, inputs), (folder / "net.prototxt", folder / "net.caffemodel")
    try:
        lowered = save_caffe(graph, *files, dialect="mnn")
    except UnsupportedError as error:
        if all(any(words in problem.what for words in (*DIALECT_LACKS, "mnn has no ")) for problem in error.problems):
            pytest.skip(f"mnn: {error.problems[0].what}")
        raise
    for reason in reasons:
        expect_failure(reason)
    fed = {value.name: i.float().numpy() for value, i in zip(lowered.inputs, inputs, strict=True)}
    tops = {top: array for (_, top), array in machine.run(*files, fed).items()}
    for value, array in zip(lowered.outputs.values(), expected, strict=True):
        assert value.name in tops and tops[value.name].size == array.size
        assert relative_l2(tops[value.name].reshape(array.shape), array) < max(tolerance, MNN_TOLERANCE)
    return graph


def caffe_text(layers: str, **shapes: tuple[int, ...]) -> str:
    """The prototxt of some layers behind inputs of these shapes."""
    head = "".join(
        f'layer {{ name: "{name}" type: "Input" top: "{name}" '
        f"input_param {{ shape {{ {' '.join(f'dim: {d}' for d in shape)} }} }} }}\n"
        for name, shape in shapes.items()
    )
    return f'name: "net"\n{head}{layers}'


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., None]:
    """Asserts that layers written by hand are refused, with a message."""

    def check(layers: str, message: str, **shapes: tuple[int, ...]) -> None:
        path = tmp_path / "net.prototxt"
        path.write_text(caffe_text(layers, **shapes))
        with pytest.raises(UnsupportedError, match=message):
            load_caffe(path)

    return check


@pytest.fixture
def same_as_caffe(real_caffe: Any, folder: Path) -> Callable[..., dict[str, np.ndarray]]:
    """Asserts that layers written by hand mean to us what they mean to real Caffe, top by top and as a module."""

    def check(
        layers: str, *, blobs: Any = None, tolerance: float = TOLERANCE, source: bool = True, **inputs: Any
    ) -> dict[str, np.ndarray]:
        """layers: prototxt text. inputs: arrays by blob name. Returns Caffe's tops."""
        arrays = {name: np.require(array, np.float32) for name, array in inputs.items()}
        files = folder / "net.prototxt", folder / "net.caffemodel"
        files[0].write_text(caffe_text(layers, **{name: array.shape for name, array in arrays.items()}))
        files[1].write_bytes(real_caffe.worker.weights(files[0].read_text(), blobs))
        theirs = real_caffe.run(*files, arrays)
        graph = load_caffe(*files)
        ours = run(graph, {name: array for name, array in arrays.items() if name in [v.name for v in graph.inputs]})
        for key, array in theirs.items():
            if key in ours:
                assert relative_l2(ours[key], array) < tolerance, key
        tops = {top: array for (_, top), array in theirs.items()}
        if source:
            check_style(generate(graph)[0])
        with torch.no_grad():
            found = outputs_of(to_torch(graph)(*(torch.from_numpy(arrays[v.name]) for v in graph.inputs)))
        for value, array in zip(graph.outputs.values(), found, strict=True):
            assert relative_l2(array, tops[value.top or value.name]) < tolerance, value.name
        return tops

    return check


def types_of(model: Any, *inputs: torch.Tensor, dialect: str = "caffe") -> list[str]:
    """The layer types that a model is written with."""
    from pytorch2caffe.backends.caffe.dialect_file import dialect as profile
    from pytorch2caffe.backends.caffe.lower import lower
    from pytorch2caffe.runtime.infer import infer

    return [node.layer.type for node in lower(trace(model, inputs), profile(dialect), infer).nodes]
