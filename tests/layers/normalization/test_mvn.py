"""MVN as files have it; what PyTorch's normalisations make of it is in their own tests."""

import numpy as np
import pytest
import torch

from pytorch2caffe.errors import Refused
from pytorch2caffe.graph.builder import Builder
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.layers.normalization.mvn import MVN
from pytorch2caffe.runtime.build import build
from pytorch2caffe.runtime.infer import infer

TEXT = """
layer {{ name: "data" type: "Input" top: "data" input_param {{ shape {{ {} }} }} }}
layer {{ name: "mvn" type: "MVN" bottom: "data" top: "mvn" mvn_param {{ {} }} }}
"""
SETTINGS = {
    "": MVN(),
    "normalize_variance: false": MVN(False),
    "across_channels: true": MVN(across_channels=True),
    "eps: 0.25": MVN(eps=0.25),
    "normalize_variance: false across_channels: true": MVN(False, True),
}


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 6, 7), (2, 3, 8, 1)], ids=str)
@pytest.mark.parametrize("settings", SETTINGS)
def test_means_what_real_caffe_means(settings, shape, real_caffe, tmp_path):
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    files[0].write_text(TEXT.format(" ".join(f"dim: {d}" for d in shape), settings))
    files[1].write_bytes(b"")
    x = torch.randn(shape) * 2 + 1
    (caffe,) = [a for (_, top), a in real_caffe.run(*files, {"data": x.numpy()}).items() if top == "mvn"]
    ours = build(SETTINGS[settings].to_torch([shape], []))(x)
    np.testing.assert_allclose(ours.numpy(), caffe, rtol=0, atol=3e-6)


def test_without_variance_it_is_two_inner_products_and_a_difference():
    net = Builder(Graph(), infer)
    x = net.input("x", (2, 3, 4, 5))
    MVN(normalize_variance=False).lower(net, [x], [])
    types = [node.layer.type for node in net.graph.nodes]
    assert types == ["InnerProduct", "InnerProduct", "Reshape", "Eltwise"]
    with pytest.raises(Refused, match="normalize_variance"):
        MVN().lower(net, [x], [])
