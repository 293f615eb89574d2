"""BatchNorm and Scale folded into weights: what is folded, what is not, with the same results."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pytorch2caffe import save_caffe, to_torch, trace
from pytorch2caffe.backends.caffe.dialect_file import dialect
from pytorch2caffe.backends.caffe.lower import lower
from pytorch2caffe.cli import main
from pytorch2caffe.runtime.infer import infer
from tests.layers.conftest import outputs_of, relative_l2
from tests.lively import make_lively

X = torch.randn(2, 4, 9, 10, generator=torch.Generator().manual_seed(1))
FOLDED = {
    "convolution": (nn.Sequential(nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6)), ["Convolution"]),
    "without a bias": (nn.Sequential(nn.Conv2d(4, 6, 3, bias=False), nn.BatchNorm2d(6)), ["Convolution"]),
    "without an affine": (nn.Sequential(nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6, affine=False)), ["Convolution"]),
    "in groups": (nn.Sequential(nn.Conv2d(4, 6, 3, groups=2), nn.BatchNorm2d(6)), ["Convolution"]),
    "transposed": (nn.Sequential(nn.ConvTranspose2d(4, 6, 3), nn.BatchNorm2d(6)), ["Deconvolution"]),
    "deconv in groups": (nn.Sequential(nn.ConvTranspose2d(4, 6, 3, groups=2), nn.BatchNorm2d(6)), ["Deconvolution"]),
    "linear": (nn.Sequential(nn.Flatten(), nn.Linear(360, 5), nn.BatchNorm1d(5)), ["Flatten", "InnerProduct"]),
    "two in a row": (nn.Sequential(nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6), nn.BatchNorm2d(6)), ["Convolution"]),
    "behind nothing": (nn.Sequential(nn.BatchNorm2d(4), nn.BatchNorm2d(4), nn.ReLU()), ["Scale", "ReLU"]),
    "behind an activation": (nn.Sequential(nn.ReLU(), nn.BatchNorm2d(4)), ["ReLU", "Scale"]),
}


class UsedTwice(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)

    def forward(self, x):
        y = self.conv(x)
        return self.bn(y) + y


class Shared(UsedTwice):
    def forward(self, x):
        return self.bn(self.conv(self.bn(self.conv(x))))


class Returned(UsedTwice):
    def forward(self, x):
        y = self.conv(x)
        return y, self.bn(y)


LEFT = {
    "used elsewhere": (UsedTwice(), "Convolution Scale Eltwise"),
    "shared weights": (Shared(), "Convolution BatchNorm Scale Convolution BatchNorm Scale"),
    "an output": (Returned(), "Convolution Split Scale"),
}


def folded(model, target="caffe", fold_bn=True):
    make_lively(model, X)
    return lower(trace(model, X), dialect(target), infer, fold_bn=fold_bn)


def same(graph, model):
    with torch.no_grad():
        ours, theirs = outputs_of(to_torch(graph)(X)), outputs_of(model(X))
    for one, other in zip(ours, theirs, strict=True):
        assert relative_l2(one, other) < 1e-6


@pytest.mark.parametrize("case", FOLDED)
def test_folded(case):
    model, types = FOLDED[case]
    graph = folded(model)
    assert [node.layer.type for node in graph.nodes] == types
    same(graph, model)


@pytest.mark.parametrize("case", LEFT)
def test_left_as_it_is(case):
    model, types = LEFT[case]
    graph = folded(model)
    assert " ".join(node.layer.type for node in graph.nodes) == types
    same(graph, model)


def test_only_when_asked():
    model = nn.Sequential(nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6))
    assert len(folded(model, fold_bn=False).nodes) == 3
    assert len(folded(model, "nnie", fold_bn=False).nodes) == 1


def test_the_layer_with_the_weights_keeps_its_name_and_the_blob_that_of_the_last():
    (node,) = folded(nn.Sequential(nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6))).nodes
    assert (node.name, node.module) == ("0", "0")
    assert node.outputs[0].name == "1.scale"


def test_in_real_caffe(tmp_path, real_caffe):
    model = make_lively(nn.Sequential(nn.Conv2d(4, 6, 3, bias=False), nn.BatchNorm2d(6), nn.ReLU()), X)
    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    graph = save_caffe(trace(model, X), *files, fold_bn=True)
    results = {top: array for (_, top), array in real_caffe.run(*files, {graph.inputs[0].name: X.numpy()}).items()}
    (output,) = graph.outputs.values()
    assert relative_l2(results[output.name], model(X).detach().numpy()) < 1e-6


def test_powers_are_joined_where_not_a_bit_changes():
    def powers(function):
        graph = lower(trace(function, X), dialect("caffe"), infer)
        with torch.no_grad():
            assert torch.equal(to_torch(graph)(X), function(X))
        return len(graph.nodes)

    assert powers(lambda x: -(x * 3 + 1)) == 1
    assert powers(lambda x: -(-x)) == 1
    assert powers(lambda x: (x * 0.5) ** 2) == 1
    assert powers(lambda x: (x + 1e8) - 1e8) == 2  # the sum loses digits, and so must the file


def test_export_folds_on_request(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shape = ["--input-shape", "1,3,64,64"]
    assert main(["export", "tests.models:tiny", *shape, "-o", "r", "--fold-bn"]) == 0
    assert "equal to the model" in capsys.readouterr().out
    text = (tmp_path / "r.prototxt").read_text()
    assert "BatchNorm" not in text
