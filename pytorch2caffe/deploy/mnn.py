"""MNN: the command lines of its converter and quantizer, and the quantizer's configuration.

The quantizer resizes, converts to `format`, then computes (x - mean) * normal.
Source: alibaba/MNN, docs/tools/convert.md and docs/tools/quant.md.
"""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from ..errors import Refused
from .handover import WRITTEN, Handover

NEEDS_IMAGES = True
FORMATS = ("RGB", "BGR", "RGBA", "GRAY")


def files(handover: Handover) -> dict[str, str]:
    """quant.json, for a network of one input, and convert.sh."""
    inputs = handover.all_are_images("mnn", alpha=True)
    name = handover.name
    lines = [
        "#!/bin/sh -e",
        f"# {WRITTEN}",
        'cd "$(dirname "$0")"',
        f'MNNConvert -f CAFFE --prototxt "{handover.prototxt}" --modelFile "{handover.caffemodel}" \\\n'
        f'    --MNNModel "{name}.mnn" --bizCode "{name}"',
    ]
    texts = {}
    if len(inputs) == 1:
        ((input, preprocess),) = inputs.items()
        if preprocess.order not in FORMATS:
            raise Refused(f"input {input!r} is {preprocess.order}, which MNN's quantizer has not", "use --order RGB")
        settings = {
            "format": preprocess.order,
            "mean": preprocess.channel_means,
            "normal": preprocess.channel_norms,
            "width": preprocess.width,
            "height": preprocess.height,
            "path": f"{PurePosixPath(handover.images[input][0]).parent}/",
            "used_image_num": len(handover.images[input]),
            "feature_quantize_method": "KL",
            "weight_quantize_method": "MAX_ABS",
        }
        texts["quant.json"] = json.dumps(settings, indent=1) + "\n"
        lines.append(f'quantized.out "{name}.mnn" "{name}-int8.mnn" quant.json')
    return {**texts, "convert.sh": "\n".join(lines) + "\n"}
