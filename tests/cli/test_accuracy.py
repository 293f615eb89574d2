"""`accuracy` on labelled images: shares, intervals and answers, in float and in ncnn."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from pytorch2caffe import save_caffe, trace
from pytorch2caffe.backends.ncnn.writer import save_ncnn
from pytorch2caffe.cli import main
from pytorch2caffe.convert.accuracy import Score
from pytorch2caffe.verify.runtimes import get

PIXELS = ["--mean", "0", "--norm", "0.0078125"]
needs_ncnn = pytest.mark.skipif(bool(get("ncnn").unavailable()), reason="ncnn is not installed")


class Channels(nn.Module):
    """The score of a class is the mean of a channel, in the order B, G, R."""

    def __init__(self, flip=False):
        super().__init__()
        self.head = nn.Conv2d(3, 3, 1, bias=False)
        with torch.no_grad():
            self.head.weight.copy_(torch.eye(3).flip(0)[:, :, None, None] if flip else torch.eye(3)[:, :, None, None])

    def forward(self, x):
        return self.head(x).mean((2, 3))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Ten images, blue, green or red as their class is, of which the last two are labelled wrongly."""
    monkeypatch.chdir(tmp_path)
    graph = trace(Channels(), torch.zeros(1, 3, 8, 8))
    save_caffe(graph, "n.prototxt", "n.caffemodel")
    save_ncnn(graph, "same")
    save_ncnn(trace(Channels(flip=True), torch.zeros(1, 3, 8, 8)), "flipped")
    lines = []
    for index in range(10):
        colour, label = np.eye(3)[2 - index % 3] * 200, (index + (index > 7)) % 3
        path = tmp_path / "val" / str(label) / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.broadcast_to(colour, (8, 8, 3)).astype(np.uint8)).save(path)
        lines.append(f"val/{label}/{index}.png {label}")
    (tmp_path / "val.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def accuracy(*options):
    report = Path("report.json")
    report.unlink(missing_ok=True)
    code = main(["accuracy", "n.prototxt", "n.caffemodel", *PIXELS, *options, "--json", str(report)])
    return code, json.loads(report.read_text())


@needs_ncnn
@pytest.mark.parametrize("labels", ["val.txt", "val"])
def test_shares_of_float_and_of_ncnn_files(labels, folder):
    code, report = accuracy("--labels", labels, "--ncnn", "same", "--ncnn", "flipped")
    assert code == 0
    shares = {score["name"]: (score["top1"], score["agreement"]) for score in report["scores"]}
    # classes 0 and 2 are exchanged: 3 of the 8 right ones remain, and one of the wrongly labelled becomes right
    assert shares["float"] == (0.8, 1)
    assert shares["same"] == (0.8, 1)
    assert shares["flipped"] == (0.4, 0.3)
    low, high = report["scores"][0]["interval"]
    assert (low, high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))  # Wilson's of 8 of 10
    assert all(score["top5"] == 1 for score in report["scores"])


@needs_ncnn
def test_a_loss_that_is_too_large_is_the_exit_code(folder):
    assert accuracy("--labels", "val.txt", "--ncnn", "same", "--max-loss", "0.1")[0] == 0
    assert accuracy("--labels", "val.txt", "--ncnn", "flipped", "--max-loss", "39")[0] == 1
    assert accuracy("--labels", "val.txt", "--ncnn", "flipped", "--max-loss", "41")[0] == 0


def test_the_interval_of_a_difference_is_that_of_pairs():
    right = np.array([True] * 90 + [False] * 10)
    other = right.copy()
    other[:4] = False
    scores = [Score("", each, each, each) for each in (right, other)]
    # b = 4 images lost, c = 0 gained: (b - c) / n, and 1.96 sqrt(b + c - (b - c)^2 / n) / n
    assert scores[1].difference(scores[0]) == (pytest.approx(-0.04), pytest.approx(1.96 * (4 - 16 / 100) ** 0.5 / 100))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("val/0/0.png\n", "line 1: 'val/0/0.png'"),
        ("val/0/0.png 0\nval/0/0.png cat\n", "line 2: 'val/0/0.png cat'"),
        ("val/0/0.png 7\n", "class 7 in the labels, but float has 3 classes"),
        ("", "lists no image"),
        ("missing.png 0\n", "there is no file or directory missing.png"),
    ],
)
def test_lists_that_are_wrong(text, message, folder, capsys):
    (folder / "val.txt").write_text(text)
    assert main(["accuracy", "n.prototxt", "n.caffemodel", *PIXELS, "--labels", "val.txt"]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--ncnn", "nothing"], "there is no file nothing.param, nothing.bin"),
        (["--max-loss", "1"], "--max-loss compares files with float"),
    ],
)
def test_options_that_are_wrong(options, message, folder, capsys):
    assert main(["accuracy", "n.prototxt", "n.caffemodel", *PIXELS, "--labels", "val", *options]) == 2
    assert message in capsys.readouterr().err


def test_a_part_of_the_images(folder):
    code, report = accuracy("--labels", "val.txt", "--limit", "5")
    assert (code, report["scores"][0]["images"]) == (0, 5)
