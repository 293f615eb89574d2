"""ncnn: the preprocessing as C++. `pytorch2caffe ncnn` writes its .param and .bin."""

from __future__ import annotations

from ..quantize.ncnn_source import to_cpp
from .handover import WRITTEN, Handover

NEEDS_IMAGES = False


def files(handover: Handover) -> dict[str, str]:
    """preprocess.cpp, for each input a part of it."""
    parts = [f"// {WRITTEN}\n"]
    for name, preprocess in handover.all_are_images("ncnn", alpha=True).items():
        parts += [f"// input {name!r}\n", to_cpp(preprocess)]
    return {"preprocess.cpp": "".join(parts)}
