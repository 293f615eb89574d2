import numpy as np
import pytest

from pytorch2caffe.verify.runtimes import get
from tests.layers.conftest import TOLERANCE, relative_l2
from tests.layers.forks import means  # noqa: F401 - a fixture

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((2, 4, 6, 7)).astype(np.float32)
WEIGHT, BIAS = RANDOM.standard_normal((6, 2, 3, 3)).astype(np.float32), RANDOM.standard_normal(6).astype(np.float32)
SETTINGS = "num_output: 6 kernel_size: 3 pad: 1 stride: 2 dilation: 1 group: 2 deformable_group: 2"


def layer(settings=SETTINGS):
    return f"""layer {{ name: "d" type: "DeformableConvolution" bottom: "x" bottom: "offset" top: "d"
        deformable_convolution_param {{ {settings} }} }}"""


def interpolated(image, row, column):
    """As in deformable_im2col.cu: 0 outside of the map, the last row or column repeated."""
    height, width = image.shape
    if not (0 <= row < height and 0 <= column < width):
        return 0.0
    top, left = min(int(row), height - 1), min(int(column), width - 1)
    down = 0.0 if top == height - 1 else row - top
    right = 0.0 if left == width - 1 else column - left
    bottom, end = min(top + 1, height - 1), min(left + 1, width - 1)
    upper = (1 - right) * image[top, left] + right * image[top, end]
    return (1 - down) * upper + down * ((1 - right) * image[bottom, left] + right * image[bottom, end])


def convolved(x, offset, weight, bias, pad, stride, group, deformable_group):
    """The loops of deformable_conv_layer.cu."""
    count, per_group = weight.shape[0], x.shape[1] // deformable_group
    result = np.zeros((x.shape[0], count, *offset.shape[2:]))
    for n, o, row, column in np.ndindex(*result.shape):
        total = float(bias[o])
        for c, i, j in np.ndindex(*weight.shape[1:]):
            channel = o // (count // group) * weight.shape[1] + c
            k = channel // per_group * 2 * 9 + 2 * (i * 3 + j)
            at = [position * stride - pad + step for position, step in ((row, i), (column, j))]
            at = [position + offset[n, k + axis, row, column] for axis, position in enumerate(at)]
            total += weight[o, c, i, j] * interpolated(x[n, channel], *at)
        result[n, o, row, column] = total
    return result


def test_gives_what_the_forks_source_gives(means):  # noqa: F811
    offset = RANDOM.uniform(-2, 2, (2, 36, 3, 4)).astype(np.float32)
    expected = convolved(X, offset, WEIGHT, BIAS, 1, 2, 2, 2)
    means(layer(), expected, weights={"d": (WEIGHT, BIAS)}, x=X, offset=offset, runtimes=[])


def test_inside_of_the_map_it_is_ncnns(means, tmp_path):  # noqa: F811
    if reason := get("ncnn").unavailable():
        pytest.skip(reason)
    import ncnn

    x, offset = X[:1], RANDOM.uniform(0.1, 0.9, (1, 18, 3, 4)).astype(np.float32)
    weight = RANDOM.standard_normal((5, 4, 3, 3)).astype(np.float32)
    param = "7767517\n3 3\nInput x 0 1 x\nInput o 0 1 o\nDeformableConv2D d 2 1 x o d 0=5 1=3 5=0 6=180\n"
    (tmp_path / "d.param").write_text(param)
    (tmp_path / "d.bin").write_bytes(np.zeros(1, np.uint32).tobytes() + weight.tobytes())
    with ncnn.Net() as net:
        net.opt.use_fp16_storage = net.opt.use_packing_layout = False
        net.load_param(str(tmp_path / "d.param"))
        net.load_model(str(tmp_path / "d.bin"))
        with net.create_extractor() as run:
            run.input("x", ncnn.Mat(np.ascontiguousarray(x[0, :, :5, :6])))
            run.input("o", ncnn.Mat(np.ascontiguousarray(offset[0])))
            expected = np.array(run.extract("d")[1])[None]
    inner = "num_output: 5 kernel_size: 3 group: 1 deformable_group: 1 bias_term: false"
    # ncnn's interpolation differs at the edge only, which these offsets reach with the last row and column
    found = convolved(x[:, :, :5, :6], offset, weight, np.zeros(5), 0, 1, 1, 1)
    assert relative_l2(found[:, :, :2, :3], expected[:, :, :2, :3]) < TOLERANCE
    means(layer(inner), found, weights={"d": (weight,)}, x=x[:, :, :5, :6], offset=offset, runtimes=[])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (SETTINGS.replace("deformable_group: 2", ""), "without deformable_group: the forks' defaults"),
        (SETTINGS.replace("group: 2 deformable_group: 2", ""), "without group and deformable_group"),
        (SETTINGS.replace("deformable_group: 2", "deformable_group: 1"), "with offsets of shape"),
    ],
)
def test_what_is_refused(settings, message, refused):
    refused(layer(settings), message, x=X.shape, offset=(2, 36, 3, 4))
