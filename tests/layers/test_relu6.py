"""ReLU6 where a reader has it, Clip where it does not."""

from __future__ import annotations

import torch
from torch import nn

from tests.layers.conftest import types_of


def test_opencv_has_it_by_name(same_everywhere, request):
    if "caffe" in request.node.name.split("[")[1]:
        return  # real Caffe has no ReLU6
    same_everywhere(nn.ReLU6(), 5 * torch.randn(1, 3, 4, 5), dialect="opencv")


def test_it_is_said_in_what_the_dialect_has():
    x = torch.zeros(1, 3)
    assert types_of(nn.ReLU6(), x, dialect="opencv") == types_of(nn.ReLU6(), x, dialect="ncnn") == ["ReLU6"]
    assert types_of(nn.ReLU6(), x, dialect="caffe-master") == ["Clip"]
    assert "ReLU6" not in types_of(nn.ReLU6(), x, dialect="nnie")
