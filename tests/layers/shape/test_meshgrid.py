import pytest
import torch

ROWS = torch.arange(4.0)
CASES = {
    "rows first": lambda x, y: torch.stack(torch.meshgrid(x, y, indexing="ij")),
    "columns first": lambda x, y: torch.stack(torch.meshgrid(x, y, indexing="xy")),
    "a list": lambda x, y: torch.stack(torch.meshgrid([x, y], indexing="ij")),
    "three": lambda x, y: torch.stack(torch.meshgrid(x, y, x[:2], indexing="ij")),
    "one": lambda x, y: torch.cat((*torch.meshgrid(x * 2, indexing="xy"), y)),
    "with a constant": lambda x, y: torch.stack(torch.meshgrid(torch.cat((x, y)), ROWS, indexing="xy")),
    "with a tensor without axes": lambda x, y: torch.stack(torch.meshgrid(x, y[0], indexing="ij")),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(3), torch.randn(5))
