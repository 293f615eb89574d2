"""The preprocessing of an image as C++ source for ncnn.

Source: Tencent/ncnn, src/mat.h: from_pixels_resize, copy_cut_border, copy_make_border, substract_mean_normalize.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .preprocess import Preprocess

PIXELS = {
    "BGR": "PIXEL_BGR",
    "RGB": "PIXEL_BGR2RGB",
    "GRAY": "PIXEL_BGR2GRAY",
    "BGRA": "PIXEL_BGRA",
    "RGBA": "PIXEL_BGRA2RGBA",
}


def to_cpp(preprocess: Preprocess) -> str:
    """C++ source that does the same with ncnn, but for the antialiasing of Pillow, which a comment mentions."""
    given = "BGRA, as cv::imread gives it with IMREAD_UNCHANGED" if preprocess.alpha else "BGR, as cv::imread gives it"
    lines = [f"// image: cv::Mat, 8 bit, {given}"]
    if preprocess.interpolation != "bilinear":
        lines += [
            f"// The calibration resized with {preprocess.interpolation}, which averages pixels where it shrinks an",
            "// image. ncnn's bilinear resizing does not: the pixels differ where the image is much larger.",
        ]
    lines += [
        *_size(preprocess),
        f"const int type = ncnn::Mat::{PIXELS[preprocess.order]};",
        "ncnn::Mat in = ncnn::Mat::from_pixels_resize(image.data, type, image.cols, image.rows, w, h);",
        *(_cropped(preprocess) if preprocess.resize is not None else []),
        *(_bordered(preprocess) if preprocess.fit != "stretch" else []),
        f"const float mean[] = {{{_floats(preprocess.channel_means)}}};",
        f"const float norm[] = {{{_floats(preprocess.channel_norms)}}};",
        "in.substract_mean_normalize(mean, norm);",
    ]
    return "\n".join(lines) + "\n"


def _size(preprocess: Preprocess) -> list[str]:
    height, width = preprocess.height, preprocess.width
    if preprocess.fit != "stretch":
        inside = (max(height, width),) * 2 if preprocess.stride else (height, width)
        return [
            f"const double f = std::min({inside[0]}.0 / image.rows, {inside[1]}.0 / image.cols);",
            "const int w = std::max((int)std::nearbyint(image.cols * f), 1);",
            "const int h = std::max((int)std::nearbyint(image.rows * f), 1);",
        ]
    if preprocess.resize is None:
        return [f"const int w = {width}, h = {height};"]
    if len(preprocess.resize) == 2:
        return [f"const int w = {preprocess.resize[1]}, h = {preprocess.resize[0]};"]
    short = preprocess.resize[0]
    return [
        "const int shorter = std::min(image.rows, image.cols);",
        f"const int w = std::max((int)((double){short} * image.cols / shorter), {width});",
        f"const int h = std::max((int)((double){short} * image.rows / shorter), {height});",
    ]


def _cropped(preprocess: Preprocess) -> list[str]:
    height, width = preprocess.height, preprocess.width
    one = len(preprocess.resize or ()) == 1
    top, left = (
        f"(int)std::nearbyint(({side} - {wanted}) / 2.0)" if one else f"({side} - {wanted}) / 2"
        for side, wanted in (("h", height), ("w", width))
    )
    return [
        f"const int top = {top}, left = {left};",
        "ncnn::Mat whole = in;",
        f"ncnn::copy_cut_border(whole, in, top, h - {height} - top, left, w - {width} - left);",
    ]


def _bordered(preprocess: Preprocess) -> list[str]:
    height, width = str(preprocess.height), str(preprocess.width)
    lines = []
    if preprocess.stride:
        longer, stride = max(preprocess.height, preprocess.width), preprocess.stride
        lines = [f"const int W = w + ({longer} - w) % {stride}, H = h + ({longer} - h) % {stride};"]
        height, width = "H", "W"
    top, left = (f"({height} - h) / 2", f"({width} - w) / 2") if preprocess.fit == "letterbox" else ("0", "0")
    lines += [f"const int top = {top}, left = {left};", "ncnn::Mat resized = in;"]
    fills = preprocess.channel_fills
    if len(set(fills)) == 1:
        border = f"top, {height} - h - top, left, {width} - w - left, ncnn::BORDER_CONSTANT, {_floats(fills[:1])}"
        return [*lines, f"ncnn::copy_make_border(resized, in, {border});"]
    return [
        *lines,
        f"const float fill[] = {{{_floats(fills)}}};",
        f"in = ncnn::Mat({width}, {height}, {len(fills)});",
        f"for (int c = 0; c < {len(fills)}; c++) {{",
        "    in.channel(c).fill(fill[c]);",
        "    for (int y = 0; y < h; y++)",
        "        memcpy(in.channel(c).row(top + y) + left, resized.channel(c).row(y), w * sizeof(float));",
        "}",
    ]


def _floats(values: Sequence[float]) -> str:
    return ", ".join(f"{float(np.float32(value))!r}f" for value in values)
