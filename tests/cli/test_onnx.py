"""ONNX files on the command lines."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pytorch2caffe import load_caffe, load_ir, load_onnx, save_caffe
from pytorch2caffe.cli import main
from pytorch2caffe.cli.mmdnn.convert import main as mmconvert
from pytorch2caffe.cli.mmdnn.toir import main as mmtoir
from tests.frontends.onnx.nets import array, node, outputs, write


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    nodes = [
        node("Conv", "x w b", "c", "/stem/conv/Conv", kernel_shape=[3, 3]),
        node("Relu", "c", "r", "/stem/act/Relu"),
        node("GlobalAveragePool", "r", "y", "/pool/GlobalAveragePool"),
    ]
    constants = {"w": array(4, 3, 3, 3), "b": array(4)}
    return write(tmp_path / "net.onnx", nodes, ("N", 3, "H", "W"), constants=constants).name


SHAPE = ["--input-shape", "x=1,3,8,8"]


def test_convert_to_every_framework(file, tmp_path, capsys):
    x = array(1, 3, 8, 8)
    (expected,) = outputs(load_onnx(file, (1, 3, 8, 8)), x)
    for framework in ("caffe", "pytorch", "ir", "ncnn"):
        assert main(["convert", file, "--from", "onnx", "--to", framework, "-o", framework, *SHAPE]) == 0
    assert (tmp_path / "ncnn.param").exists() and (tmp_path / "pytorch.py").exists()
    for graph in (load_caffe("caffe.prototxt", "caffe.caffemodel"), load_ir("ir.json", "ir.npy")):
        np.testing.assert_allclose(outputs(graph, x)[0].reshape(expected.shape), expected, rtol=1e-4, atol=1e-5)
    assert main(["convert", file, "--from", "onnx", "--to", "caffe", "-o", "net", "--input-shape", "z=1,3,8,8"]) == 2
    assert "no input 'z'; its inputs: x" in capsys.readouterr().err


def test_convert_up_to_a_tensor(file):
    assert main(["convert", file, "--from", "onnx", "--to", "caffe", "-o", "cut", "--output", "c", *SHAPE]) == 0
    assert [each.name for each in load_caffe("cut.prototxt", "cut.caffemodel").nodes] == ["stem.conv"]


def test_export_and_verify(file, capsys, tmp_path):
    pytest.importorskip("onnxruntime")
    assert main(["export", file, "-o", "net", "--no-check-runtime", *SHAPE]) == 0
    assert "equal in onnxruntime" in capsys.readouterr().out
    assert main(["verify", file, "net.prototxt", "net.caffemodel", "--json", "report.json"]) == 0
    assert json.loads((tmp_path / "report.json").read_text())["builtin"]["equal"]
    graph = load_onnx(file, (1, 3, 8, 8))
    graph.nodes[0].blobs = (graph.nodes[0].blobs[0] * np.float32(1.01), graph.nodes[0].blobs[1])
    save_caffe(graph, "wrong.prototxt", "wrong.caffemodel")
    assert main(["verify", file, "wrong.prototxt", "wrong.caffemodel"]) == 1


def test_export_without_onnxruntime(file, capsys, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert main(["export", file, "-o", "net", "--no-check-runtime", *SHAPE]) == 0
    assert "not run in onnxruntime: it is not installed" in capsys.readouterr().out
    assert main(["verify", file, "net.prototxt", "net.caffemodel"]) == 2
    assert "pip install 'pytorch2caffe[onnx]'" in capsys.readouterr().err


def test_summary_and_options_that_onnx_does_not_have(file, capsys):
    assert main(["summary", file, *SHAPE]) == 0
    assert "stem.conv" in capsys.readouterr().out
    assert main(["export", file, "-o", "net", *SHAPE, "--weights", "w.pth"]) == 2
    assert "--weights: an ONNX file has its own weights" in capsys.readouterr().err
    assert main(["summary", file]) == 2
    assert "give all its sizes (--input-shape)" in capsys.readouterr().err


def test_commands_of_mmdnn(file, tmp_path):
    assert mmtoir(["-f", "onnx", "-n", file, "-o", "net", "--inputShape", "3,8,8"]) == 0
    assert load_ir("net.json", "net.npy").inputs[0].shape == (1, 3, 8, 8)
    for target, written in (("caffe", "out.prototxt"), ("pytorch", "out.pth")):
        flags = ["-sf", "onnx", "-in", file, "-df", target, "-om", "out.pth" if target == "pytorch" else "out"]
        assert mmconvert([*flags, "--inputShape", "3,8,8"]) == 0
        assert (tmp_path / written).exists()
