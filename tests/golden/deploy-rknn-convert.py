"""Written by pytorch2caffe from the network's preprocessing; change that, not this file.

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
        reorder_channel="2 1 0",
        mean_values=[[104.0, 117.0, 123.5]],
        std_values=[[58.8235294117647, 58.8235294117647, 58.8235294117647]],
    ),
    lambda: rknn.load_caffe(model="../net.prototxt", proto="caffe", blobs="../net.caffemodel"),
    lambda: rknn.build(do_quantization=True, dataset="dataset.txt"),
    lambda: rknn.export_rknn("net.rknn"),
]
for step in steps:
    if step() not in (0, None):
        sys.exit("RKNN-Toolkit reports an error above")
rknn.release()
