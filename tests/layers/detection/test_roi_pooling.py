import cv2
import numpy as np
import pytest

from tests.layers.conftest import caffe_text
from tests.layers.forks import means  # noqa: F401 - a fixture

X = np.random.default_rng(0).standard_normal((2, 18, 12, 14)).astype(np.float32)
REGIONS = [[0, 8, 16, 90, 100], [1, 0, 0, 223, 191], [0, 30.5, 40.5, 33, 41], [1, 100, 5, 60, 3], [0, -40, 0, -20, 9]]
ROIS = np.array(REGIONS, np.float32)
LAYER = """layer { name: "it" type: "ROIPooling" bottom: "x" bottom: "rois" top: "it"
    roi_pooling_param { pooled_h: 3 pooled_w: 4 spatial_scale: 0.0625 } }"""


def in_opencv(layer, path):
    path.write_text(caffe_text(layer, x=X.shape, rois=ROIS.shape))
    net = cv2.dnn.readNetFromCaffe(str(path))
    net.setInput(X, "x")
    net.setInput(ROIS, "rois")
    return net.forward("it")


def test_gives_what_opencv_gives(means, tmp_path):  # noqa: F811
    means(LAYER, in_opencv(LAYER, tmp_path / "rois.prototxt"), x=X, rois=ROIS, runtimes=[])


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (LAYER.replace('bottom: "rois"', ""), "regions of shape"),
        (LAYER.replace("pooled_h: 3", ""), "without a size"),
    ],
)
def test_what_is_refused(layer, message, refused):
    refused(layer, message, x=X.shape, rois=ROIS.shape)
