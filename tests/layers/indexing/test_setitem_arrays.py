import pytest
import torch

T = torch.tensor


def written(index, value):
    def model(x):
        y = x * 2
        y[index] = value(x) if callable(value) else value
        return y

    return model


ALL = slice(None)
WRITTEN = {
    "every second": written((ALL, slice(None, None, 2)), lambda x: x[:, :2]),
    "every third and second": written((..., slice(1, None, 3), slice(None, None, 2)), lambda x: x[..., :2, :3]),
    "every second, a number": written((..., slice(None, None, 2)), 5.0),
    "two swapped": written((ALL, [0, 2]), lambda x: x[:, [2, 0]]),
    "a row of constants": written((ALL, T([1, 3])), torch.arange(6.0)),
    "pairs": written((T([1, 0]), T([3, 0])), lambda x: x[:, 1]),
    "under a mask": written(torch.eye(2, 4).bool(), lambda x: x[0, :2]),
}


@pytest.mark.parametrize("model", WRITTEN.values(), ids=WRITTEN)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 4, 5, 6))
