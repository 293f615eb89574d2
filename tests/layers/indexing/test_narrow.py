import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

SHAPE = (4, 6, 5, 4)
CASES = {
    "narrow": lambda x: x.narrow(1, 1, 2),
    "narrow, negative": lambda x: torch.narrow(x, -1, -3, 2),
    "narrow from a tensor": lambda x: torch.narrow(x, 1, torch.tensor(1), 2) * 2,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(SHAPE))


def test_a_start_that_depends_on_the_input_is_refused():
    with pytest.raises(UnsupportedError, match="from traced values"):
        trace(lambda x: torch.narrow(x, 1, x[0, 0, 0].argmax(), 2), torch.zeros(SHAPE))
