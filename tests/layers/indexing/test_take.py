import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

INDEX = torch.tensor([[3, 0, -1], [59, 17, 17]])
CASES = {
    "take": lambda x: torch.take(x, INDEX),
    "a method": lambda x: x.take(index=INDEX[0]),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(1, 3, 4, 5))


def test_positions_that_depend_on_the_input_are_refused():
    with pytest.raises(UnsupportedError, match="take at positions that depend on the input"):
        trace(lambda x: x.take(x.argmax(1)), torch.zeros(1, 3, 4))
