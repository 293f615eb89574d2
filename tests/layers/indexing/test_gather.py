import numpy as np
import pytest
import torch

from pytorch2caffe import UnsupportedError, trace

CASES = {
    "gather of a constant index": lambda x: x.gather(3, torch.tensor([4, 0, 2]).expand(x.shape[0], 3, 4, 3)),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 3, 4, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


REFUSED = {
    "gather with an index that differs": lambda x: x.gather(3, torch.tensor(np.arange(24).reshape(1, 3, 4, 2) % 5)),
}


@pytest.mark.parametrize("model", REFUSED.values(), ids=REFUSED)
def test_others_are_refused(model):
    with pytest.raises(UnsupportedError):
        trace(model, torch.randn(1, 3, 4, 5))
