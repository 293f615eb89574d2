"""Inner blobs that have the model's numbers in another shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

import caffe_proto
from pytorch2caffe import export, load_caffe, verify


class Mixer(nn.Module):
    """Residual blocks on a map of tokens [N, H, W, C]."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(8), nn.LayerNorm(8)])
        self.linears = nn.ModuleList([nn.Linear(8, 8), nn.Linear(8, 8)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for norm, linear in zip(self.norms, self.linears, strict=True):
            x = x + linear(norm(x)).relu()
        return x


def test_they_are_compared_by_their_numbers(tmp_path: Path, real_caffe: object) -> None:
    torch.manual_seed(0)
    model, files = Mixer().eval(), (tmp_path / "n.prototxt", tmp_path / "n.caffemodel")
    export(model, torch.randn(1, 3, 4, 8), *files)
    shapes = {value.name: value.shape for value in load_caffe(*files).values()}
    assert shapes["linears.0"] == (1, 12, 1, 8)
    x = torch.randn(1, 3, 4, 8)
    for runtime in ("builtin", "caffe"):
        comparison = verify(model, *files, x, runtime)
        assert comparison.equal
        assert {row.blob: row.shape for row in comparison.rows}["linears.0"] == (1, 3, 4, 8)
    blobs = caffe_proto.blobs_by_name(files[1])
    net = caffe_proto.to_dict(caffe_proto.read_prototxt(files[0]).net)
    blobs["linears.0"] = [blobs["linears.0"][0] * np.float32(1.001), *blobs["linears.0"][1:]]
    caffe_proto.write_caffemodel(net, [list(blobs.get(layer["name"], [])) for layer in net["layer"]], files[1])
    faulty = verify(model, *files, x)
    assert faulty.first is not None and faulty.first.blob == "linears.0"
