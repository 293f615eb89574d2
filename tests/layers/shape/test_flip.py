import numpy as np
import pytest
import torch

from tests.layers.forks import means  # noqa: F401 - a fixture

CASES = {
    "flip": lambda x: x.flip(3),
    "flip, dims by name": lambda x: torch.flip(x, dims=(-1,)),
    "fliplr, flipud of 4 axes": lambda x: x.fliplr() + x.flipud(),
    "reversed": lambda x: reversed(x[0]),
    "flip of two axes": lambda x: torch.flip(x, (2, 3)),
    "flip of channels": lambda x: x.flip(1),
    "fliplr, flipud": lambda x: torch.fliplr(x[0, 0]) + torch.flipud(x[0, 1]),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 3, 4, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


@pytest.mark.parametrize(("settings", "axis"), [("", 0), ("reverse_param { axis: 2 }", 2)])
def test_reverse_of_a_caffe_file(settings, axis, means):  # noqa: F811
    x = np.random.default_rng(0).standard_normal((3, 2, 4)).astype(np.float32)
    layer = f'layer {{ name: "it" type: "Reverse" bottom: "x" top: "it" {settings} }}'
    means(layer, np.flip(x, axis).copy(), x=x, runtimes=["caffe", "opencv"])
