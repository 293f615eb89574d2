"""Whole torchvision networks through the command, compared blob by blob in every runtime."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
import torch
from torch import nn

from pytorch2caffe import verify
from pytorch2caffe.cli import main
from pytorch2caffe.verify.runtimes import get
from tests import zoo

NETWORKS = (*zoo.NAMES, "inception_v3_transformed", "googlenet_transformed")
TOLERANCE = 1e-4


@lru_cache(maxsize=1)  # the runtimes of one network come one after the other
def exported(name: str, folder: str) -> tuple[nn.Module, Path, Path]:
    prefix = Path(folder) / name
    shape = f"1,3,{zoo.size(name)},{zoo.size(name)}"
    assert main(["export", f"tests.zoo:{name}", "--input-shape", shape, "-o", str(prefix), "--no-check"]) == 0
    return getattr(zoo, name)(), prefix.with_suffix(".prototxt"), prefix.with_suffix(".caffemodel")


@pytest.mark.parametrize("runtime", ["builtin", "caffe", "opencv"])
@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NETWORKS])
def test_gives_the_model_s_numbers(name, runtime, request, tmp_path_factory):
    if runtime == "caffe":
        request.getfixturevalue("real_caffe")
    elif reason := get(runtime).unavailable():
        pytest.skip(f"{runtime}: {reason}")
    folder = tmp_path_factory.getbasetemp() / "networks"
    folder.mkdir(exist_ok=True)
    model, prototxt, caffemodel = exported(name, str(folder))
    torch.manual_seed(1)
    size = zoo.size(name)
    comparison = verify(model, prototxt, caffemodel, torch.randn(1, 3, size, size), runtime, tolerance=TOLERANCE)
    assert comparison.equal, comparison.first
    (output,) = [row for row in comparison.rows if row.output]
    assert output.shape == (1, 1000)
    assert len(comparison.rows) > 10
    if runtime == "opencv":  # the last one: half a gigabyte each
        caffemodel.unlink()
        exported.cache_clear()
