"""Quantized ONNX models: read as float, with the ranges of their integers as an int8 table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx import load as load_model

from pytorch2caffe import ConversionError, UnsupportedError, load_onnx, save_ncnn
from pytorch2caffe.cli import main
from pytorch2caffe.frontends.onnx.quantized import QuantizedWarning
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.quantize.file_ranges import table_of_ranges
from pytorch2caffe.runtime.run import relative_l2
from pytorch2caffe.verify.compare_ncnn import reference_of_graph
from pytorch2caffe.verify.int8_losses import losses_in_ncnn
from pytorch2caffe.verify.runtimes.ncnn import load_files
from tests.frontends.onnx.nets import array, node, outputs, types, write

pytest.importorskip("onnxruntime")
CONSTANTS = {
    **{"w": array(8, 3, 3, 3), "b": array(8), "d": array(8, 1, 3, 3), "p": array(6, 8, 1, 1)},
    **{"fw": array(5, 6), "fb": array(5)},
}
NODES = [
    node("Conv", "x w b", "c1", kernel_shape=[3, 3], strides=[2, 2]),
    node("Clip", "c1 low high", "r1"),
    node("Conv", "r1 d", "c2", kernel_shape=[3, 3], group=8, pads=[1, 1, 1, 1]),
    node("Relu", "c2", "r2"),
    node("Conv", "r2 p", "c3", kernel_shape=[1, 1]),
    node("GlobalAveragePool", "c3", "g"),
    node("Flatten", "g", "f"),
    node("Gemm", "f fw fb", "y", transB=1),
]
SHAPE = (1, 3, 17, 17)
INPUTS = [np.random.default_rng(i).standard_normal(SHAPE).astype(np.float32) for i in range(4)]


def float_model(folder: Path) -> Path:
    limits = {"low": np.float32(0), "high": np.float32(6)}
    return write(folder / "float.onnx", NODES, SHAPE, constants={**CONSTANTS, **limits})


def quantized(folder: Path, **settings: bool) -> Path:
    """The model, quantized by onnxruntime; it removes ReLU6 and ReLU where activations are not symmetric."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self.left = list(INPUTS)

        def get_next(self) -> dict[str, np.ndarray] | None:
            return {"x": self.left.pop()} if self.left else None

    path = folder / "int8.onnx"
    signed = {"activation_type": QuantType.QInt8} if settings.get("ActivationSymmetric") else {}
    quantize_static(
        float_model(folder), path, Reader(), QuantFormat.QDQ, per_channel=True, extra_options=settings, **signed
    )
    return path


def run_onnxruntime(path: Path, x: np.ndarray) -> np.ndarray:
    import onnxruntime

    return onnxruntime.InferenceSession(str(path)).run(None, {"x": x})[0]


def load(path: Path) -> Graph:
    with pytest.warns(QuantizedWarning, match="tensors are read as float, not rounded"):
        return load_onnx(path)


@pytest.mark.parametrize("settings", [{}, {"ActivationSymmetric": True}])
def test_a_quantized_model_is_the_float_model_with_its_ranges(tmp_path, settings):
    graph = load(quantized(tmp_path, **settings))
    for x in INPUTS[:2]:
        float_output, int8_output = (
            run_onnxruntime(tmp_path / "float.onnx", x),
            run_onnxruntime(tmp_path / "int8.onnx", x),
        )
        own = outputs(graph, x)[0]
        assert relative_l2(own, float_output) < 0.02  # the weights are those of int8
        assert relative_l2(own, int8_output) < 0.05
    table = table_of_ranges(graph)
    assert len(table.activations) == 4 and all(scale > 0 for scale in table.activations.values())
    assert table.activations[graph.nodes[0].name] == pytest.approx(127 / max(abs(x).max() for x in INPUTS), rel=0.02)


def test_weights_keep_their_steps(tmp_path):
    graph = load(quantized(tmp_path, ActivationSymmetric=True))
    table = table_of_ranges(graph)
    for each in graph.nodes:
        if each.name in table.weights:
            rows = each.blobs[0].reshape(each.blobs[0].shape[0], -1) * table.weights[each.name][:, None]
            np.testing.assert_allclose(rows, np.rint(rows), atol=1e-3)
            assert abs(rows).max() <= 127.001


def test_in_ncnn_the_numbers_are_those_of_onnxruntime(tmp_path, ncnn):
    graph = load(quantized(tmp_path, ActivationSymmetric=True))
    files = save_ncnn(graph, tmp_path / "net", table_of_ranges(graph), fold=True)
    assert files.int8 >= 3
    references = []
    for x in INPUTS:
        reference = reference_of_graph(graph, {"x": x})
        reference.values[graph.outputs["y"].name] = run_onnxruntime(tmp_path / "int8.onnx", x)
        references.append(reference)
    loaded = load_files(tmp_path / "net.param", tmp_path / "net.bin")
    losses = losses_in_ncnn(references, loaded, files.inputs, files.outputs, files.renamed)
    assert min(losses.outputs) > 0.999


@pytest.mark.filterwarnings("always::pytorch2caffe.frontends.onnx.quantized.QuantizedWarning")
def test_on_the_command_lines(tmp_path, capsys, monkeypatch):
    quantized(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["calibrate", "int8.onnx", "-o", "net.table"]) == 0
    assert "net.table: 4 layers in int8, by the ranges in the model" in capsys.readouterr().out
    assert main(["ncnn", "int8.onnx", "--int8", "-o", "net2", "--no-check"]) == 0
    assert (tmp_path / "net2.table").read_text() == (tmp_path / "net.table").read_text()
    assert main(["ncnn", "float.onnx", "--int8", "-o", "net3"]) == 2
    assert "--int8 needs --images to calibrate on: the network is not quantized" in capsys.readouterr().err
    assert main(["export", "int8.onnx", "-o", "net4", "--no-check-runtime"]) == 0
    captured = capsys.readouterr()
    assert "not run in onnxruntime: it rounds as the file says" in captured.out and "read as float" in captured.err


def test_an_activation_that_a_quantizer_removed_is_there_again(tmp_path):
    assert types(load(quantized(tmp_path))).count("Clip") == 2


SCALE = {"s": np.float32(0.1), "t": np.float32(0.2), "many": np.ones(3, np.float32), "z": np.int8(0)}


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q t z", "y")], "another scale"),
        ([node("QuantizeLinear", "x many", "q"), node("DequantizeLinear", "q many", "y")], "by several scales"),
        (
            [node("QuantizeLinear", "x s z", "q"), node("MaxPool", "q", "y", kernel_shape=[2, 2])],
            "MaxPool computes with",
        ),
    ],
)
def test_what_is_refused(tmp_path, nodes, message):
    with pytest.raises(UnsupportedError, match=message):
        load_onnx(write(tmp_path / "net.onnx", nodes, constants=SCALE))


def test_float_weights_stay_in_float(tmp_path):
    nodes = [
        node("QuantizeLinear", "x s z", "q"),
        node("DequantizeLinear", "q s z", "d"),
        node("Conv", "d w b", "y", kernel_shape=[3, 3]),
    ]
    path = write(tmp_path / "net.onnx", nodes, SHAPE, constants={**CONSTANTS, **SCALE})
    with pytest.warns(QuantizedWarning):
        graph = load_onnx(path)
    with pytest.raises(ConversionError, match="quantizes no layer that ncnn runs in int8"):
        table_of_ranges(graph)


def test_constants_of_four_bits_are_refused(tmp_path):
    nodes = [node("QuantizeLinear", "many s four", "q"), node("Cast", "q", "c", to=1), node("Add", "x c", "y")]
    path = write(tmp_path / "net.onnx", nodes, (1, 3), constants=SCALE)
    model = load_model(path)
    model.graph.initializer.append(helper.make_tensor("four", TensorProto.INT4, [], [0]))
    path.write_bytes(model.SerializeToString())
    with pytest.raises(UnsupportedError, match="a QuantizeLinear to 4 bits or fewer"):
        load_onnx(path)
