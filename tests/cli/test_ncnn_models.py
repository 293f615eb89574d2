"""`pytorch2caffe ncnn MODEL` and `calibrate MODEL`: from a model to ncnn files in one command."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from pytorch2caffe.cli import main
from pytorch2caffe.verify.runtimes import get

MODEL = """
import torch
from torch import nn


def net(classes=5):
    torch.manual_seed(0)
    body = nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.Hardswish(), nn.Conv2d(8, 8, 3, groups=8), nn.ReLU6()
    return nn.Sequential(*body, nn.ConvTranspose2d(8, 4, 2, 2), nn.Flatten(), nn.Linear(1024, classes))
"""
SHAPE = ["--input-shape", "1,3,21,21"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if reason := get("ncnn").unavailable():
        pytest.skip(f"ncnn: {reason}")
    (tmp_path / "model.py").write_text(MODEL)
    (tmp_path / "tensors").mkdir()
    random = np.random.default_rng(0)
    for index in range(3):
        np.save(tmp_path / "tensors" / f"{index}.npy", random.standard_normal((3, 21, 21)).astype(np.float32) * 50)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_of_a_model(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ncnn", "model.py:net", *SHAPE, "-o", "net"]) == 0
    lines = said(capsys).splitlines()
    assert lines[0] == "net.param: 6 layers"
    assert "outputs in ncnn equal the model's on random inputs, equal: 1 blob" in lines[1]


def test_in_int8(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ncnn", "model.py:net", *SHAPE, "--images", "tensors", "--int8", "--method", "max", "-o", "net"]) == 0
    lines = said(capsys).splitlines()
    assert lines[:2] == ["net.table: 3 layers in int8 from 3 images", "net.param: 6 layers, 3 of them in int8"]
    match = re.search(r"cosine to the float outputs (\S+) \(least (\S+)\) on 3 images of tensors; the same", lines[2])
    assert match and min(map(float, match.groups())) > 0.99
    assert lines[3].startswith("largest losses in int8, relative L2 that the layer adds: ")
    assert sorted(path.name for path in folder.glob("net.*")) == ["net.bin", "net.param", "net.table"]


def test_of_an_onnx_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnx")
    assert main(["convert", "model.py:net", "--from", "pytorch", "--to", "onnx", *SHAPE, "-o", "net"]) == 0
    capsys.readouterr()
    assert main(["ncnn", "net.onnx", "-o", "net"]) == 0
    assert "net.param: 6 layers" in said(capsys)


def test_calibrate_a_model_then_use_its_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["calibrate", "model.py:net", *SHAPE, "--images", "tensors", "--method", "max", "--keep-float", "0"]
    assert main([*line, "-o", "net.table"]) == 0
    assert "net.table: 2 layers in int8 from 3 images, in float: 0" in said(capsys)
    assert main(["ncnn", "model.py:net", *SHAPE, "--table", "net.table", "-o", "net"]) == 0
    text = said(capsys)
    match = re.search(r"outputs (\S+) on random inputs scaled until the activations are in the calibrated range", text)
    assert match and float(match[1]) > 0.99


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["model.py:net", "-o", "net"], "give --input-shape"),
        (["model.py:net", *SHAPE, "--int8", "-o", "net"], "--int8 needs --images"),
        (["model.py:net", *SHAPE, "--report", "net.html", "-o", "net"], "need --int8"),
        (["model.py:net", *SHAPE, "--images", "tensors", "--int8", "--table", "x.table", "-o", "net"], "give one of"),
        (["deploy.prototxt", "-o", "net"], "give its caffemodel too"),
        (["net.onnx", "--weights", "x.pth", "-o", "net"], "an ONNX file has its own weights"),
    ],
)
def test_settings_that_contradict(
    line: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "x.table").write_text("a_param_0 1\na 1\n")
    assert main(["ncnn", *line]) == 2
    assert message in capsys.readouterr().err
    assert not [*folder.glob("net.*")]


def test_nothing_is_written_of_a_model_that_differs(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from pytorch2caffe.formats.ncnn import Ncnn
    from pytorch2caffe.layers.activation.hard_swish import HardSwish

    monkeypatch.setattr(HardSwish, "to_ncnn", lambda *_: Ncnn("TanH"))
    assert main(["ncnn", "model.py:net", *SHAPE, "-o", "net"]) == 1
    assert "error: the outputs in ncnn differ from the model's: different" in capsys.readouterr().err
    assert not [*folder.glob("net.*")]


def test_random_images_have_the_range_of_pixels() -> None:
    from pytorch2caffe.convert.int8_inputs import random_image

    pixels = random_image((1, 3, 32, 48), np.random.default_rng(0))
    assert pixels.shape == (1, 3, 32, 48)
    assert 0 <= pixels.min() < 40 and 215 < pixels.max() <= 255
    neighbours = np.corrcoef(pixels[..., 1:].ravel(), pixels[..., :-1].ravel())[0, 1]
    assert neighbours > 0.7  # as in photographs; white noise has 0


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
