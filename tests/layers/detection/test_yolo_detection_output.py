import numpy as np
import pytest

from pytorch2caffe.backends.ncnn.writer import save_ncnn
from pytorch2caffe.verify.runtimes import get
from tests.layers.conftest import TOLERANCE, relative_l2
from tests.layers.detection.test_yolo_output import box_at, sigmoid, suppressed
from tests.layers.forks import means  # noqa: F401 - a fixture

BIASES = (1.0, 1.5, 3.0, 2.0)
SETTINGS = "num_classes: 3 num_box: 2 confidence_threshold: 0.3 nms_threshold: 0.4 biases: [1, 1.5, 3, 2] side: 13"
MAP = np.random.default_rng(0).standard_normal((1, 16, 4, 4)).astype(np.float32) * 1.5


def layer(settings=SETTINGS, bottoms="x"):
    names = " ".join(f'bottom: "{name}"' for name in bottoms.split())
    return f"""layer {{ name: "y" type: "YoloDetectionOutput" {names} top: "y"
        yolo_detection_output_param {{ {settings} }} }}"""


def expected(*maps):
    """yolo_detection_output_layer.cpp, box by box."""
    found = []
    for one in maps:
        for row, column, box in np.ndindex(*one.shape[2:], 2):
            values = one[0, box * 8 : box * 8 + 8, row, column]
            classes = np.exp(values[5:] - values[5:].max())
            score = sigmoid(values[4]) * classes.max() / classes.sum()
            if score >= 0.3:
                at = box_at(values, column, row, one.shape[3], one.shape[2], BIASES[2 * box : 2 * box + 2])
                found.append((score, classes.argmax(), at))
    return suppressed(found, 0.4, sum(one[0, 0].size * 2 for one in maps))


def test_gives_what_the_forks_source_gives(means):  # noqa: F811
    wanted = expected(MAP)
    assert 3 < np.count_nonzero(wanted[..., 2]) < 20
    means(layer(), wanted, x=MAP, runtimes=[])


def test_two_maps(means):  # noqa: F811
    means(layer(bottoms="x z"), expected(MAP, MAP[..., ::2, 1::2] * 2), x=MAP, z=MAP[..., ::2, 1::2] * 2, runtimes=[])


@pytest.mark.parametrize("array", [MAP, MAP - 20], ids=["some", "none"])
def test_gives_what_ncnn_gives(array, means, tmp_path):  # noqa: F811
    graph = means(layer(), expected(array), x=array, runtimes=[])
    if reason := get("ncnn").unavailable():
        pytest.skip(reason)
    written = save_ncnn(graph, tmp_path / "net")
    fed = {written.inputs["x"]: array}
    results = get("ncnn").run(tmp_path / "net.param", tmp_path / "net.bin", fed)
    blob = {top: array for (_, top), array in results.items()}[written.outputs["y"]]
    found = graph.nodes[-1].layer.from_ncnn(blob, (1, 1, 32, 7))
    assert relative_l2(found, expected(array)) < TOLERANCE


@pytest.mark.parametrize(
    ("settings", "shape", "message"),
    [
        (SETTINGS, (2, 16, 4, 4), r"give it maps of shape \[1, 16, H, W\]"),
        (SETTINGS, (1, 15, 4, 4), r"give it maps of shape \[1, 16, H, W\]"),
        (SETTINGS, (1, 16, 4, 5), "square maps"),
        (SETTINGS.replace("3, 2]", "3]"), (1, 16, 4, 4), "2 boxes with 3 biases"),
        (SETTINGS.replace("num_classes: 3", ""), (1, 16, 4, 4), "num_classes"),
        (SETTINGS + " coords: 5", (1, 16, 4, 4), "coords"),
    ],
)
def test_what_is_refused(settings, shape, message, refused):
    refused(layer(settings), message, x=shape)
