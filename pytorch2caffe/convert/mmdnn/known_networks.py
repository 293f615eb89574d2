"""Well-known networks by name: where they lie, and the checksums that are published."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

SLIM = "https://download.tensorflow.org/models/"
BVLC, BERKELEY = "https://raw.githubusercontent.com/BVLC/caffe/master/models/", "http://dl.caffe.berkeleyvision.org/"
MXNET = "http://data.mxnet.io/models/imagenet/test/caffe/"
SQUEEZENET = "https://raw.githubusercontent.com/forresti/SqueezeNet/master/SqueezeNet_v1.1/"
VGG = "https://gist.githubusercontent.com/ksimonyan/"

# name -> (prototxt, caffemodel)
CAFFE = {
    "alexnet": (f"{BVLC}bvlc_alexnet/deploy.prototxt", f"{BERKELEY}bvlc_alexnet.caffemodel"),
    "caffenet": (f"{BVLC}bvlc_reference_caffenet/deploy.prototxt", f"{BERKELEY}bvlc_reference_caffenet.caffemodel"),
    "inception_v1": (f"{BVLC}bvlc_googlenet/deploy.prototxt", f"{BERKELEY}bvlc_googlenet.caffemodel"),
    "vgg16": (
        f"{VGG}211839e770f7b538e2d8/raw/c3ba00e272d9f48594acef1f67e5fd12aff7a806/VGG_ILSVRC_16_layers_deploy.prototxt",
        f"{MXNET}VGG_ILSVRC_16_layers.caffemodel",
    ),
    "vgg19": (
        f"{VGG}3785162f95cd2d5fee77/raw/bb2b4fe0a9bb0669211cf3d0bc949dfdda173e9e/VGG_ILSVRC_19_layers_deploy.prototxt",
        f"{MXNET}VGG_ILSVRC_19_layers.caffemodel",
    ),
    "resnet50": (f"{MXNET}ResNet-50-deploy.prototxt", f"{MXNET}ResNet-50-model.caffemodel"),
    "resnet101": (f"{MXNET}ResNet-101-deploy.prototxt", f"{MXNET}ResNet-101-model.caffemodel"),
    "resnet152": (f"{MXNET}ResNet-152-deploy.prototxt", f"{MXNET}ResNet-152-model.caffemodel"),
    "squeezenet": (f"{SQUEEZENET}deploy.prototxt", f"{SQUEEZENET}squeezenet_v1.1.caffemodel"),
}
# name -> archive with NAME.ckpt
TENSORFLOW = {
    name: f"{SLIM}{name.replace('vgg1', 'vgg_1')}_{date}.tar.gz"
    for date, names in {
        "2016_08_28": (
            "inception_v1",
            "inception_v3",
            "resnet_v1_50",
            "resnet_v1_101",
            "resnet_v1_152",
            "vgg16",
            "vgg19",
        ),
        "2017_04_14": ("resnet_v2_50", "resnet_v2_101", "resnet_v2_152"),
    }.items()
    for name in names
}
# SHA-1 of weights, as their authors publish them beside the models.
SHA1 = {
    "bvlc_alexnet.caffemodel": "9116a64c0fbe4459d18f4bb6b56d647b63920377",
    "bvlc_reference_caffenet.caffemodel": "4c8d77deb20ea792f84eb5e6d0a11ca0a8660a46",
    "bvlc_googlenet.caffemodel": "405fc5acd08a3bb12de8ee5e23a96bec22f08204",
}


@dataclass(frozen=True)
class Checksum:
    """A digest, or its first characters, and the algorithm."""

    algorithm: str
    digest: str


def checksum_of(url: str) -> Checksum | None:
    """The published checksum of a file, if any: torch's names end in the start of their SHA-256."""
    name = Path(urlsplit(url).path).name
    if name in SHA1:
        return Checksum("sha1", SHA1[name])
    found = re.search(r"-([0-9a-f]{8,})\.", name)
    return Checksum("sha256", found.group(1)) if found else None
