"""Huawei Ascend: the AIPP configuration of ATC and its command line.

AIPP computes (pixel - mean_chn_i - min_chn_i) * var_reci_chn_i in float16; mean_chn_i is an integer, min_chn_i is not.
It crops, but does not resize. Sources: Huawei, "CANN ATC Tool User Guide", "AIPP configuration: normalization",
"configuration file template" and "RGB888_U8 to RGB (or BGR)".
"""

from __future__ import annotations

import math

from ..errors import Refused
from ..quantize.preprocess import Preprocess
from .handover import WRITTEN, Handover, number, without_alpha

NEEDS_IMAGES = False
FORMATS = {"RGB": "RGB888_U8", "BGR": "RGB888_U8", "GRAY": "YUV400_U8"}


def files(handover: Handover) -> dict[str, str]:
    """aipp.cfg, unless no input is an image, and atc.sh."""
    ranks = {name: rank for rank, name in enumerate(handover.inputs)}
    blocks = [_block(ranks[name], name, one) for name, one in handover.preprocess.items()]
    texts = {"aipp.cfg": f"# {WRITTEN}\n" + "".join(blocks)} if blocks else {}
    shapes = ";".join(f"{name}:{','.join(map(str, shape))}" for name, shape in handover.inputs.items())
    options = [
        "--framework=0",
        f'--model="{handover.prototxt}"',
        f'--weight="{handover.caffemodel}"',
        f'--output="{handover.name}"',
        f'--input_shape="{shapes}"',
        *(["--insert_op_conf=aipp.cfg"] if blocks else ["--input_format=NCHW"]),
        '--soc_version="${SOC_VERSION:?set it to your chip, as npu-smi info names it: SOC_VERSION=Ascend310B4}"',
    ]
    texts["atc.sh"] = f'#!/bin/sh\n# {WRITTEN}\ncd "$(dirname "$0")" || exit\natc ' + " \\\n    ".join(options) + "\n"
    return texts


def _block(rank: int, name: str, preprocess: Preprocess) -> str:
    without_alpha(name, preprocess, "ascend")
    settings: list[tuple[str, object]] = [
        ("aipp_mode", "static"),
        ("related_input_rank", rank),
        ("input_format", FORMATS[preprocess.order]),
        *_size(preprocess),
        ("csc_switch", "false"),
        ("rbuv_swap_switch", "true" if preprocess.order == "BGR" else "false"),
    ]
    for channel, (mean, norm) in enumerate(zip(preprocess.channel_means, preprocess.channel_norms, strict=True)):
        if not 0 <= mean <= 255:
            raise Refused(
                f"input {name!r} has the mean {number(mean)}; AIPP subtracts 0 to 255",
                "export with --fold-preprocessing, which puts it into the network",
            )
        settings += [
            (f"mean_chn_{channel}", math.floor(mean)),
            (f"min_chn_{channel}", number(mean - math.floor(mean))),
            (f"var_reci_chn_{channel}", number(norm)),
        ]
    order = "grey images" if preprocess.order == "GRAY" else "RGB images"
    text = f"# input {name!r}: {order}, {_described_size(preprocess)}\naipp_op {{\n"
    return text + "".join(f"    {key}: {value}\n" for key, value in settings) + "}\n"


def _size(preprocess: Preprocess) -> list[tuple[str, object]]:
    """The image's size and the crop from its centre."""
    height, width = _source(preprocess)
    size: list[tuple[str, object]] = [("src_image_size_w", width), ("src_image_size_h", height)]
    if (height, width) == (preprocess.height, preprocess.width):
        return [*size, ("crop", "false")]
    left, top = (width - preprocess.width) // 2, (height - preprocess.height) // 2
    crop = [("load_start_pos_w", left), ("load_start_pos_h", top)]
    return [*size, ("crop", "true"), *crop, ("crop_size_w", preprocess.width), ("crop_size_h", preprocess.height)]


def _source(preprocess: Preprocess) -> tuple[int, int]:
    if preprocess.resize is not None and len(preprocess.resize) == 2:
        return preprocess.resize[0], preprocess.resize[1]
    return preprocess.height, preprocess.width


def _described_size(preprocess: Preprocess) -> str:
    height, width = _source(preprocess)
    if preprocess.fit != "stretch":
        return f"{preprocess.geometry} before AIPP"
    if preprocess.resize is not None and len(preprocess.resize) == 1:
        return f"shorter side resized to {preprocess.resize[0]}, then the centre of {height}x{width}: before AIPP"
    return f"resized to {height}x{width} before AIPP"
