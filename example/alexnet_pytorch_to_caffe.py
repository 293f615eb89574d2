"""Converts AlexNet from PyTorch to Caffe with the three functions of PytorchToCaffe."""

from __future__ import annotations

from pathlib import Path

import torch

from pytorch2caffe import pytorch_to_caffe
from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models

if __name__ == "__main__":
    name = "alexnet"
    Path("example-out").mkdir(exist_ok=True)
    net = torchvision_models().get_model(name, weights=None)
    net.eval()
    input = torch.ones([1, 3, 224, 224])
    pytorch_to_caffe.trans_net(net, input, name)
    pytorch_to_caffe.save_prototxt(f"example-out/{name}.prototxt")
    pytorch_to_caffe.save_caffemodel(f"example-out/{name}.caffemodel")
