import torch
from torch import nn

from pytorch2caffe import trace


def test_depthwise_is_one_convolution_with_groups():
    (node,) = trace(nn.Conv2d(4, 4, 3, groups=4), torch.zeros(1, 4, 8, 8)).nodes
    assert node.layer.to_caffe() == {"num_output": 4, "kernel_size": [3], "group": 4}
