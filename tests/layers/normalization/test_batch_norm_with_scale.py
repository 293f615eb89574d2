import numpy as np
import pytest

from pytorch2caffe import UnsupportedError, load_caffe
from tests.layers.conftest import caffe_text
from tests.layers.forks import means, write_weights  # noqa: F401 - a fixture

RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((2, 3, 4, 5))
MEAN, SCALE, BIAS = RANDOM.standard_normal((3, 3))
VARIANCE = RANDOM.uniform(0.5, 2, 3)


def layer(settings=""):
    return f'layer {{ name: "b" type: "BatchNorm" bottom: "x" top: "b" batch_norm_param {{ {settings} }} }}'


def normalized(factor, eps=1e-5):
    """The forks' loops: statistics divided by the factor, then scale and bias."""
    mean, variance, scale, bias = (array[:, None, None] for array in (MEAN / factor, VARIANCE / factor, SCALE, BIAS))
    return (X - mean) / np.sqrt(variance + eps) * scale + bias


def blobs(factor=1.0):
    return [MEAN, VARIANCE, np.array([factor]), SCALE, BIAS]


@pytest.mark.parametrize(
    ("settings", "factor", "expected"),
    [
        ("", 1.0, normalized(1.0)),
        ("scale_bias: true eps: 1e-7", 3.0, normalized(1.0)),  # NVIDIA's: no factor, eps at least 1e-5
        ("scale_bias: true scale_filler { value: 1 } use_global_stats: false", 1.0, normalized(1.0)),
        ("use_weight_bias: true eps: 1e-7", 3.0, normalized(3.0, 1e-7)),
        ("engine: MKL2017 use_weight_bias: true bias_term: true", 3.0, normalized(3.0)),
    ],
)
def test_gives_what_the_forks_sources_give(settings, factor, expected, means):  # noqa: F811
    means(layer(settings), expected, weights={"b": blobs(factor)}, x=X, runtimes=["caffe"])


def test_without_a_scale_of_its_own_as_intel_s_fork_writes_it(means):  # noqa: F811
    mean, variance = (array[:, None, None] / 3 for array in (MEAN, VARIANCE))
    expected = (X - mean) / np.sqrt(variance + 1e-5)
    text = layer("use_weight_bias: false")
    means(text, expected, weights={"b": [MEAN, VARIANCE, np.array([3.0])]}, x=X, runtimes=["caffe"])


@pytest.mark.parametrize(
    ("settings", "factor", "message"),
    [
        ("", 999.98, r"5 blobs \(mean, variance, factor, scale, bias\) is of NVIDIA's or Intel's.*here 999.98"),
        ("eps: 1e-6", 1.0, "eps is below 1e-5"),
        ("use_weight_bias: false", 1.0, "use_weight_bias or use_global_stats: false"),
        ("use_weight_bias: true relu: true", 1.0, "relu"),
    ],
)
def test_what_is_refused(settings, factor, message, tmp_path):
    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    files[0].write_text(caffe_text(layer(settings), x=X.shape))
    write_weights(*files, {"b": blobs(factor)})
    with pytest.raises(UnsupportedError, match=message):
        load_caffe(*files)
