"""Names with any characters through every runtime: a layer that is not found must not be called different."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import pytorch2caffe
from pytorch2caffe.verify.runtimes import get

NAMES = [
    "größe",
    "卷积 1",
    "a b",
    "a:b",
    "a/b\\c",
    'q"x',
    "a=b",
    "tab\tx",
    "名" * 30,
    "a,b",
    "{x}",
    "#h",
    "two\nlines",
    "'s",
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    torch.manual_seed(0)
    model = nn.Sequential()
    for name in NAMES:
        model.add_module(name, nn.Conv2d(2, 2, 1))
    folder = tmp_path_factory.mktemp("names")
    paths = folder / "n.prototxt", folder / "n.caffemodel"
    pytorch2caffe.export(model.eval(), torch.zeros(1, 2, 3, 3), *paths)
    return model, paths


@pytest.mark.parametrize("runtime", ["builtin", "caffe", "opencv", "ncnn", "mnn"])
def test_any_name(runtime, files, request):
    if runtime == "caffe":
        request.getfixturevalue("real_caffe")
    elif reason := get(runtime).unavailable():
        pytest.skip(reason)
    model, paths = files
    comparison = pytorch2caffe.verify(model, *paths, torch.randn(1, 2, 3, 3), runtime)
    assert comparison.equal
    assert len(comparison.rows) == (1 if runtime == "mnn" else len(NAMES)), "MNN gives the outputs only"
