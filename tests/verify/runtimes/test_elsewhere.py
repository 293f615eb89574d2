"""Consumers that a user has elsewhere: OpenVINO and coremltools in another Python, ncnn's tool caffe2ncnn.

The environment variables of docs/verify.md name them; without them these tests are skipped.
"""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import caffe_proto
from pytorch2caffe import save_caffe, trace, verify
from pytorch2caffe.cli import main
from pytorch2caffe.verify.runtimes import RuntimeFailed, RuntimeUnavailable, converter_worker, get
from pytorch2caffe.verify.runtimes.caffe2ncnn import Caffe2NcnnRuntime
from pytorch2caffe.verify.runtimes.openvino import OpenvinoRuntime
from tests.lively import make_lively

ELSEWHERE = ["openvino", "coreml", "caffe2ncnn"]
HEAD = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 dim: 4 dim: 4 } } }\n'
X = np.arange(32, dtype="f4").reshape(1, 2, 4, 4) - 16


class Net(nn.Module):
    """Pooling that rounds down, an addition, two outputs."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Linear(200, 5)

    def forward(self, x):
        x = self.features(x)
        x = x + torch.sigmoid(x)
        return self.fc(x.flatten(1)), x


@pytest.fixture
def machine(request):
    runtime = get(request.param)
    if reason := runtime.unavailable():
        pytest.skip(f"{request.param}: {reason}")
    return runtime


@pytest.mark.parametrize("machine", ELSEWHERE, indirect=True)
def test_the_outputs_of_a_model(machine, tmp_path):
    x = torch.randn(1, 3, 10, 10)
    model, files = make_lively(Net(), x), (tmp_path / "n.prototxt", tmp_path / "n.caffemodel")
    save_caffe(trace(model, x), *files, "ncnn" if machine.name == "caffe2ncnn" else "importers")
    comparison = verify(model, *files, x, machine.name)
    assert comparison.equal, comparison
    assert {row.shape for row in comparison.rows if row.output} == {(1, 5), (1, 8, 5, 5)}
    with torch.no_grad():
        model.fc.weight[3, 7] += 0.1
    assert not verify(model, *files, x, machine.name).equal


@pytest.mark.parametrize("machine", ELSEWHERE, indirect=True)
def test_what_it_cannot_run(machine, tmp_path):
    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    save_caffe(trace(nn.Conv2d(2, 2, 1), torch.from_numpy(X)), *files)
    with files[0].open("a") as stream:
        stream.write('layer { name: "a" type: "NoSuch" bottom: "conv2d" top: "y" }')
    with pytest.raises(RuntimeFailed, match='NoSuch|layer a|custom layer "a"|has no layer'):
        machine.run(*files, {"data": X})


@pytest.mark.parametrize("name", ELSEWHERE)
def test_without_it(name, monkeypatch, tmp_path):
    for variable in ("OPENVINO_PYTHON", "COREML_PYTHON", "CAFFE2NCNN"):
        monkeypatch.delenv(f"PYTORCH2CAFFE_{variable}", raising=False)
    runtime = type(get(name))()
    with pytest.raises(RuntimeUnavailable, match=rf"(?s){name}: .*PYTORCH2CAFFE_"):
        runtime.run(tmp_path / "n.prototxt", tmp_path / "n.caffemodel", {})


def test_a_python_without_the_package():
    assert "No module named" in str(OpenvinoRuntime(f"{sys.executable} -S").unavailable())


def test_a_program_that_is_not_there(tmp_path):
    pytest.importorskip("ncnn")
    (tmp_path / "n.prototxt").write_text(HEAD)
    (tmp_path / "n.caffemodel").write_bytes(b"")
    with pytest.raises(RuntimeFailed, match="`/no/such` does not run"):
        Caffe2NcnnRuntime("/no/such").run(tmp_path / "n.prototxt", tmp_path / "n.caffemodel", {"data": X})


def test_the_files_of_another_program_are_run_in_ncnn(tmp_path, capsys):
    """A stand-in writes what ncnn's tool writes for this network, so that the naming is tested without the tool."""
    pytest.importorskip("ncnn")
    lines = ["7767517", "2 2", "Input data 0 1 data 0=4 1=4 2=2", "Power b 1 1 data y 0=1.0 1=2.0 2=0.0"]
    tool = tmp_path / "tool"
    tool.write_text(
        f"#!{sys.executable}\nimport sys\nopen(sys.argv[3], 'w').write({chr(10).join(lines)!r} + '\\n')\n"
        "open(sys.argv[4], 'wb')\n"
    )
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    layer = 'layer { name: "b" type: "Power" bottom: "data" top: "y" power_param { scale: 2 } }'
    (tmp_path / "n.prototxt").write_text(HEAD + layer)
    caffe_proto.write_caffemodel({"name": "net", "layer": []}, [], tmp_path / "n.caffemodel")
    (tmp_path / "m.py").write_text(
        "import torch\nclass Double(torch.nn.Module):\n    def forward(self, x):\n        return x * 2\n"
    )
    files = [str(tmp_path / "n.prototxt"), str(tmp_path / "n.caffemodel")]
    assert main(["verify", f"{tmp_path}/m.py:Double", *files, "--caffe2ncnn", str(tool)]) == 0
    assert "runtime caffe2ncnn" in capsys.readouterr().out


def test_a_crash_of_ncnn_is_an_error(tmp_path, monkeypatch):
    """ncnn ends with a segmentation fault on some files that its tool makes of Caffe's."""
    pytest.importorskip("ncnn")
    tool = tmp_path / "tool"
    tool.write_text(f"#!{sys.executable}\nimport sys\nfor path in sys.argv[3:]: open(path, 'wb')\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "n.prototxt").write_text(HEAD)
    (tmp_path / "n.caffemodel").write_bytes(b"")
    monkeypatch.setattr(sys.modules[Caffe2NcnnRuntime.__module__], "WORKER", "import os; os.abort()")
    with pytest.raises(RuntimeFailed, match="ncnn ends with exit status -6"):
        Caffe2NcnnRuntime(str(tool)).run(tmp_path / "n.prototxt", tmp_path / "n.caffemodel", {"data": X})


def test_the_worker_is_understood_by_old_pythons():
    """Its text is run by Python 3.8: no match statement, no union of types when it is executed, no strict zip."""
    import ast

    text = Path(converter_worker.__file__).read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 8))
    assert not any(isinstance(node, ast.keyword) and node.arg == "strict" for node in ast.walk(tree))
