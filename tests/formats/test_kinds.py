"""Files of other kinds are recognised by their content."""

import json
import zipfile

import numpy as np
import pytest
import torch

from pytorch2caffe.cli import main
from pytorch2caffe.formats.kinds import kind_of

CONTENT = {
    "a TensorFlow Lite model": b"\x1c\0\0\0TFL3\x14\0\x20\0",
    "a file of MXNet": b"\x12\x01\0\0\0\0\0\0" + b"\0" * 16,
    "a .param file of ncnn": b"7767517\n3 3\n",
    "weights in safetensors": (64).to_bytes(8, "little") + b'{"weight":{"dtype":"F32"}}',
    "a network of Darknet": b"# yolo\n[net]\nbatch=1\n",
    "a network of OpenVINO": b'<?xml version="1.0"?>\n<net name="n" version="10">',
}


@pytest.mark.parametrize("kind", CONTENT)
def test_by_their_first_bytes(kind, tmp_path, capsys):
    path = tmp_path / "net.bin"
    path.write_bytes(CONTENT[kind])
    assert kind_of(path)[0] == kind
    assert main(["check", str(path)]) == 2
    assert f"{path}: {kind}, not a Caffe file\n  fix: " in capsys.readouterr().err


def test_mxnets_structure(tmp_path):
    (tmp_path / "net.json").write_text(json.dumps({"nodes": [], "arg_nodes": [], "heads": []}))
    assert kind_of(tmp_path / "net.json")[0] == "a file of MXNet"


def test_files_that_their_own_libraries_write(tmp_path):
    torch.save(torch.nn.Linear(2, 2).state_dict(), tmp_path / "new.pth")
    torch.save({"a": torch.zeros(1)}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert kind_of(tmp_path / "new.pth")[0] == kind_of(tmp_path / "old.pth")[0] == "a file of PyTorch"
    onnx = pytest.importorskip("onnx")
    value = onnx.helper.make_tensor_value_info("x", 1, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", [value], [value])
    for producer in ("", "pytorch"):
        onnx.save(onnx.helper.make_model(graph, producer_name=producer), tmp_path / "net.onnx")
        assert kind_of(tmp_path / "net.onnx")[0] == "an ONNX model"


def test_keras(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "net.h5", "w") as file:
        file.attrs["model_config"] = "{}"
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file["w"] = np.zeros(3)
    with zipfile.ZipFile(tmp_path / "net.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    kinds = [kind_of(tmp_path / name)[0] for name in ("net.h5", "net.keras", "weights.h5")]
    assert kinds == ["a model of Keras", "a model of Keras", "an HDF5 file of weights"]


def test_caffes_own_are_none_of_them(tmp_path):
    from tests.layers.forks import write_weights

    (tmp_path / "net.prototxt").write_text('name: "n" layer { name: "a" type: "Scale" bottom: "x" top: "a" }')
    write_weights(tmp_path / "net.prototxt", tmp_path / "net.caffemodel", {"a": [np.ones(3)]})
    assert kind_of(tmp_path / "net.prototxt") is kind_of(tmp_path / "net.caffemodel") is None
    assert kind_of(tmp_path / "none") is None
