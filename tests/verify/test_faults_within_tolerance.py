"""Faults whose effect on the output is within the tolerance, and above float32's rounding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

import caffe_proto
from pytorch2caffe import export, verify
from pytorch2caffe.verify import second_look
from tests.models import Tiny, tiny


def written(model: nn.Module, folder: Path, change: Callable[[dict, list], None]) -> tuple[Path, Path]:
    """The files of a model, changed by a function of its layers by name and of their blobs by name."""
    files = folder / "net.prototxt", folder / "net.caffemodel"
    export(model, torch.randn(1, 3, 32, 32), *files, check=False)
    net = caffe_proto.to_dict(caffe_proto.read_prototxt(files[0]).net)
    by_name = {name: [blob.copy() for blob in blobs] for name, blobs in caffe_proto.blobs_by_name(files[1]).items()}
    change({layer["name"]: layer for layer in net["layer"]}, by_name)
    caffe_proto.write_prototxt(net, files[0])
    caffe_proto.write_caffemodel(net, [by_name.get(layer["name"], []) for layer in net["layer"]], files[1])
    return files


def unchanged(layers, blobs):
    """The files as they were written."""


def other_eps(layers, blobs):
    layers["bn"]["batch_norm_param"] = {"eps": 2e-5}


def one_weight(layers, blobs):
    blobs["head"][0][0, 0] += np.float32(1e-4)


def mix_scaled(layers, blobs):
    blobs["mix"][0][:] *= np.float32(1 + 1e-5)


@pytest.mark.parametrize("change", [other_eps, one_weight, mix_scaled], ids=lambda f: f.__name__)
def test_a_small_fault_is_reported_where_it_is(change, tmp_path: Path) -> None:
    layer = {"other_eps": "bn.scale", "one_weight": "head", "mix_scaled": "mix"}[change.__name__]
    files = written(tiny(), tmp_path, change)
    torch.manual_seed(0)
    comparison = verify(tiny(), *files, torch.randn(1, 3, 32, 32))
    assert comparison.first is not None and comparison.first.blob == layer
    assert all(row.relative_l2 < 1e-4 for row in comparison.rows)  # each within the tolerance
    assert "on the model's own values" in comparison.first.note


def test_an_unmodified_file_is_not_looked_at_twice(tmp_path: Path, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("a second look at an equal file")

    files = written(tiny(), tmp_path, unchanged)
    monkeypatch.setattr(second_look, "_faults", fail)
    assert verify(tiny(), *files, torch.randn(1, 3, 32, 32)).equal


class Approximated(Tiny):
    """GELU and a bilinear resize: Caffe computes them in other steps than PyTorch."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(F.interpolate(F.gelu(x), size=(32, 32), mode="bilinear", align_corners=True))


@pytest.mark.parametrize("seed", range(3))
def test_other_steps_for_the_same_numbers_are_equal(seed: int, tmp_path: Path) -> None:
    torch.manual_seed(seed)
    model = Approximated().eval()
    files = written(model, tmp_path, unchanged)
    assert verify(model, *files, torch.randn(1, 3, 32, 32)).equal
