import pytest
import torch

from tests.layers.conftest import lacks

CASES = {
    "squeeze": (lambda x: x.squeeze(), (1, 3, 1, 5)),
    "squeeze one": (lambda x: x.squeeze(2), (1, 3, 1, 5)),
    "squeeze several": (lambda x: x.squeeze((0, -2)), (1, 3, 1, 5)),
    "squeeze what is no 1": (lambda x: x.squeeze(1) * 2, (1, 3, 1, 5)),
    "squeeze to a scalar": lacks(lambda x: x.squeeze() + 1, (1, 1), opencv="has no scalars"),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
