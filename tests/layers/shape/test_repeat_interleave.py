import pytest
import torch

CASES = {
    "repeat_interleave": (lambda x: x.repeat_interleave(3, 1), (2, 3, 5)),
    "repeat_interleave along the last": (lambda x: torch.repeat_interleave(x, 2, dim=-1), (2, 3, 4, 5)),
    "repeat_interleave of all": (lambda x: x.repeat_interleave(2), (2, 3)),
    "repeat_interleave once": (lambda x: x.repeat_interleave(1, 0) * 2, (2, 3)),
    "repeat_interleave by hand": (lambda x: x[:, :, None].expand(-1, -1, 4, -1).reshape(2, 12, 5), (2, 3, 5)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))
