import numpy as np
import pytest
import torch

from pytorch2caffe import trace

ERROR = 1e-6  # the largest absolute error for angles in [-10,000, 10,000]


def test_a_turned_box_runs_the_same_everywhere(same_everywhere):
    def model(x):
        return torch.stack([x[:, 0] * x[:, 2].cos(), x[:, 1] * x[:, 2].sin()], 1)

    same_everywhere(model, torch.randn(2, 3, 4, 5) * 3)


@pytest.mark.parametrize("runtime", ["builtin", "caffe", "opencv"])
@pytest.mark.parametrize("function", [torch.sin, torch.cos], ids=lambda f: f.__name__)
def test_the_largest_error_is_the_one_stated(function, runtime, run_in):
    angles = [torch.linspace(-limit, limit, 100_001) for limit in (1, 4, 100, 10_000)]
    x = torch.cat([*angles, torch.arange(-3000, 3001) * (torch.pi / 2)])[None]
    y = run_in(runtime, function, x)
    assert np.abs(y.double() - function(x.double())).max() < ERROR


def test_small_angles_are_relatively_exact(run_in):
    x = torch.logspace(-30, -1, 100)[None]
    torch.testing.assert_close(run_in("builtin", torch.sin, x), x.sin(), rtol=1e-6, atol=0)


def test_is_one_layer_in_the_graph():
    assert [node.layer.type for node in trace(torch.cos, torch.zeros(1, 3)).nodes] == ["Trigonometric"]
