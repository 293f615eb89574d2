"""MultiHeadAttention: what ncnn computes is PyTorch's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from pytorch2caffe import save_ncnn
from pytorch2caffe.layers.linear.multi_head_attention import MultiHeadAttention
from pytorch2caffe.runtime.run import relative_l2
from pytorch2caffe.verify.runtimes import get
from pytorch2caffe.verify.runtimes.ncnn import run_files
from tests.passes.graphs import Net, results


@pytest.mark.parametrize("scale", [0.5, 0.3])
@pytest.mark.parametrize("inputs", [1, 3])
def test_is_pytorchs(inputs: int, scale: float, tmp_path: Path) -> None:
    net = Net(1, 5, 6)
    blobs = [blob for size in (6, 6, 6) for blob in (net.random(8, size) - 1, net.random(8))]
    blobs += [net.random(6, 8) - 1, net.random(6)]
    graph = net.done(net.add(MultiHeadAttention(2, scale), *[net.x] * inputs, blobs=blobs))
    x = np.random.default_rng(0).standard_normal(net.x.shape).astype(np.float32)
    tensors = [torch.from_numpy(blob) for blob in blobs]
    q, k, v = (F.linear(torch.from_numpy(x), *tensors[i : i + 2]).unflatten(2, (2, 4)) for i in (0, 2, 4))
    q, k, v = (each.transpose(1, 2) for each in (q, k, v))
    rows = F.scaled_dot_product_attention(q, k, v, scale=scale).transpose(1, 2).flatten(2)
    expected = F.linear(rows, *tensors[6:]).numpy()
    assert relative_l2(results(graph, [x])["y"], expected) < 1e-6
    if reason := get("ncnn").unavailable():
        pytest.skip(f"ncnn: {reason}")
    files = save_ncnn(graph, tmp_path / "net")
    assert "MultiHeadAttention" in [op.type for op in files.lines]
    found = run_files(tmp_path / "net.param", tmp_path / "net.bin", {"x": x}, {files.outputs["y"]})
    assert relative_l2(next(iter(found.values())), expected) < 1e-6
