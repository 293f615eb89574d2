from tests.layers.detection.test_roi_pooling import ROIS, X, in_opencv
from tests.layers.forks import means  # noqa: F401 - a fixture

LAYER = """layer { name: "it" type: "PSROIPooling" bottom: "x" bottom: "rois" top: "it"
    psroi_pooling_param { output_dim: 2 group_size: 3 spatial_scale: 0.0625 } }"""


def test_gives_what_opencv_gives(means, tmp_path):  # noqa: F811
    means(LAYER, in_opencv(LAYER, tmp_path / "rois.prototxt"), x=X, rois=ROIS, runtimes=[])


def test_other_channels_are_refused(refused):
    message = "PSROIPooling of 18 channels to 3 x 3"
    refused(LAYER.replace("output_dim: 2", "output_dim: 3"), message, x=X.shape, rois=ROIS.shape)
