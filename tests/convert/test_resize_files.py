"""Caffe files for inputs of another batch or size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import UnsupportedError, save_caffe, trace
from pytorch2caffe.cli import main
from pytorch2caffe.convert.resize_files import resize_files


def exported(model: nn.Module, folder: Path, shape: tuple[int, ...] = (1, 3, 16, 16)) -> list[str]:
    torch.manual_seed(0)
    files = [str(folder / f"net.{suffix}") for suffix in ("prototxt", "caffemodel")]
    save_caffe(trace(model.eval(), torch.randn(shape)), *files)
    return files


def free() -> nn.Module:
    pool = nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.MaxPool2d(2), pool, nn.Flatten(), nn.Linear(4, 5))


def bound() -> nn.Module:
    return nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(3))


@pytest.mark.parametrize("shape", [(4, 3, 16, 16), (2, 3, 21, 30)], ids=str)
def test_another_size_gives_what_the_model_gives(shape, real_caffe, tmp_path, capsys):
    model = free()
    prefix = tmp_path / "other"
    size = ",".join(map(str, shape))
    assert main(["resize", *exported(model, tmp_path), "--input-shape", size, "-o", str(prefix)]) == 0
    assert f"data{list(shape)} to" in capsys.readouterr().out
    x = torch.randn(shape)
    blobs = real_caffe.run(Path(f"{prefix}.prototxt"), Path(f"{prefix}.caffemodel"), {"data": x.numpy()})
    np.testing.assert_allclose(list(blobs.values())[-1], model(x).detach().numpy(), rtol=1e-4, atol=1e-5)


def test_what_fixes_the_size_is_listed(tmp_path, capsys):
    files = exported(bound(), tmp_path)
    assert main(["resize", *files, "--input-shape", "1,3,24,24", "-o", str(tmp_path / "other")]) == 2
    message = capsys.readouterr().err
    assert "1. data.fixed (Reshape): what reads it is right for [1, 3, 16, 16] only" in message
    assert "2. 0.fixed (Reshape)" in message
    assert "fix: export the model with --input-shape" in message
    assert not (tmp_path / "other.prototxt").exists()


def test_the_batch_of_a_network_of_one_size(tmp_path):
    graph = resize_files(*exported(bound(), tmp_path), tmp_path / "other", [(3, 3, 16, 16)])
    assert [value.shape for value in graph.outputs.values()] == [(3, 4, 3, 3)]


def test_another_layer_that_does_not_accept_the_size(tmp_path):
    files = exported(nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(2 * 14 * 14, 5)), tmp_path)
    with pytest.raises(UnsupportedError, match=r"InnerProduct"):
        resize_files(*files, tmp_path / "other", [(1, 3, 20, 16)])


def test_one_shape_for_each_input(tmp_path, capsys):
    shapes = ["--input-shape", "1,3,16,16", "--input-shape", "1,5"]
    assert main(["resize", *exported(free(), tmp_path), *shapes, "-o", str(tmp_path / "other")]) == 2
    assert "give --input-shape once for each" in capsys.readouterr().err
