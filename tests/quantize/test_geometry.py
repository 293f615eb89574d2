"""How images get a network's size: against OpenCV, Pillow, torchvision's transforms, and the C++ source in ncnn."""

from __future__ import annotations

import re
import shutil
import subprocess

import cv2
import numpy as np
import pytest
from PIL import Image

from pytorch2caffe.errors import ConversionError
from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
from pytorch2caffe.graph.graph import Value
from pytorch2caffe.quantize.ncnn_source import to_cpp
from pytorch2caffe.quantize.preprocess import Preprocess
from pytorch2caffe.quantize.presets import preset

SIZES = [(40, 60), (61, 33), (37, 37), (11, 90), (16, 24), (7, 5)]
INPUTS = [(16, 24), (32, 32), (21, 13)]


def photo(height, width, channels=3):
    """Random colours, of a frequency that resizing by a fifth does not lose."""
    small = np.random.default_rng(height).integers(
        0, 256, (max(height // 4, 2), max(width // 4, 2), channels), np.uint8
    )
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def letterbox(image, height, width, centred):
    """As the ultralytics of 2026 describes it: rounded size, halves of the border rounded down and up."""
    rows, columns = image.shape[:2]
    factor = min(height / rows, width / columns)
    new = max(round(columns * factor), 1), max(round(rows * factor), 1)
    across, down = (width - new[0], height - new[1]) if not centred else ((width - new[0]) / 2, (height - new[1]) / 2)
    resized = image if new == (columns, rows) else cv2.resize(image, new, interpolation=cv2.INTER_LINEAR)
    top, left = (round(down - 0.1), round(across - 0.1)) if centred else (0, 0)
    border = top, round(down + 0.1), left, round(across + 0.1)
    return cv2.copyMakeBorder(resized, *border, cv2.BORDER_CONSTANT, value=(114, 114, 114)), border


@pytest.mark.parametrize("fit", ["letterbox", "corner"])
@pytest.mark.parametrize("inside", INPUTS)
@pytest.mark.parametrize("size", SIZES)
def test_letterbox_is_that_of_opencv(size, inside, fit):
    expected, (top, bottom, left, right) = letterbox(photo(*size), *inside, fit == "letterbox")
    found = Preprocess(*inside, order="RGB", fit=fit).pixels(photo(*size)).transpose(1, 2, 0)
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).max() <= 1
    placed = np.zeros(inside, bool)
    placed[top : inside[0] - bottom, left : inside[1] - right] = True
    assert (found[~placed] == 114).all()


def test_a_border_of_a_colour_and_of_three_channels():
    pixels = Preprocess(8, 8, fit="letterbox", fill=(1, 2, 3), mean=(1.0, 2.0, 3.0)).pixels(photo(4, 8))
    assert pixels[:, 0, 0].tolist() == [1, 2, 3], "in the order of the network, as the means are"


def test_auto_is_the_least_rectangle():
    """720x1280 for 640 has 384 rows, a 24th less than 640 by 8 strides of 32."""
    assert Preprocess(384, 640, fit="letterbox", stride=32).placement(720, 1280) == (360, 640, 12, 0)
    with pytest.raises(
        ConversionError, match="an image of 720x1280, letterboxed to 384x640 with stride 32; the input is"
    ):
        Preprocess(640, 640, fit="letterbox", stride=32).placement(720, 1280)
    assert Preprocess(640, 640, fit="letterbox", stride=32).placement(500, 500) == (640, 640, 0, 0)


@pytest.mark.parametrize("name", ["squeezenet1_1", "inception_v3", "efficientnet_b0", "vit_b_16"])
@pytest.mark.parametrize("size", [(260, 391), (400, 343), (513, 256)])
def test_torchvisions_own_transforms(name, size):
    """Resize and CenterCrop of the weights' transforms, bilinear and bicubic: no pixel differs."""
    transforms = torchvision_models().get_model_weights(name).DEFAULT.transforms()
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    expected = transforms(Image.fromarray(image)).numpy()
    found = preset(f"torchvision:{name}").for_input(Value("data", (1, *expected.shape)))(image)
    step = 1 / 255 / 0.23
    assert np.abs(found - expected).max() < step / 100


def test_a_fourth_channel_is_the_alpha():
    image = photo(8, 8, 4)
    assert (Preprocess(8, 8, order="BGRA").pixels(image) == image[..., [2, 1, 0, 3]].transpose(2, 0, 1)).all()
    assert (Preprocess(8, 8, order="RGBA").pixels(image[..., :3])[3] == 255).all(), "opaque without alpha"


# ---- the C++ source, compiled with a recorder in the place of ncnn, whose calls are then made in ncnn

RECORDER = """
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
namespace cv { struct Mat { unsigned char* data; int cols, rows; }; }
namespace ncnn {
enum { BORDER_CONSTANT };
struct Mat {
    enum { PIXEL_BGR, PIXEL_BGR2RGB, PIXEL_BGR2GRAY, PIXEL_BGRA, PIXEL_BGRA2RGBA };
    static Mat from_pixels_resize(void*, int type, int w, int h, int tw, int th)
    { printf("resize %d %d %d %d %d\\n", type, w, h, tw, th); return Mat(); }
    void substract_mean_normalize(const float* m, const float* n) { printf("norm %.9g %.9g\\n", m[0], n[0]); }
};
void copy_cut_border(Mat&, Mat&, int t, int b, int l, int r) { printf("cut %d %d %d %d\\n", t, b, l, r); }
void copy_make_border(Mat&, Mat&, int t, int b, int l, int r, int, float v)
{ printf("border %d %d %d %d %.9g\\n", t, b, l, r, v); }
}
"""
SOURCES = {
    "stretched": Preprocess(16, 24, (1.0, 2.0, 3.0), (0.5,)),
    "cropped": Preprocess(16, 24, resize=(31, 41)),
    "its shorter side resized": Preprocess(16, 24, order="RGB", resize=(30,)),
    "letterboxed": Preprocess(21, 24, (0.0,), (1 / 255,), "RGB", fit="letterbox"),
    "in the corner, grey": Preprocess(21, 24, order="GRAY", fit="corner", fill=(7,)),
    "with alpha": Preprocess(16, 24, order="RGBA", fit="letterbox"),
}


def replayed(calls, image):
    """The network's input, after the calls in ncnn. image: uint8 [height, width, 3 or 4], BGR or BGRA."""
    ncnn = pytest.importorskip("ncnn")
    types = ["PIXEL_BGR", "PIXEL_BGR2RGB", "PIXEL_BGR2GRAY", "PIXEL_BGRA", "PIXEL_BGRA2RGBA"]
    for call in calls.splitlines():
        name, *numbers = call.split()
        if name == "resize":
            kind, *sizes = map(int, numbers)
            found = ncnn.Mat.from_pixels_resize(image, int(getattr(ncnn.Mat.PixelType, types[kind])), *sizes)
        elif name == "cut":
            found = ncnn.copy_cut_border(found, *map(int, numbers))
        elif name == "border":
            sides = map(int, numbers[:4])
            found = ncnn.copy_make_border(found, *sides, int(ncnn.BorderType.BORDER_CONSTANT), float(numbers[4]))
    return np.array(found).reshape(-1, found.h, found.w)


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """What each source calls for each size, by one compiled program."""
    compiler = shutil.which("g++") or pytest.skip("no C++ compiler")
    folder = tmp_path_factory.mktemp("cpp")
    functions = "".join(
        f"void f{index}(cv::Mat image) {{\n{to_cpp(one)}}}\n" for index, one in enumerate(SOURCES.values())
    )
    runs = "".join(
        f'printf("==\\n"); f{index}({{nullptr, {width}, {height}}});\n'
        for index in range(len(SOURCES))
        for height, width in SIZES
    )
    (folder / "all.cpp").write_text(f"{RECORDER}{functions}int main() {{\n{runs}}}\n")
    subprocess.run([compiler, "-o", folder / "all", folder / "all.cpp"], check=True, timeout=100)
    output = subprocess.run([folder / "all"], check=True, capture_output=True, text=True, timeout=10).stdout
    return dict(zip([(name, size) for name in SOURCES for size in SIZES], output.split("==\n")[1:], strict=True))


@pytest.mark.parametrize("name", SOURCES)
def test_the_source_for_ncnn(name, calls):
    for size in SIZES:
        one = SOURCES[name]
        image = photo(*size, one.channels if one.alpha else 3)
        bgr = np.ascontiguousarray(image[..., [2, 1, 0, 3][: image.shape[2]]])
        found, expected = replayed(calls[name, size], bgr), one.pixels(image)
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= (3 if one.order == "GRAY" else 1), (name, size)
        assert re.search(rf"norm {one.mean[0]:.9g} ", calls[name, size])


PLANES = """
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>
namespace ncnn {
struct Plane {
    float* data; int w, h;
    void fill(float v) { std::fill(data, data + w * h, v); }
    float* row(int y) { return data + y * w; }
};
struct Mat {
    int w, h; std::vector<float> data;
    Mat(int w, int h, int c) : w(w), h(h), data(w * h * c, -1.f) {}
    Plane channel(int c) { return {data.data() + c * w * h, w, h}; }
};
}
"""


def test_a_border_of_several_colours_in_the_source(tmp_path):
    """A loop over rows, since ncnn's copy_make_border has one value. An image of 1 row and 2 columns, all -1."""
    compiler = shutil.which("g++") or pytest.skip("no C++ compiler")
    one = Preprocess(3, 2, order="RGB", fit="letterbox", fill=(1, 2, 3))
    loop = to_cpp(one).split("image.rows, w, h);\n")[1].split("const float mean")[0]
    body = f'const int w = 2, h = 1; ncnn::Mat in(2, 1, 3);\n{loop}for (float v : in.data) printf("%g ", v);'
    (tmp_path / "x.cpp").write_text(f"{PLANES}int main() {{\n{body}\n}}\n")
    subprocess.run([compiler, "-o", tmp_path / "x", tmp_path / "x.cpp"], check=True, timeout=100)
    found = subprocess.run([tmp_path / "x"], check=True, capture_output=True, text=True, timeout=10).stdout
    assert found.split() == [word for c in "123" for word in (c, c, "-1", "-1", c, c)]
