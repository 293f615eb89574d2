import numpy as np
import torch

from pytorch2caffe.layers.normalization.affine_batch_norm import AffineBatchNorm
from pytorch2caffe.runtime.build import build


def test_computes_batch_norm_then_scale():
    x = torch.randn(2, 3, 4, 5)
    mean, variance, weight, bias = torch.randn(3), torch.rand(3) + 0.5, torch.randn(3), torch.randn(3)
    blobs = [array.numpy() for array in (mean * 2, variance * 2, torch.tensor([2.0]), weight, bias)]
    module = build(AffineBatchNorm(1e-3, True).to_torch([x.shape], blobs)).eval()
    expected = torch.nn.functional.batch_norm(x, mean, variance, weight, bias, eps=1e-3)
    torch.testing.assert_close(module(x), expected)


def test_without_a_bias_it_adds_zero():
    blobs = [np.zeros(3), np.ones(3), np.ones(1), np.ones(3)]
    source = AffineBatchNorm(bias_term=False).to_torch([(2, 3, 4, 5)], [b.astype(np.float32) for b in blobs])
    assert not source.state["bias"].any()
