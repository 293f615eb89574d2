import numpy as np
import pytest
import torch

from pytorch2caffe import save_caffe, trace
from pytorch2caffe.verify.runtimes import get

ERROR = 6e-7  # the largest absolute error for x in [-30, 30]


@pytest.mark.parametrize("runtime", ["builtin", "caffe", "opencv"])
@pytest.mark.parametrize("function", [torch.erf, torch.erfc], ids=lambda f: f.__name__)
def test_the_largest_error_is_the_one_stated(function, runtime, tmp_path, request):
    if runtime == "caffe":
        request.getfixturevalue("real_caffe")
    if reason := get(runtime).unavailable():
        pytest.skip(f"{runtime}: {reason}")
    x = torch.linspace(-30, 30, 600_001)[None]
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    lowered = save_caffe(trace(function, x), *files)
    y = list(get(runtime).run(*files, {lowered.inputs[0].name: x.numpy()}).values())[-1]
    assert np.abs(y - function(x.double()).numpy()).max() < ERROR


def test_large_numbers_are_exact(tmp_path):
    x = torch.tensor([[-1e4, -100.0, 0.0, 100.0, 1e4]])
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    lowered = save_caffe(trace(torch.erf, x), *files)
    y = list(get("builtin").run(*files, {lowered.inputs[0].name: x.numpy()}).values())[-1]
    np.testing.assert_allclose(y, torch.erf(x).numpy(), rtol=0, atol=ERROR)
