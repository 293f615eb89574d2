import numpy as np
import pytest

from pytorch2caffe import UnsupportedError, load_caffe
from pytorch2caffe.backends.ncnn.writer import save_ncnn
from pytorch2caffe.verify.runtimes import get
from tests.layers.conftest import TOLERANCE, caffe_text, relative_l2
from tests.layers.detection.test_yolo_output import box_at, sigmoid, suppressed
from tests.layers.forks import means  # noqa: F401 - a fixture

BIASES = [10, 14, 23, 27, 37, 58, 81, 82]
SETTINGS = """num_classes: 3 num_box: 2 confidence_threshold: 0.4
    nms_threshold: 0.45 biases: [10, 14, 23, 27, 37, 58, 81, 82]
    mask: [2, 3, 0, 1] anchors_scale: [32, 16] mask_group_num: 2"""
RANDOM = np.random.default_rng(1)
MAPS = [RANDOM.standard_normal((1, 16, *size)).astype(np.float32) * 1.5 for size in ((3, 4), (6, 8))]


def layer(settings=SETTINGS):
    return f"""layer {{ name: "y" type: "Yolov3DetectionOutput" bottom: "a" bottom: "b" top: "y"
        yolov3_detection_output_param {{ {settings} }} }}"""


def expected(maps):
    """yolov3_detection_output_layer.cpp: a box for each class that is sure enough, then suppression among all."""
    found = []
    for one, mask, scale in zip(maps, ((2, 3), (0, 1)), (32, 16), strict=True):
        for row, column, box in np.ndindex(*one.shape[2:], 2):
            values, bias = one[0, box * 8 : box * 8 + 8, row, column], BIASES[2 * mask[box] : 2 * mask[box] + 2]
            at = box_at(values, column, row, one.shape[3], one.shape[2], bias, scale)
            scores = sigmoid(values[4]) * sigmoid(values[5:])
            found += [(score, label, at) for label, score in enumerate(scores) if score > 0.4]
    return suppressed(found, 0.45, sum(one[0, 0].size * 2 for one in maps))


def test_gives_what_the_forks_source_gives(means):  # noqa: F811
    wanted = expected(MAPS)
    assert 5 < np.count_nonzero(wanted[..., 2]) < 60
    means(layer(), wanted, a=MAPS[0], b=MAPS[1], runtimes=[])


def test_gives_what_ncnn_gives_where_the_class_is_sure(means, tmp_path):  # noqa: F811
    """ncnn's score, 1 / (1 + exp(-box) * (1 + exp(-class))), is the fork's where exp(-class) is next to nothing."""
    maps = [array.copy() for array in MAPS]
    for array in maps:
        array[:, 5:8] = array[:, 13:16] = -40
        array[:, 6] = array[:, 14] = 40
    means(layer(), expected(maps), a=maps[0], b=maps[1], runtimes=[])
    if reason := get("ncnn").unavailable():
        pytest.skip(reason)
    biases = ",".join(map(str, BIASES))
    settings = f"0=3 1=2 2=0.4 3=0.45 -23304=8,{biases} -23305=4,2.,3.,0.,1. -23306=2,32.,16."
    yolo = f"Yolov3DetectionOutput y 2 1 a b y {settings}"
    (tmp_path / "y.param").write_text(f"7767517\n3 3\nInput a 0 1 a\nInput b 0 1 b\n{yolo}\n")
    (tmp_path / "y.bin").write_bytes(b"")
    results = get("ncnn").run(tmp_path / "y.param", tmp_path / "y.bin", {"a": maps[0], "b": maps[1]})
    (blob,) = (array for (_, top), array in results.items() if top == "y")
    blob = blob.reshape(-1, 6)
    assert len(blob) > 5
    assert relative_l2(expected(maps)[0, 0, : len(blob), 1:], blob) < TOLERANCE
    assert not expected(maps)[0, 0, len(blob) :].any()


def test_ncnn_has_another_score(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(caffe_text(layer(), a=MAPS[0].shape, b=MAPS[1].shape))
    with pytest.raises(UnsupportedError, match="ncnn's Yolov3DetectionOutput has another score"):
        save_ncnn(load_caffe(path), tmp_path / "net")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (SETTINGS.replace("0, 1]", "0]"), "with 3 masks, 2 scales"),
        (SETTINGS.replace("[32, 16]", "32"), "with 4 masks, 1 scales"),
        (SETTINGS.replace("mask_group_num: 2", "mask_group_num: 1"), "mask_group_num: 1"),
        (SETTINGS.replace("[2, 3", "[2, 4"), "mask 4 of 8 biases"),
        (SETTINGS + " gaussian_box: true", "gaussian_box"),
    ],
)
def test_what_is_refused(settings, message, refused):
    refused(layer(settings), message, a=MAPS[0].shape, b=MAPS[1].shape)
