import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.layers.forks import means  # noqa: F401 - a fixture


@pytest.mark.parametrize("kind", ["DepthwiseConvolution", "ConvolutionDepthwise"])
@pytest.mark.parametrize("group", ["", "group: 4"])
def test_is_a_convolution_of_each_channel(kind, group, means):  # noqa: F811
    x, weight, bias = (np.random.default_rng(0).standard_normal(s) for s in ((1, 4, 6, 7), (4, 1, 3, 3), (4,)))
    layer = f"""layer {{ name: "it" type: "{kind}" bottom: "x" top: "it" convolution_param {{
        num_output: 4 kernel_size: 3 pad: 1 stride: 2 {group} weight_filler {{ type: "msra" }} engine: CAFFE }} }}"""
    expected = F.conv2d(*map(torch.from_numpy, (x, weight, bias)), 2, 1, groups=4).float().numpy()
    graph = means(layer, expected, x=x, weights={"it": [weight, bias]})
    assert [(node.name, node.layer.type, node.layer.group) for node in graph.nodes] == [("it", "Convolution", 4)]


def test_weights_of_another_size_are_refused(means):  # noqa: F811
    settings = "convolution_param { num_output: 4 kernel_size: 3 }"
    layer = f'layer {{ name: "it" type: "DepthwiseConvolution" bottom: "x" top: "y" {settings} }}'
    with pytest.raises(Exception, match=r"needs weights \[4, 1, 3, 3\], \[4\]; the caffemodel has \[4, 4, 3, 3\]"):
        means(layer, x=np.zeros((1, 4, 6, 6)), weights={"it": [np.zeros((4, 4, 3, 3)), np.zeros(4)]})
