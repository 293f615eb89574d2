import pytest
import torch

CASES = {f"{k} quarter turns": (lambda x, k=k: torch.rot90(x, k, (2, 3)) * 2) for k in (-1, 0, 1, 2, 3, 5)}
CASES |= {
    "the axes reversed": lambda x: torch.rot90(x, 1, [3, 2]),
    "negative axes": lambda x: x.rot90(1, (-2, -1)),
    "of channels": lambda x: x.rot90(1, (1, 2)),
    "the default axes": lambda x: x[0, 0].rot90(),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2])
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 3, 4, 5))
