"""The command `pytorch2caffe ncnn`: what it writes, says and exits with."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import load_caffe, save_caffe, trace
from pytorch2caffe.backends.ncnn.table.file import write_table
from pytorch2caffe.backends.ncnn.table.table import Table
from pytorch2caffe.backends.ncnn.table.targets import quantizable
from pytorch2caffe.backends.ncnn.table.weights import weight_scales
from pytorch2caffe.cli import main
from pytorch2caffe.formats.ncnn import Ncnn
from pytorch2caffe.layers.activation.relu import ReLU
from pytorch2caffe.verify.runtimes import get
from tests.lively import make_lively


@pytest.fixture
def files(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3))
    prefix = tmp_path / "net"
    save_caffe(
        trace(make_lively(model, torch.randn(1, 3, 8, 8)), torch.randn(1, 3, 8, 8)),
        f"{prefix}.prototxt",
        f"{prefix}.caffemodel",
    )
    return [f"{prefix}.prototxt", f"{prefix}.caffemodel"]


@pytest.fixture
def checked():
    """What the command says of its check, where ncnn is installed."""
    return get("ncnn").unavailable() is None


def test_writes_float_files_and_says_how_they_run(files, tmp_path, capsys, checked):
    assert main(["ncnn", *files, "-o", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "out.param: 6 layers\n" in said
    assert ("outputs in ncnn equal the network's on random inputs, equal" if checked else "not checked: ") in said
    assert (tmp_path / "out.param").exists() and (tmp_path / "out.bin").exists()


def test_fused_and_in_int8(files, tmp_path, capsys, checked):
    nodes = quantizable(load_caffe(*files))
    write_table(Table({n.name: weight_scales(n) for n in nodes}, {n.name: 30.0 for n in nodes}), tmp_path / "t.table")
    assert main(["ncnn", *files, "--table", str(tmp_path / "t.table"), "--fuse", "-o", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "out.param: 3 layers, 2 of them in int8\n" in said
    assert ("runs in ncnn, cosine to the float outputs 0.99" if checked else "not checked: ") in said
    assert " 8=102" in (tmp_path / "out.param").read_text()


def test_without_the_check_it_says_so(files, tmp_path, capsys):
    assert main(["ncnn", *files, "--no-check", "--fp16", "-o", str(tmp_path / "out")]) == 0
    assert " bytes; not checked\n" in capsys.readouterr().out


def test_files_that_give_other_numbers_are_not_left_behind(files, tmp_path, capsys, monkeypatch, checked):
    if not checked:
        pytest.skip("ncnn is not installed")
    monkeypatch.setattr(ReLU, "to_ncnn", lambda *_: Ncnn("TanH"))
    assert main(["ncnn", *files, "-o", str(tmp_path / "out")]) == 1
    assert "error: the outputs in ncnn differ from the network's: different: 1 of 1 blob" in capsys.readouterr().err
    assert not list(tmp_path.glob("out*"))


def test_a_table_of_another_network_is_an_error(files, tmp_path, capsys):
    write_table(Table({"other": np.ones(3)}, {"other": 1.0}), tmp_path / "t.table")
    assert main(["ncnn", *files, "--table", str(tmp_path / "t.table"), "-o", str(tmp_path / "out")]) == 2
    assert "layer 'other': the network has no convolution" in capsys.readouterr().err
    assert not list(tmp_path.glob("out*"))


def test_what_ncnn_lacks_is_an_error(tmp_path, capsys):
    text = 'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 4 dim: 4 } } }\n'
    text += 'layer { name: "a" type: "ArgMax" bottom: "x" top: "a" }'
    (tmp_path / "net.prototxt").write_text(text)
    (tmp_path / "net.caffemodel").write_bytes(b"\n\3net")
    assert main(["ncnn", *(str(tmp_path / f"net.{s}") for s in ("prototxt", "caffemodel")), "-o", "out"]) == 2
    assert "ncnn has no layer ArgMax" in capsys.readouterr().err
