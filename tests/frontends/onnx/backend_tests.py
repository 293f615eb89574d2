"""docs/onnx-tests.md, made by running the onnx package's own tests: python -m tests.frontends.onnx.backend_tests

Each is read as a network and run; what it gives is compared with what the test expects. The inputs of a test that a
Caffe network must have as constants, such as weights, shapes and axes, are read as constants: first all inputs are the
network's, then only the first, then only the first one of floats.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from pytorch2caffe.errors import ConversionError, UnsupportedError
from pytorch2caffe.frontends.onnx import load_onnx
from pytorch2caffe.runtime.run import run
from tests.paths import ROOT

PAGE = ROOT / "docs" / "onnx-tests.md"
# The operators that convolutional networks for images consist of.
_CONVOLUTIONAL = """
    Conv ConvTranspose MaxPool AveragePool GlobalAveragePool GlobalMaxPool BatchNormalization InstanceNormalization
    LayerNormalization GroupNormalization LRN Gemm MatMul Add Sub Mul Div Sum Max Min Mean Relu LeakyRelu PRelu Elu Selu
    Celu Sigmoid HardSigmoid HardSwish Softplus Softsign Softmax LogSoftmax Tanh Clip Gelu Mish Exp Log Sqrt Abs Neg
    Pow Reciprocal Erf Concat Split Slice Pad Reshape Transpose Flatten Squeeze Unsqueeze ReduceMean ReduceSum ReduceMax
    ReduceMin ReduceL2 Resize Upsample DepthToSpace SpaceToDepth Dropout Identity Gather Expand Tile Constant
    ConstantOfShape Shape Cast
"""
TYPES = ("FLOAT", "FLOAT16", "DOUBLE", "BFLOAT16", "INT32", "INT64", "UINT8", "BOOL")
CONVOLUTIONAL = set(_CONVOLUTIONAL.split())


@dataclass
class Case:
    """A test: a model, and arrays of its inputs and outputs; None for what is not a tensor."""

    name: str
    model: Any
    inputs: list[np.ndarray | None]
    outputs: list[np.ndarray | None]
    rtol: float = 1e-3
    atol: float = 1e-5

    @property
    def operators(self) -> set[str]:
        return {node.op_type for node in self.model.graph.node}

    @property
    def convolutional(self) -> bool:
        infos = [*self.model.graph.input, *self.model.graph.output]
        types = {info.type.tensor_type.elem_type for info in infos}
        return self.operators <= CONVOLUTIONAL and types <= {onnx.TensorProto.DataType.Value(name) for name in TYPES}


@dataclass
class Outcome:
    """What came of a test: equal, refused or WRONG; why."""

    verdict: str
    why: str = ""


def cases() -> Iterator[Case]:
    """All tests of the package that have a model, those of training left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        for test in collect_testcases(None):
            for inputs, outputs in test.data_sets[:1]:
                yield Case(test.name, test.model, _arrays(inputs), _arrays(outputs), test.rtol, max(test.atol, 1e-5))
    yield from _files()


def _files() -> Iterator[Case]:
    data = Path(onnx.__file__).parent / "backend" / "test" / "data"
    for kind in ("pytorch-converted", "pytorch-operator", "simple"):
        for folder in sorted((data / kind).iterdir()):
            files = folder / "test_data_set_0"
            if (folder / "model.onnx").exists() and files.exists():
                model = onnx.load(folder / "model.onnx")
                yield Case(f"{kind}/{folder.name}", model, _read(files, "input", model), _read(files, "output", model))


def _arrays(values: Sequence[Any]) -> list[np.ndarray | None]:
    return [_array(value) for value in values]


def _array(value: Any) -> np.ndarray | None:
    """A value of a test as an array; None for text and for sequences."""
    if isinstance(value, onnx.TensorProto):
        value = numpy_helper.to_array(value)
    found = np.asarray(value) if isinstance(value, (np.ndarray, np.generic)) else None
    return None if found is None or found.dtype.kind in "OUS" else found


def _read(folder: Path, what: str, model: Any) -> list[np.ndarray | None]:
    found: list[np.ndarray | None] = []
    for index in range(len(list(folder.glob(f"{what}_*.pb")))):
        tensor = onnx.TensorProto()
        try:
            tensor.ParseFromString((folder / f"{what}_{index}.pb").read_bytes())
            found.append(numpy_helper.to_array(tensor))
        except Exception:  # a sequence, not a tensor
            found.append(None)
    return found


def outcome(case: Case, folder: Path) -> Outcome:
    """Reads the test's model with as many of its inputs as possible, runs it and compares."""
    if any(array is None for array in (*case.inputs, *case.outputs)):
        return Outcome("refused", "an input or output is not a tensor, or is text")
    if any(np.any(abs(a[np.isfinite(a)]) > 3e38) for a in case.outputs if a is not None and a.dtype == np.float64):
        return Outcome("refused", "its numbers are beyond float32")
    fed = [value.name for value in case.model.graph.input][: len(case.inputs)]
    floats = [i for i, a in enumerate(case.inputs) if a is not None and np.asarray(a).dtype.kind == "f"]
    tried: list[set[int]] = []
    first = Outcome("refused", "it has no inputs")
    for traced in (set(range(len(fed))), {0}, set(floats[:1]), set(floats[1:2]), set()):
        if traced in tried:
            continue
        tried.append(traced)
        result = _with_inputs(case, folder, fed, traced)
        if result.verdict != "refused":
            return result
        first = result if len(tried) == 1 or "depends" in first.why else first
    return first


def _with_inputs(case: Case, folder: Path, fed: Sequence[str], traced: set[int]) -> Outcome:
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    for index, name in enumerate(fed):
        if index not in traced:
            array = np.asarray(case.inputs[index])
            model.graph.initializer.append(numpy_helper.from_array(array, name))
    if not traced:  # what it gives is constant: a network needs an input, and an output that depends on it
        one = onnx.helper.make_tensor_value_info("the_input", onnx.TensorProto.FLOAT, [1])
        model.graph.input.append(one)
        model.graph.output.append(onnx.helper.make_tensor_value_info("the_output", onnx.TensorProto.FLOAT, [1]))
        model.graph.node.append(onnx.helper.make_node("Identity", ["the_input"], ["the_output"]))
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    arrays = {name: np.asarray(case.inputs[index]) for index, name in enumerate(fed) if index in traced}
    arrays = arrays or {"the_input": np.ones(1, np.float32)}
    shapes = {name: array.shape for name, array in arrays.items() if all(array.shape)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph = load_onnx(path, {n: s for n, s in shapes.items() if s})
        inputs = {v.name: _of(v.name, arrays).astype(np.float32) for v in graph.inputs}
        found = {top: array for (_, top), array in run(graph, inputs).items()} | inputs
    except UnsupportedError as error:
        return Outcome("refused", error.problems[0].what)
    except ConversionError as error:
        return Outcome("refused", str(error).split("\n")[0])
    names = [output.name for output in case.model.graph.output]
    for name, expected in zip(names, case.outputs, strict=False):
        actual = found[graph.outputs[name].name]
        if (why := _difference(actual, np.asarray(expected), case)) and not _is_rounding(
            graph, inputs, name, expected, case
        ):
            return Outcome("WRONG", f"{name}: {why}")
    return Outcome("equal")


def _of(name: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The array of an input, whose name the Graph may have cleaned."""
    return arrays.get(name, next(a for n, a in arrays.items() if n.strip("/").replace("/", ".") == name))


def _difference(actual: np.ndarray, expected: np.ndarray, case: Case) -> str:
    if actual.shape != expected.shape:
        return f"shape {list(actual.shape)} instead of {list(expected.shape)}"
    wanted = expected.astype(np.float64)
    loose = 1e-2 if expected.dtype.itemsize < 4 and expected.dtype.kind not in "iub" else 0
    if np.allclose(actual, wanted, rtol=max(case.rtol, loose), atol=max(case.atol, loose), equal_nan=True):
        return ""
    return f"off by up to {np.nanmax(np.abs(actual - wanted)):.3g}"


def _is_rounding(graph: Any, inputs: Any, name: str, expected: Any, case: Case) -> bool:
    """Whether the same layers in float64 give what is expected."""
    found = {top: array for (_, top), array in run(graph, inputs, dtype=np.float64).items()} | inputs
    return not _difference(found[graph.outputs[name].name], np.asarray(expected), case)


def sample() -> list[Case]:
    """Every third of the tests whose models are files: PyTorch's operators and modules, and simple graphs."""
    return list(_files())[::3]


def main() -> None:
    rows: dict[str, list[tuple[Case, Outcome]]] = {}
    with tempfile.TemporaryDirectory() as name:
        for case in cases():
            try:
                result = outcome(case, Path(name))
            except Exception as error:  # a mistake of ours, which the page is to show
                result = Outcome("WRONG", f"{type(error).__name__}: {error}")
            operator = "/".join(sorted(case.operators)) if len(case.operators) == 1 else "several"
            rows.setdefault(operator, []).append((case, result))
    PAGE.write_text(page(rows), encoding="utf-8")
    sys.stdout.write(PAGE.read_text(encoding="utf-8")[:1500])


def page(rows: dict[str, list[tuple[Case, Outcome]]]) -> str:
    """The figures, a line per operator, and everything that is not equal with its cause."""
    every = [pair for pairs in rows.values() for pair in pairs]
    total = Counter(result.verdict for _, result in every)
    own = Counter(result.verdict for case, result in every if case.convolutional)
    share = own["equal"] / max(sum(own.values()), 1)
    lines = [
        "# The ONNX project's own tests",
        "",
        f"The {len(every)} tests of nodes, of PyTorch's operators and of simple models in the onnx package",
        f"{onnx.__version__}, read as networks and run in the built-in runtime (generated:",
        "`python -m tests.frontends.onnx.backend_tests`).",
        "",
        f"{total['equal']} equal, {total['refused']} refused with the cause, {total['WRONG']} wrong. Of the"
        f" {sum(own.values())} tests of the operators that convolutional networks consist of,"
        f" {own['equal']} are equal ({share:.1%}).",
        "",
        "| operator | equal | refused | wrong | why refused |",
        "|---|---|---|---|---|",
    ]
    for operator, pairs in sorted(rows.items()):
        count = Counter(result.verdict for _, result in pairs)
        causes = Counter(result.why.replace("|", "\\|").replace("\n", " ")[:110] for _, result in pairs if result.why)
        text = "; ".join(cause for cause, _ in causes.most_common(2))
        lines.append(f"| {operator} | {count['equal']} | {count['refused']} | {count['WRONG']} | {text} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
