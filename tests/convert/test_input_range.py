"""The range of the input on which an export is proven."""

import torch

from pytorch2caffe import export, verify
from pytorch2caffe.cli import main
from pytorch2caffe.convert.random_like import random_like
from pytorch2caffe.verify.report import verdict


def test_random_inputs_have_the_range_of_the_example():
    torch.manual_seed(0)
    like = random_like({"a": torch.rand(99) * 3 + 1, "b": torch.zeros(99), "c": torch.rand(99) - 0.5})
    assert 1 <= like["a"].min() < 1.5 and 3.5 < like["a"].max() <= 4
    assert like["b"].min() < -1 and like["b"].max() > 1  # nothing is known
    assert -0.5 <= like["c"].min() < -0.3 and 0.3 < like["c"].max() <= 0.5


def test_nan_on_both_sides_is_named(tmp_path):
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    export(torch.sqrt, torch.rand(1, 3, 4, 4), *files)
    assert "NaN" not in verdict(verify(torch.sqrt, *files, torch.rand(1, 3, 4, 4)))
    found = verdict(verify(torch.sqrt, *files, torch.linspace(-1, 1, 48).reshape(1, 3, 4, 4)))
    assert found.startswith("equal: 1 blob") and found.endswith("; NaN on both sides in 1 blob, first sqrt")


def test_the_command_takes_a_range(tmp_path, monkeypatch, capsys):
    seen = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pytorch2caffe.convert.export.random_like", lambda x: seen.append(x) or x)
    (tmp_path / "net.py").write_text("import torch\nnet = torch.nn.ReLU()\n")
    arguments = ["export", "net.py:net", "--input-shape", "1,3,8,8", "-o", "net", "--input-range", "2", "3"]
    assert main(arguments) == 0
    assert all(2 <= x.min() < x.max() <= 3 for x in seen) and seen
