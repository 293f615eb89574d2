import pytest
import torch

BUFFER = torch.randn(2, 3, 4, 5)
TOKEN = torch.randn(1, 1, 6)
CASES = {f"cat along {axis}": (lambda x, y, axis=axis: torch.cat((x, y), axis)) for axis in range(-4, 4)}
CASES |= {
    "different sizes": lambda x, y: torch.cat((x, y[:, :1], x[:, 1:]), 1),
    "the same twice": lambda x, y: torch.cat((x, x, y), 1),
    "only the same": lambda x, y: torch.cat([x + y] * 2, 2),
    "one": lambda x, y: torch.cat([x], 1) + y,
    "a constant in front": lambda x, y: torch.cat((BUFFER, x, y), 1),
    "a constant behind": lambda x, y: torch.cat((x + y, BUFFER), -1),
    "constants on both sides": lambda x, y: torch.cat((BUFFER, x * y, BUFFER), 0),
    "an empty slice": lambda x, y: torch.cat((x[:, 3:], y, x), 1),
    "an empty tensor": lambda x, y: torch.cat((torch.zeros(0), x, y), 1),
    "concat": lambda x, y: torch.concat((x, y), dim=2),
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
