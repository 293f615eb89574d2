"""Segmentation, detection and sequences: whole networks in plain Caffe layers, in every runtime."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pytorch2caffe import export, verify
from pytorch2caffe.verify.runtimes import get
from tests import zoo
from tests.end_to_end.peers import UNet
from tests.end_to_end.yolo import Yolo
from tests.lively import make_lively


def same_in(runtimes, model, x, folder):
    files = folder / "net.prototxt", folder / "net.caffemodel"
    for runtime in runtimes:
        if runtime == "opencv" and get(runtime).unavailable():
            continue
        export(model, x, *files, dialect="importers" if runtime == "opencv" else "caffe", check=False)
        comparison = verify(model, *files, x, runtime)
        assert comparison.equal, (runtime, comparison.first)
        assert any(row.output for row in comparison.rows)


@pytest.mark.parametrize("name", ["deeplabv3_resnet50", "lraspp_mobilenet_v3_large"])  # fcn_resnet50: test_peers.py
def test_segmentation_at_its_usual_size(name, tmp_path, real_caffe):
    same_in(("builtin", "caffe", "opencv"), zoo.build(name), torch.randn(1, 3, 224, 224), tmp_path)


@pytest.mark.parametrize(("make", "shape"), [(UNet, (1, 3, 128, 96)), (Yolo, (1, 3, 96, 128))], ids=["unet", "yolo"])
def test_networks_with_a_way_back_up(make, shape, tmp_path, real_caffe):
    torch.manual_seed(0)
    model = make_lively(make(), torch.randn(shape))
    same_in(("builtin", "caffe", "opencv"), model, torch.randn(shape), tmp_path)


class Sequence(nn.Module):
    """A recurrent network over a picture's columns, and a linear layer on what it says last."""

    def __init__(self, kind: type[nn.RNNBase], bidirectional: bool = False) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.rnn = kind(4 * 6, 10, num_layers=2, bidirectional=bidirectional)
        self.head = nn.Linear(20 if bidirectional else 10, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        columns = self.features(x).flatten(1, 2).permute(2, 0, 1)
        return self.head(self.rnn(columns)[0][-1])


@pytest.mark.parametrize("bidirectional", [False, True], ids=["one way", "both ways"])
@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_classifiers_of_sequences(kind, bidirectional, tmp_path, real_caffe):
    torch.manual_seed(0)
    model = make_lively(Sequence(kind, bidirectional), torch.randn(2, 1, 12, 18))
    runtimes = ("builtin", "caffe") if kind is nn.LSTM else ("builtin", "caffe", "opencv")
    same_in(runtimes, model, torch.randn(2, 1, 12, 18), tmp_path)
