import pytest
import torch

SHAPE = (4, 6, 5, 4)
CASES = {f"split along {axis}": (lambda x, axis=axis: x.split(2, axis)) for axis in range(-4, 4)}
CASES |= {f"tensor_split along {axis}": (lambda x, axis=axis: x.tensor_split(3, axis)) for axis in range(-4, 4)}
CASES |= {
    "sections": lambda x: torch.split(x, [1, 3, 2], 1),
    "sections by name": lambda x: torch.split(x, split_size_or_sections=(4, 1), dim=-2),
    "split_with_sizes": lambda x: x.split_with_sizes([1, 3], -1),
    "one piece": lambda x: x.split(6, 1)[0] * 2,
    "larger than the axis": lambda x: torch.split(x, 10, 1)[0] + 1,
    "a remainder": lambda x: torch.split(x, 4, 1),
    "tensor_split at positions": lambda x: torch.tensor_split(x, (1, 4), 1),
    "tensor_split at positions in a tensor": lambda x: torch.tensor_split(x, torch.tensor([1, 4]), 1),
    "tensor_split, indices by name": lambda x: torch.tensor_split(x, indices=(1, 4), dim=1),
    "tensor_split, sections by name": lambda x: x.tensor_split(sections=2, dim=1),
    "tensor_split, a number in a tensor": lambda x: torch.tensor_split(x, torch.tensor(2), 1),
    "hsplit": lambda x: x.hsplit([1, 4]),
    "vsplit": lambda x: torch.vsplit(x, 2),
    "dsplit": lambda x: torch.dsplit(x, [1]),
    "unequal sections": lambda x: torch.tensor_split(x, 4, dim=2),
    "twice": lambda x: [half.chunk(3, 1)[2] for half in x.split(2, 0)],
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(SHAPE))
