import pytest
import torch

from pytorch2caffe import UnsupportedError, trace


@pytest.mark.parametrize("call", [lambda x: x.as_strided((2, 3), (3, 1)), lambda x: torch.as_strided(x, (2,), (1,), 3)])
def test_is_refused_with_the_functions_that_name_axes(call):
    with pytest.raises(UnsupportedError, match=r"as_strided reads by positions in memory(.|\n)*x.unfold"):
        trace(call, torch.zeros(1, 12))
