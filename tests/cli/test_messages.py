"""docs/messages.md is what the commands answer, and single answers that it does not show."""

from __future__ import annotations

import sys

import pytest
import torch

import pytorch2caffe
from pytorch2caffe.cli import main
from pytorch2caffe.errors import ConversionError
from pytorch2caffe.frontends.torch.loading.models import load_model
from tests.cli.messages_page import PAGE, page
from tests.cli.mistakes import MISTAKES, MODELS


@pytest.mark.slow
def test_the_page():
    """Each mistake exits as it should, writes nothing, and is no traceback; the page has what it prints."""
    assert sum(map(len, MISTAKES.values())) >= 55
    assert page() == PAGE.read_text(encoding="utf-8"), "python -m tests.cli.messages_page, then read the diff"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "net.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


READS_ARGV = """
import argparse
import sys
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--weights", default="none")
parser.add_argument("--seed", default=7)
flags = parser.parse_args()
assert flags.weights == "none"
arguments = list(sys.argv)


class Net(nn.ReLU):
    def __init__(self):
        super().__init__()
        assert parser.parse_args().seed == 7
"""


def test_a_model_file_does_not_see_our_command_line(folder, monkeypatch):
    (folder / "argv.py").write_text(READS_ARGV)
    ours = ["pytorch2caffe", "export", "argv.py:Net", "--weights", "w.pth", "--seed", "1"]
    monkeypatch.setattr(sys, "argv", ours)
    assert isinstance(load_model("argv.py:Net"), torch.nn.ReLU)
    assert sys.modules["argv"].arguments == ["argv.py"]
    assert sys.argv is ours


@pytest.mark.parametrize(("name", "package"), [("PIL", "pillow"), ("torchvision", "torchvision")])
def test_a_package_that_torchvision_lacks(name, package, folder, monkeypatch, capsys):
    for module in [module for module in sys.modules if module.partition(".")[0] in ("torchvision", "PIL")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    assert main(["export", "torchvision:resnet18", "--input-shape", "1,3,32,32", "-o", "r"]) == 2
    said = capsys.readouterr().err
    assert f"fix: pip install {package}" in said
    assert "bug" not in said


def test_torch_is_missing(folder, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["export", "net.py:Net", "--input-shape", "1,3,8,8", "-o", "r"]) == 2
    said = capsys.readouterr().err
    assert "needs the package torch" in said
    assert "fix: pip install torch" in said


@pytest.mark.parametrize("library", ["timm", "ultralytics"])
def test_a_library_that_is_missing(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConversionError, match=f"{library} is not installed\n  fix: pip install {library}"):
        load_model(f"{library}:net.yaml")


def test_a_network_of_timm():
    timm = pytest.importorskip("timm")
    assert isinstance(load_model("timm:resnet10t(num_classes=3)"), timm.models.ResNet)
    with pytest.raises(ConversionError, match="did you mean resnet10t"):
        load_model("timm:resnet10")


NOT_MODELS = {
    "resnet18": "write torchvision:resnet18 or timm:resnet18",
    "m.onnx": "--from onnx",
    "x.prototxt": "--from caffe",
    "models.Net": "write models:Net",
    "net.py": "net.py:Net",
    "w.safetensors": "--weights w.safetensors",
    "ultralytics:yolov8n.pt": "ultralytics:yolov8n.yaml",
    "hf:nowhere": "config.json",
}


@pytest.mark.parametrize(("spec", "next_thing"), NOT_MODELS.items())
def test_what_is_not_a_model_names_the_next_thing(spec, next_thing, folder):
    with pytest.raises(ConversionError, match=next_thing):
        load_model(spec)


def test_inputs_of_integers(folder, capsys):
    assert main(["export", "net.py:Ids", "--input-shape", "1,8", "--input-type", "int64:0..999", "-o", "ids"]) == 0
    files = ["ids.prototxt", "ids.caffemodel"]
    assert main(["verify", "net.py:Ids", *files, "--input-type", "int64:0..999"]) == 0
    capsys.readouterr()
    for wrong in ("int64", "int64:9..0", "float32:0..1", "long:0..9"):
        assert main(["export", "net.py:Ids", "--input-shape", "1,8", "--input-type", wrong, "-o", "x"]) == 2
        assert "write" in capsys.readouterr().err
    assert main(["export", "net.py:Ids", "--input-shape", "1,8", *["--input-type", "bool"] * 2, "-o", "x"]) == 2
    assert "2 types for 1 input" in capsys.readouterr().err


def test_export_says_that_weights_are_random(folder, capsys):
    arguments = ["export", "net.py:Net", "--input-shape", "1,3,8,8", "-o"]
    assert main([*arguments, "r"]) == 0
    assert "--weights was not given" in capsys.readouterr().err
    torch.save(load_model("net.py:Net").state_dict(), "w.pth")
    assert main([*arguments, "w", "--weights", "w.pth"]) == 0
    assert main(["export", "torch.nn:ReLU", "--input-shape", "1,3", "-o", "none"]) == 0
    assert "--weights was not given" not in capsys.readouterr().err


def test_no_weights_writes_zeros(folder):
    model = torch.nn.Conv2d(3, 2, 1)
    pytorch2caffe.export(model, torch.zeros(1, 3, 4, 4), "net.prototxt", "net.caffemodel")
    convert = ["convert", "net.prototxt", "--from", "caffe", "--to", "pytorch", "-o", "out"]
    assert main(convert) == 2
    assert not (folder / "out.pth").exists()
    assert main([*convert, "--no-weights"]) == 0
    assert not any(tensor.any() for tensor in torch.load("out_state_dict.pth").values())


def test_interrupted(folder, capsys):
    (folder / "stop.py").write_text("raise KeyboardInterrupt\n")
    assert main(["export", "stop.py:Net", "--input-shape", "1,3", "-o", "x"]) == 130
    assert "nothing was written" in capsys.readouterr().err
