import pytest
import torch

from tests.layers.conftest import types_of

BUFFER = torch.randn(2, 3, 4, 5)
TOKEN = torch.randn(1, 1, 6)
CASES = {f"cat along {axis}": (lambda x, y, axis=axis: torch.cat((x, y), axis)) for axis in range(-4, 4)}
CASES |= {f"stack along {axis}": (lambda x, y, axis=axis: torch.stack((x, y), axis)) for axis in range(-5, 5)}
CASES |= {
    "different sizes": lambda x, y: torch.cat((x, y[:, :1], x[:, 1:]), 1),
    "the same twice": lambda x, y: torch.cat((x, x, y), 1),
    "only the same": lambda x, y: torch.cat([x + y] * 2, 2),
    "stack of the same": lambda x, y: torch.stack([x, x, x], 2) + y[:, :, None],
    "one": lambda x, y: torch.cat([x], 1) + y,
    "a constant in front": lambda x, y: torch.cat((BUFFER, x, y), 1),
    "a constant behind": lambda x, y: torch.cat((x + y, BUFFER), -1),
    "constants on both sides": lambda x, y: torch.cat((BUFFER, x * y, BUFFER), 0),
    "stack with a constant": lambda x, y: torch.stack((x, BUFFER, y), 1),
    "an empty tensor": lambda x, y: torch.cat((torch.zeros(0), x, y), 1),
    "concat": lambda x, y: torch.concat((x, y), dim=2),
    "hstack": lambda x, y: torch.hstack((x, y)),
    "vstack": lambda x, y: torch.vstack((x, y)),
    "dstack": lambda x, y: torch.dstack((x[0, 0], y[0, 0])),
    "column_stack": lambda x, y: torch.column_stack((x[0, 0, 0], y[0, 0, 0])),
    "column_stack of tables": lambda x, y: torch.column_stack((x[0, 0], y[0, 0])),
    "hstack of rows": lambda x, y: torch.hstack((x[0, 0, 0], y[0, 0, 0])),
    "vstack of rows": lambda x, y: torch.vstack((x[0, 0, 0], y[0, 0, 0])),
    "concatenate": lambda x, y: torch.concatenate((x, y), axis=3),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5))


@pytest.mark.parametrize("axis", [0, 1, 2], ids=str)
def test_runs_on_three_axes(axis, same_everywhere):
    same_everywhere(lambda x: torch.cat((x, x * 2), axis), torch.randn(2, 3, 4))


@pytest.mark.parametrize("axis", [0, 1], ids=str)
def test_runs_on_two_axes(axis, same_everywhere):
    same_everywhere(lambda x: torch.cat((x, x * 2), axis), torch.randn(2, 3))


def test_runs_on_one_axis(same_everywhere):
    same_everywhere(lambda x: torch.cat((x, x * 2)) * 3, torch.randn(4))


def test_a_token_in_front(same_everywhere):
    same_everywhere(lambda x: torch.cat((TOKEN.expand(len(x), -1, -1), x), 1), torch.randn(2, 5, 6))


def test_is_one_layer():
    assert types_of(lambda x, y: torch.cat((x, y)), torch.zeros(2, 3), torch.zeros(1, 3)) == ["Concat"]
