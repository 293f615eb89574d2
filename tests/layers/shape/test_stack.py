import pytest
import torch

BUFFER = torch.randn(2, 3, 4, 5)
CASES = {f"stack along {axis}": (lambda x, y, axis=axis: torch.stack((x, y), axis)) for axis in range(-5, 5)}
CASES |= {
    "stack of the same": lambda x, y: torch.stack([x, x, x], 2) + y[:, :, None],
    "stack with a constant": lambda x, y: torch.stack((x, BUFFER, y), 1),
    "hstack": lambda x, y: torch.hstack((x, y)),
    "vstack": lambda x, y: torch.vstack((x, y)),
    "dstack": lambda x, y: torch.dstack((x[0, 0], y[0, 0])),
    "column_stack": lambda x, y: torch.column_stack((x[0, 0, 0], y[0, 0, 0])),
    "column_stack of tables": lambda x, y: torch.column_stack((x[0, 0], y[0, 0])),
    "hstack of rows": lambda x, y: torch.hstack((x[0, 0, 0], y[0, 0, 0])),
    "vstack of rows": lambda x, y: torch.vstack((x[0, 0, 0], y[0, 0, 0])),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5))
