"""NaN and inf in weights: what is reported, and how it is named."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import export, load_caffe, verify
from pytorch2caffe.cli import main
from pytorch2caffe.frontends.torch import trace
from pytorch2caffe.graph.nonfinite import NonFiniteWarning, count_nonfinite


class Attention(nn.Module):
    """Its mask holds -inf, in a buffer that is added, as text models do."""

    def __init__(self) -> None:
        super().__init__()
        self.q = nn.Linear(4, 4)
        self.register_buffer("mask", torch.triu(torch.full((5, 5), -math.inf), 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q = self.q(x)
        return (q @ q.transpose(1, 2) + self.mask).softmax(-1) @ x


class Largest(nn.Module):
    """-inf where no number may win."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("least", torch.tensor([-math.inf, 0.0, -math.inf, 1.0]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.maximum(x, self.least).amax(1)


class Normalised(nn.Module):
    """Divides by a buffer, one number of which is 0."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("std", torch.tensor([1.0, 0.0, 1.0]).reshape(1, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * (1 / self.std)


def broken() -> nn.Module:
    """NaN in a convolution, inf in a variance, -inf in a bias."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 2)).eval()
    with torch.no_grad():
        net[0].weight[0, 0] = math.nan
        net[1].running_var[2] = math.inf
        net[4].bias[1] = -math.inf
    return net


IN_THE_MODEL = "NaN or inf in the weights: 0.weight (9 NaN), 1.running_var (1 inf), 4.bias (1 inf);"
IN_THE_FILES = "NaN or inf in the weights: blob 0 of layer '0' (9 NaN), blob 1 of layer '1' (1 inf), blob 1 of layer"


def image() -> torch.Tensor:
    return torch.randn(1, 3, 6, 6)


def test_export_names_the_tensors_once(tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        export(broken(), image(), tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    messages = [str(warning.message) for warning in caught if warning.category is NonFiniteWarning]
    assert len(messages) == 1 and messages[0].startswith(IN_THE_MODEL)


def test_a_file_names_the_layers(tmp_path: Path) -> None:
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    with pytest.warns(NonFiniteWarning):
        export(broken(), image(), *files)
    with pytest.warns(NonFiniteWarning) as caught:
        load_caffe(*files)
    assert str(caught[0].message).startswith(IN_THE_FILES)
    with pytest.warns(NonFiniteWarning) as caught:
        assert verify(broken(), *files, image()).equal
    first, *others = [str(warning.message) for warning in caught]
    assert first.startswith(IN_THE_MODEL) and all(message.startswith(IN_THE_FILES) for message in others)


def test_weights_that_are_computed_are_reported_where_they_are_used() -> None:
    with pytest.warns(NonFiniteWarning, match=r"a constant at Normalised|scale|test_nonfinite.py:\d+\) \(1 inf\)"):
        trace(Normalised(), image())


@pytest.mark.parametrize("dialect", ["caffe", "opencv"])
@pytest.mark.parametrize("model", [Attention, Largest])
def test_a_mask_gives_no_warning_in_the_model_or_in_its_files(model, dialect: str, tmp_path: Path) -> None:
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    with warnings.catch_warnings():
        warnings.simplefilter("error", NonFiniteWarning)
        export(model(), torch.randn(1, 5, 4), *files, dialect=dialect)
        load_caffe(*files)


def test_weights_that_are_not_used_give_no_warning() -> None:
    net = broken()
    with warnings.catch_warnings():
        warnings.simplefilter("error", NonFiniteWarning)
        trace(lambda x: net[2](x) + net[1].weight[:3].reshape(1, 3, 1, 1), image())


COMMANDS = {
    "export": (["export", "broken.py:broken", "--input-shape", "1,3,6,6", "-o", "new"], IN_THE_MODEL),
    "verify": (["verify", "broken.py:broken", "net.prototxt", "net.caffemodel"], IN_THE_MODEL),
    "check": (["check", "net.prototxt", "net.caffemodel"], IN_THE_FILES),
    "lower": (["lower", "net.prototxt", "net.caffemodel", "-o", "new"], IN_THE_FILES),
    "convert": (
        ["convert", "net.prototxt", "net.caffemodel", "--from", "caffe", "--to", "pytorch", "-o", "new"],
        IN_THE_FILES,
    ),
    "ncnn": (["ncnn", "net.prototxt", "net.caffemodel", "--no-check", "-o", "new"], IN_THE_FILES),
}


@pytest.mark.filterwarnings("always::pytorch2caffe.graph.nonfinite.NonFiniteWarning")
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_warns_before_its_result(command: str, tmp_path: Path, monkeypatch, capsys) -> None:
    arguments, message = COMMANDS[command]
    with pytest.warns(NonFiniteWarning):
        export(broken(), image(), tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    (tmp_path / "broken.py").write_text("from tests.graph.test_nonfinite import broken\n")
    monkeypatch.chdir(tmp_path)
    main(arguments)
    assert f"warning: {message}" in capsys.readouterr().err


def test_counts() -> None:
    blob = np.array([1, np.nan, np.inf, -np.inf], np.float32)
    assert count_nonfinite(blob) == (1, 1, 1)
    assert count_nonfinite(np.full(4, 3e38, np.float32)) == (0, 0, 0)
    assert count_nonfinite(np.broadcast_to(np.float32(0), (1 << 40,))) == (0, 0, 0)
    assert count_nonfinite(np.zeros((0, 3), np.float32)) == (0, 0, 0)
