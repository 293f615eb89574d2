"""SigmaStar (SGS IPU toolchain): input_config.ini.

Source: SigmaStar, "IPU Toolchain: model conversion", section input_config.ini.
"""

from __future__ import annotations

from ..errors import Refused
from .handover import WRITTEN, Handover, number, one_norm

NEEDS_IMAGES = False


def files(handover: Handover) -> dict[str, str]:
    """input_config.ini. The toolchain computes (pixel - mean) / std_value."""
    inputs = handover.all_are_images("sigmastar")
    if len(inputs) > 1 or next(iter(inputs.values())).order == "GRAY":
        raise Refused(
            "input_config.ini is written for one input of three channels", "write it by hand for other networks"
        )
    ((name, preprocess),) = inputs.items()
    order = preprocess.order
    means = dict(
        zip(
            ("blue", "green", "red") if order == "BGR" else ("red", "green", "blue"),
            preprocess.channel_means,
            strict=True,
        )
    )
    lines = [
        f"; {WRITTEN}",
        "[INPUT_CONFIG]",
        f"inputs={name};",
        f"training_input_formats={order};",
        f"input_formats={order};",
        "quantizations=TRUE;",
        *(f"mean_{color}={number(means[color])};" for color in ("red", "green", "blue")),
        f"std_value={number(1 / one_norm(preprocess, name, 'sigmastar'))};",
        "",
        "[OUTPUT_CONFIG]",
        f"outputs={','.join(handover.outputs)};",
        f"dequantizations={','.join('TRUE' for _ in handover.outputs)};",
    ]
    return {"input_config.ini": "\n".join(lines) + "\n"}
