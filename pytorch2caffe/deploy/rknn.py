"""Rockchip RKNN-Toolkit 1 (RK1808, RK3399Pro, RV1109, RV1126): its conversion script and the list of images.

It takes RGB images, reorders the channels first, then computes (pixel - mean) / std.
Source: Rockchip, "RKNN-Toolkit User Guide" 1.7, rknn.config, rknn.load_caffe and rknn.build.
"""

from __future__ import annotations

import json

from .handover import WRITTEN, Handover

NEEDS_IMAGES = True


def files(handover: Handover) -> dict[str, str]:
    """dataset.txt, a line for each sample with the image of each input, and convert.py."""
    inputs = handover.all_are_images("rknn")
    means = [one.channel_means for one in inputs.values()]
    deviations = [[1 / norm for norm in one.channel_norms] for one in inputs.values()]
    orders = "#".join("2 1 0" if one.order == "BGR" else "0 1 2" for one in inputs.values())
    samples = zip(*(handover.images[name] for name in inputs), strict=True)
    network, weights = json.dumps(handover.prototxt), json.dumps(handover.caffemodel)
    script = f'''"""{WRITTEN}

Usage: python convert.py PLATFORM, such as rv1126, with RKNN-Toolkit 1. The images are RGB.
"""

import os
import sys
from pathlib import Path

from rknn.api import RKNN

os.chdir(Path(__file__).resolve().parent)
rknn = RKNN()
steps = [
    lambda: rknn.config(
        target_platform=[sys.argv[1]],
        reorder_channel={json.dumps(orders)},
        mean_values={json.dumps(means)},
        std_values={json.dumps(deviations)},
    ),
    lambda: rknn.load_caffe(model={network}, proto="caffe", blobs={weights}),
    lambda: rknn.build(do_quantization=True, dataset="dataset.txt"),
    lambda: rknn.export_rknn({json.dumps(handover.name + ".rknn")}),
]
for step in steps:
    if step() not in (0, None):
        sys.exit("RKNN-Toolkit reports an error above")
rknn.release()
'''
    return {"dataset.txt": "".join(f"{' '.join(paths)}\n" for paths in samples), "convert.py": script}
