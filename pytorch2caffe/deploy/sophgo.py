"""Sophgo (BM1684X, BM1688, CV18xx): the command lines of TPU-MLIR.

It resizes to resize_dims or letterboxes, crops the centre, reorders to pixel_format, then computes (x - mean) * scale.
Source: sophgo/tpu-mlir, python/utils/preprocess.py and python/tools/model_transform.py.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from ..errors import Refused
from ..quantize.preprocess import Preprocess
from .handover import WRITTEN, Handover, numbers

NEEDS_IMAGES = True


def _letterbox(name: str, preprocess: Preprocess) -> list[str]:
    if preprocess.fit == "stretch":
        return []
    if len(set(preprocess.fill)) > 1:
        raise Refused(
            f"input {name!r} has a border of {numbers(preprocess.fill, ' ')}; TPU-MLIR has one pad_value",
            "give --fill one value",
        )
    kind = "center" if preprocess.fit == "letterbox" else "normal"
    return [f"--keep_aspect_ratio --keep_ratio_mode letterbox --pad_value {preprocess.fill[0]:g} --pad_type {kind}"]


def files(handover: Handover) -> dict[str, str]:
    """convert.sh: three commands, to MLIR, the calibration table, the bmodel."""
    inputs = handover.all_are_images("sophgo")
    if len({(one.order, one.geometry, *one.channel_means, *one.channel_norms) for one in inputs.values()}) > 1:
        raise Refused(
            "the inputs have different preprocessing; TPU-MLIR has one for all",
            "export with --fold-preprocessing, which puts them into the network",
        )
    (first, preprocess), name = next(iter(inputs.items())), handover.name
    shapes = ",".join(f"[{','.join(map(str, shape))}]" for shape in handover.inputs.values())
    folder = PurePosixPath(handover.images[first][0]).parent
    count = len(handover.images[first])
    commands = [
        [
            "model_transform.py",
            f'--model_name "{name}"',
            f'--model_def "{handover.prototxt}"',
            f'--model_data "{handover.caffemodel}"',
            f'--input_shapes "[{shapes}]"',
            f"--mean {numbers(preprocess.channel_means)}",
            f"--scale {numbers(preprocess.channel_norms)}",
            f"--pixel_format {preprocess.order.lower()}",
            *_letterbox(first, preprocess),
            f'--mlir "{name}.mlir"',
        ],
        ["run_calibration.py", f'"{name}.mlir"', f'--dataset "{folder}"', f"--input_num {count}", f'-o "{name}.table"'],
        [
            "model_deploy.py",
            f'--mlir "{name}.mlir"',
            "--quantize INT8",
            f'--calibration_table "{name}.table"',
            '--processor "${PROCESSOR:?set it to your chip: PROCESSOR=bm1684x}"',
            f'--model "{name}.bmodel"',
        ],
    ]
    lines = [" \\\n    ".join(command) for command in commands]
    return {"convert.sh": f'#!/bin/sh -e\n# {WRITTEN}\ncd "$(dirname "$0")"\n' + "\n".join(lines) + "\n"}
