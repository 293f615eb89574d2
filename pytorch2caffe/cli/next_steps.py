"""How to use the files that `export` wrote, in their consumer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..deploy import TOOLCHAINS

RUN = {
    "caffe": "net = caffe.Net({prototxt!r}, {caffemodel!r}, caffe.TEST)",
    "opencv": "net = cv2.dnn.readNetFromCaffe({prototxt!r}, {caffemodel!r})",
    "ncnn": "pytorch2caffe ncnn {prototxt} {caffemodel} -o {prefix}",
}
SAME = {"caffe-master": "caffe", "ssd": "caffe"}


def next_step(target: str, prefix: str, caffemodels: Sequence[Path]) -> str | None:
    """A line of Python or of a shell, or None where this package knows none, or there are several caffemodels.

    >>> next_step("opencv", "net", [Path("net.caffemodel")])
    "net = cv2.dnn.readNetFromCaffe('net.prototxt', 'net.caffemodel')"
    """
    if len(caffemodels) != 1:
        return None
    names = {"prototxt": f"{prefix}.prototxt", "caffemodel": str(caffemodels[0]), "prefix": prefix}
    if line := RUN.get(SAME.get(target, target)):
        return line.format(**names)
    if target in TOOLCHAINS:
        return "pytorch2caffe deploy {prototxt} {caffemodel} --to {target} --mean M --norm F -o {prefix}".format(
            target=target, **names
        )
    return None
