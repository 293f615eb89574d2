"""Well-known networks by name: where they lie, and how they are fetched."""

from __future__ import annotations

import hashlib
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ...errors import ConversionError

BLOCK = 1 << 18
SLIM = "http://download.tensorflow.org/models/"
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


def fetch(
    url: str,
    target: str | Path,
    *,
    mirror: str | None = None,
    check: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Downloads a file; an incomplete earlier download is continued, and a complete one is kept.

    mirror:   the URL of a folder that has the file under its own name, and optionally NAME.sha256.
    check:    whether the file must have its checksum: the mirror's, or else what `checksum_of` knows, if any.
    progress: called with the bytes so far and the total, 0 if the server does not report it.

    Returns the path. Raises ConversionError if it cannot be reached, is incomplete, or has another checksum.
    """
    target = Path(target)
    if mirror:
        url = f"{mirror.rstrip('/')}/{Path(urlsplit(url).path).name}"
    checksum = (_beside(url) if mirror else None) or checksum_of(url) if check else None
    if target.exists() and (checksum is None or _digest(target, checksum.algorithm).startswith(checksum.digest)):
        return target
    part = target.with_name(f"{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _download(url, part, progress or (lambda *_: None))
    except urllib.error.HTTPError as error:
        raise ConversionError(f"{url}: {error.code} {error.reason}") from error
    except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError) as error:
        raise ConversionError(f"{url} cannot be reached: {getattr(error, 'reason', error)}") from error
    if checksum and not _digest(part, checksum.algorithm).startswith(checksum.digest):
        part.unlink()
        raise ConversionError(f"{url}: its {checksum.algorithm} is not {checksum.digest}; it was deleted")
    part.replace(target)
    return target


def _beside(url: str) -> Checksum | None:
    """The checksum of a file on a mirror, NAME.sha256 as sha256sum writes it; None if there is none."""
    try:
        with urllib.request.urlopen(f"{url}.sha256", timeout=60) as reply:
            return Checksum("sha256", reply.read(64).decode("ascii").lower())
    except urllib.error.HTTPError:
        return None
    except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError) as error:
        raise ConversionError(f"{url} cannot be reached: {getattr(error, 'reason', error)}") from error


def _download(url: str, part: Path, progress: Callable[[int, int], None]) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        reply = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # the download is complete, or the file has changed: start over
            part.unlink()
            return _download(url, part, progress)
        raise
    with reply:
        if reply.status != 206:
            have = 0
        length = int(reply.headers.get("Content-Length", 0))
        total = have + length if length else 0
        with part.open("ab" if have else "wb") as file:
            while block := reply.read(BLOCK):
                file.write(block)
                have += len(block)
                progress(have, total)
    if total and have != total:
        raise ConversionError(f"{url} ended after {have:,} of {total:,} bytes; run it again to continue")
    return None


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        digest = hashlib.new(algorithm)
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
