import pytest
import torch

from tests.layers.conftest import lacks, types_of

CASES = {
    "argmax of channels": lambda x: x.argmax(1),
    "argmax, kept": lambda x: torch.argmax(x, 2, keepdim=True),
    "argmax, last axis": lambda x: x.argmax(-1),
    "argmax of everything": lambda x: x.argmax(keepdim=True) * 1,
    "argmin": lambda x: torch.argmin(x, 1),
    "topk": lambda x: x.topk(2, 1),
    "topk, smallest": lambda x: torch.topk(x, 3, largest=False)[0],
    "topk, places": lambda x: x.topk(2)[1],
}


@pytest.mark.parametrize("model", [
    lacks(m, opencv="has no ArgMax", **({"ir": "has the place of one number"} if "topk" in name else {}))
    for name, m in CASES.items()
], ids=CASES)  # fmt: skip
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))


def test_is_one_layer():
    assert types_of(lambda x: x.argmax(1, keepdim=True), torch.zeros(1, 3, 4, 5)) == ["ArgMax"]
