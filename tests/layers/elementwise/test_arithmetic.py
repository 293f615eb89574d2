import pytest
import torch

from tests.layers.conftest import types_of
from tests.layers.elementwise.test_binary import IMAGE, OPERATIONS

CONSTANTS = {
    "a number": 0.7,
    "a scalar tensor": torch.tensor(-1.3),
    "of one element": torch.tensor([[2.5]]),
    "per channel": torch.rand(3, 1, 1) + 0.5,
    "per channel, whole": torch.rand(1, 3, 1, 1) + 0.5,
    "per pixel": torch.rand(4, 5) + 0.5,
    "per row": torch.rand(4, 1) + 0.5,
    "per column": torch.rand(5) + 0.5,
    "per sample": torch.rand(2, 1, 1, 1) + 0.5,
    "per channel and pixel": torch.rand(3, 4, 5) + 0.5,
    "per channel and column": torch.rand(3, 1, 5) + 0.5,
    "of its shape": torch.rand(2, 3, 4, 5) + 0.5,
    "of more axes": torch.rand(2, 1, 1, 1, 1) + 0.5,
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize("constant", CONSTANTS.values(), ids=CONSTANTS)
def test_constants_run_the_same_everywhere(operation, constant, same_everywhere):
    other = torch.as_tensor(constant) if operation in (torch.maximum, torch.minimum) else constant
    same_everywhere(lambda x: operation(x, other), torch.randn(IMAGE))


@pytest.mark.parametrize("constant", CONSTANTS.values(), ids=CONSTANTS)
def test_constants_in_front_run_the_same_everywhere(constant, same_everywhere):
    same_everywhere(
        lambda x: (constant + x, constant - x, constant * x, constant / x, torch.maximum(torch.as_tensor(constant), x)),
        torch.rand(IMAGE) + 0.5,
    )


def test_a_constant_may_broadcast_the_input(same_everywhere):
    table = torch.randn(2, 3, 4, 5)
    same_everywhere(lambda x: (x + table, table - x, x * table, table / x), torch.rand(2, 3, 1, 1) + 0.5)


def iadd(x, y):
    x = x * 1
    x += y
    x -= 2
    x *= y
    x /= 4
    return x


CASES = {
    "in place": iadd,
    "in place, methods": lambda x, y: (x * 1).add_(y).mul_(2).sub_(y, alpha=2).div_(3),
    "the same twice": lambda x, y: x + x + y * y - (x - x) * (y / (y * y + 1)),
    "a chain": lambda x, y: (x * 2 + 1) * y - y / 2,
    "ravel": lambda x, y: (x + y).ravel()[None],
    "atleast_3d": lambda x, y: torch.atleast_3d(x[0, 0]) + y[0, 0, :, :, None],
    "atleast_1d, 2d": lambda x, y: torch.atleast_1d(x) + torch.atleast_2d(y),
    "meshgrid of constants": lambda x, y: (
        x + y * torch.meshgrid(torch.arange(4.0), torch.arange(5.0), indexing="ij")[1]
    ),
    "in either order": lambda x, y: (x.mean((2, 3), keepdim=True) * y, y * x.mean((2, 3), keepdim=True)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5), torch.randn(batch, 3, 4, 5))


@pytest.mark.parametrize(
    ("constant", "type"),
    [(2.0, "Power"), (CONSTANTS["per channel"], "Scale"), (CONSTANTS["per pixel"], "Scale")],
    ids=["number", "per channel", "per pixel"],
)
def test_constants_are_one_layer(constant, type):
    assert types_of(lambda x: x * constant, torch.zeros(IMAGE)) == [type]
