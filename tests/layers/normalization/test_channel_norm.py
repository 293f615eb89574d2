"""LayerNorm over the channels of an image, as ConvNeXt writes it."""

import pytest
import torch
from torch import nn

from pytorch2caffe import load_caffe, save_caffe, to_torch, trace


class ChannelNorm(nn.Module):
    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4, eps=eps)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def test_runs_the_same_everywhere(same_everywhere):
    same_everywhere(ChannelNorm().eval(), torch.randn(2, 4, 5, 3))


@pytest.mark.parametrize("scale", [1e-15, 1.0, 1e15])
def test_is_exact_in_every_range(scale, tmp_path):
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    model, x = ChannelNorm(0.0 if scale < 1 else 1e-5).eval(), torch.randn(2, 4, 5, 3) * scale
    written = save_caffe(trace(model, x), *files)
    assert {"Reshape", "Permute"}.isdisjoint(node.layer.type for node in written.nodes)
    torch.testing.assert_close(to_torch(load_caffe(*files))(x), model(x))


def test_far_from_zero(tmp_path):
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    model, x = ChannelNorm().eval(), torch.randn(1, 4, 5, 3) + 100
    save_caffe(trace(model, x), *files)
    exact = model.double()(x.double())
    assert (to_torch(load_caffe(*files))(x) - exact).norm() <= 1e-5 * exact.norm()
