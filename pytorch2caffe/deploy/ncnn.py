"""ncnn: the preprocessing as C++. `pytorch2caffe ncnn` writes its .param and .bin.

Source: Tencent/ncnn, src/mat.h: from_pixels_resize, copy_cut_border, substract_mean_normalize.
"""

from __future__ import annotations

from .handover import WRITTEN, Handover

NEEDS_IMAGES = False


def files(handover: Handover) -> dict[str, str]:
    """preprocess.cpp, for each input a part of it."""
    parts = [f"// {WRITTEN}\n"]
    for name, preprocess in handover.all_are_images("ncnn").items():
        parts += [f"// input {name!r}\n", preprocess.to_cpp()]
    return {"preprocess.cpp": "".join(parts)}
