"""OpenVINO to 2022.3: the command line of Model Optimizer.

It computes (x - mean) / scale, in the order of the network's channels.
Source: docs.openvino.ai 2022.3, "Converting a Caffe Model" and "Embedding Preprocessing Computation".
"""

from __future__ import annotations

from .handover import WRITTEN, Handover, numbers

NEEDS_IMAGES = False


def files(handover: Handover) -> dict[str, str]:
    """convert.sh."""
    shapes = ",".join(f"[{','.join(map(str, shape))}]" for shape in handover.inputs.values())
    means = ",".join(f"{name}[{numbers(one.channel_means)}]" for name, one in handover.preprocess.items())
    scales = ",".join(
        f"{name}[{numbers(1 / norm for norm in one.channel_norms)}]" for name, one in handover.preprocess.items()
    )
    options = [
        f'--input_model "{handover.caffemodel}"',
        f'--input_proto "{handover.prototxt}"',
        f'--input "{",".join(handover.inputs)}"',
        f'--input_shape "{shapes}"',
        *([f'--mean_values "{means}"', f'--scale_values "{scales}"'] if means else []),
        f'--model_name "{handover.name}"',
        "--output_dir .",
    ]
    orders = "; ".join(f"{name} in {one.order}, {one.geometry}" for name, one in handover.preprocess.items())
    takes = f"# The result takes pixels 0 to 255: {orders}.\n" if orders else ""
    return {
        "convert.sh": f'#!/bin/sh\n# {WRITTEN}\n{takes}cd "$(dirname "$0")" || exit\nmo '
        + " \\\n    ".join(options)
        + "\n"
    }
