import numpy as np
import pytest
import torch

from pytorch2caffe import trace

ERROR = 1e-6  # the largest absolute error, for vectors of a length from 1e-30 to 1e30
CASES = {
    "of two tensors": lambda x: torch.atan2(x[:, :1], x[:, 1:2]),
    "a method": lambda x: x.arctan2(x.flip(1)),
    "broadcast": lambda x: torch.atan2(x, x[:, :1]),
    "a constant": lambda x: torch.atan2(x, torch.tensor([1.0, -1.0, 0.0, 2.0])),
    "of a constant": lambda x: torch.atan2(torch.tensor(0.5), x),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4))


@pytest.mark.parametrize("runtime", ["builtin", "caffe", "opencv"])
def test_the_largest_error_is_the_one_stated(runtime, run_in):
    angles = torch.linspace(-3.1415, 3.1415, 10_001, dtype=torch.float64)
    lengths = torch.logspace(-29.9, 29.9, 13, dtype=torch.float64)[:, None]
    vectors = torch.stack([lengths * angles.sin(), lengths * angles.cos()]).float()[None]
    y = run_in(runtime, lambda x: torch.atan2(x[:, 0], x[:, 1]), vectors)
    exact = torch.atan2(vectors[:, 0].double(), vectors[:, 1].double())
    assert np.abs(y - exact).max() < ERROR


def test_on_the_axes_and_at_the_origin(run_in):
    grid = torch.tensor([-2.0, 0.0, 2.0])
    vectors = torch.stack(torch.meshgrid(grid, grid, indexing="ij"))[None]
    y = run_in("builtin", lambda x: torch.atan2(x[:, 0], x[:, 1]), vectors)
    torch.testing.assert_close(y, torch.atan2(vectors[:, 0], vectors[:, 1]), rtol=0, atol=ERROR)


def test_is_one_layer_in_the_graph():
    assert [node.layer.type for node in trace(torch.atan2, (torch.ones(1, 3), torch.ones(1, 3))).nodes] == ["Atan2"]
