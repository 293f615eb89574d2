"""DepthwiseConvolution and ConvolutionDepthwise: convolutions of each channel by itself, layers of forks of Caffe."""

from __future__ import annotations

from dataclasses import replace

from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, from_caffe
from ...graph.graph import Value
from .convolution import Convolution


@from_caffe("DepthwiseConvolution", "ConvolutionDepthwise", param="convolution_param")
def depthwise_convolution(net: Builder, node: CaffeNode, x: Value) -> Value:
    """A Convolution with a group for each channel, whether or not the file sets `group`.

    Source: depthwise_conv_layer.cpp and conv_dw_layer.cpp of MobileNet's and ShuffleNet's forks of Caffe.
    """
    read = Convolution.from_caffe(node.param, [x.shape], [])
    assert isinstance(read, Convolution)
    layer = replace(read, group=x.shape[1])
    result: Value = net.add(layer, x, blobs=node.weights(*layer.blob_shapes([x.shape])))
    return result
