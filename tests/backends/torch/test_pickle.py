"""Modules of generated source are copied, pickled and saved as other modules are."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest
import torch
from torch import nn

from pytorch2caffe import to_torch, trace
from tests.paths import ROOT


def module() -> tuple[nn.Module, torch.Tensor]:
    torch.default_generator.manual_seed(0)
    x = torch.randn(1, 3, 8, 8)
    block = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    return to_torch(trace(nn.Sequential(block, nn.Flatten(), nn.Linear(144, 5)).eval(), x)), x


def test_pickled_in_one_process() -> None:
    before, x = module()
    again = pickle.loads(pickle.dumps(before))
    assert type(again) is type(before)
    assert not again.training
    assert torch.equal(again(x), before(x))


@pytest.mark.slow
def test_saved_and_loaded_in_another_process(tmp_path) -> None:
    before, x = module()
    torch.save(before, tmp_path / "net.pt")
    torch.save((x, before(x)), tmp_path / "values.pt")
    code = """
import torch
net = torch.load("net.pt", weights_only=False)
x, y = torch.load("values.pt")
assert torch.equal(net(x), y)
"""
    path = {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=path, check=True)


def test_a_copy_is_of_the_same_class_with_weights_of_its_own() -> None:
    before, x = module()
    expected = before(x).detach()
    after = copy.deepcopy(before)
    assert type(after) is type(before)
    with torch.no_grad():
        for parameter in after.parameters():
            parameter.zero_()
    assert torch.equal(before(x), expected)
    assert not torch.equal(after(x), expected)


def test_networks_of_the_same_class_name_are_kept_apart() -> None:
    x = torch.full((1, 3, 4, 4), -1.0)
    one, two = (to_torch(trace(nn.Sequential(layer).eval(), x)) for layer in (nn.ReLU(), nn.Tanh()))
    again = pickle.loads(pickle.dumps([one, two]))
    assert [float(net(x).mean()) for net in again] == [0.0, float(torch.tanh(x).mean())]
