"""SDPA: what ncnn computes is PyTorch's attention."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pytorch2caffe import save_ncnn
from pytorch2caffe.layers.linear.sdpa import SDPA
from pytorch2caffe.runtime.run import relative_l2
from pytorch2caffe.verify.runtimes import get
from pytorch2caffe.verify.runtimes.ncnn import run_files
from tests.passes.graphs import Net, results


@pytest.mark.parametrize("mask", [None, (1, 1, 5, 4), (1, 3, 5, 4)])
@pytest.mark.parametrize("scale", [0.5, 0.4])
def test_in_ncnn(mask: tuple[int, ...] | None, scale: float, tmp_path: Path) -> None:
    if reason := get("ncnn").unavailable():
        pytest.skip(f"ncnn: {reason}")
    net = Net(1, 3, 5, 4)
    masks = [] if mask is None else [net.constant(net.random(1, mask[1], 5, 5))]
    x = np.random.default_rng(0).standard_normal(net.x.shape).astype(np.float32)
    graph = net.done(net.add(SDPA(scale), net.x, net.x, net.x, *masks))
    files = save_ncnn(graph, tmp_path / "net")
    assert "SDPA" in [op.type for op in files.lines]
    found = run_files(tmp_path / "net.param", tmp_path / "net.bin", {"x": x}, {files.outputs["y"]})
    assert relative_l2(next(iter(found.values())), results(graph, [x])["y"]) < 1e-6
