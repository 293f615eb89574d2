import pytest
import torch

from tests.layers.conftest import types_of

SHAPE = (4, 6, 5, 4)
CASES = {f"chunk along {axis}": (lambda x, axis=axis: x.chunk(2, axis)) for axis in range(-4, 4)}
CASES |= {
    "more chunks than there are": lambda x: torch.chunk(x, 9, 1),
    "chunks that do not divide": lambda x: torch.chunk(x, 4, 1),
    "one chunk": lambda x: x.chunk(1)[0] * 2,
    "only one of them": lambda x: x.chunk(3, 1)[1],
    "a gated unit": lambda x: (lambda a, b: a * b.sigmoid())(*x.chunk(2, 1)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(SHAPE))


@pytest.mark.parametrize(("shape", "axis"), [((2, 6), 1), ((2, 6), 0), ((2, 3, 4), -1), ((6,), 0)], ids=str)
def test_fewer_axes_run_the_same_everywhere(shape, axis, same_everywhere):
    same_everywhere(lambda x: torch.chunk(x, 2, axis), torch.randn(shape))


def test_one_piece_is_no_layer():
    assert types_of(lambda x: x.chunk(1)[0].relu(), torch.zeros(SHAPE)) == ["ReLU"]
