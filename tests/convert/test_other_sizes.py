"""A run at another size proves that files which accept it are right there."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from pytorch2caffe import export
from pytorch2caffe.graph.other_sizes import fixed_by
from pytorch2caffe.runtime.infer import infer


class Of(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.first, self.function = nn.Conv2d(3, 4, 3, padding=1), function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(self.first(x))


FIXED = {
    "half of the rows": (lambda y: y[:, :, : y.shape[2] // 2] * 2, {"height"}),
    "a mean by a number": (lambda y: y + y.mean((2, 3), True) * y.shape[2], {"height"}),
    "resized to a constant size": (lambda y: nn.functional.interpolate(y, size=32), {"height", "width"}),
    "a factor of the batch": (lambda y: y * y.shape[0], {"batch"}),
    "resized to the size of another": (lambda y: nn.functional.interpolate(y[:, :, ::2, ::2], size=y.shape[2:]), set()),
    "rows from the start": (lambda y: y[:, :, 5:8], set()),
    "another batch refused by the model": (lambda y: y.reshape(1, *y.shape[1:]) * y.shape[2], {"height"}),
}


@pytest.mark.parametrize("name", FIXED)
def test_what_is_wrong_at_another_size_fails_there(name, tmp_path):
    function, fixed = FIXED[name]
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    graph = export(Of(function).eval(), torch.randn(1, 3, 16, 16), *files, check_runtime=False)
    assert set(fixed_by(graph, infer)) == fixed


class OnlyHere(Exception):  # noqa: N818 - of a model: any name
    pass


def test_a_model_may_raise_what_it_likes_at_another_size(tmp_path):
    def function(y: torch.Tensor) -> torch.Tensor:
        if y.shape[2:] != (16, 16):
            raise OnlyHere
        return y * 2

    export(Of(function).eval(), torch.randn(1, 3, 16, 16), tmp_path / "a.prototxt", tmp_path / "a.caffemodel")
    assert (tmp_path / "a.caffemodel").exists()
