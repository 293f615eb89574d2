import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import lacks, types_of

CASES = {
    "dropout": (nn.Dropout(0.3), (2, 3, 4, 5)),
    "dropout of features": (nn.Dropout(), (2, 6)),
    "dropout1d": (nn.Dropout1d(), (2, 3, 4)),
    "dropout2d": (nn.Dropout2d(), (2, 3, 4, 5)),
    "dropout3d": (nn.Dropout3d(), (2, 3, 2, 4, 5)),
    "alpha": (nn.AlphaDropout(), (2, 6)),
    "feature alpha": (nn.FeatureAlphaDropout(), (2, 3, 4, 5)),
    "in place": (nn.Sequential(nn.Linear(6, 4), nn.Dropout(inplace=True)), (2, 6)),
    "of nothing": (nn.Sequential(nn.Dropout(0.0), nn.ReLU()), (2, 6)),
    "of nothing, on": (lambda x: F.alpha_dropout(F.dropout(x, 0.0, True), 0.0, True).relu(), (2, 6)),
    "of everything": (nn.Sequential(nn.Dropout(1.0), nn.ReLU()), (2, 6)),
    "functional": (lambda x: F.dropout(x, 0.2, training=False), (2, 6)),
    "torch.dropout": (lambda x: torch.dropout(x, 0.2, False), (2, 6)),
}
ON = {
    "dropout": F.dropout,
    "dropout2d": F.dropout2d,
    "alpha_dropout": lambda x: F.alpha_dropout(x, training=True),
    "alpha_dropout in place, which writes twice": lambda x: F.alpha_dropout(x, training=True, inplace=True),
    "torch.dropout": lambda x: torch.dropout(x, 0.5, True),
}


@pytest.mark.parametrize(
    ("model", "shape"),
    [case if "of " in name[:3] else lacks(*case, mnn="leaves out the last Dropout") for name, case in CASES.items()],
    ids=CASES,
)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_is_kept_as_a_layer():
    assert types_of(nn.Dropout(), torch.zeros(2, 6)) == ["Dropout"]


@pytest.mark.parametrize("model", ON.values(), ids=ON)
def test_is_refused_when_it_is_on(model):
    with pytest.raises(UnsupportedError, match="random"):
        trace(model, torch.zeros(2, 3, 4, 5))
