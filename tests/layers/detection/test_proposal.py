import cv2
import numpy as np
import pytest

from tests.layers.conftest import caffe_text
from tests.layers.forks import means  # noqa: F401 - a fixture

RANDOM = np.random.default_rng(0)
SCORES = RANDOM.permutation(18 * 4 * 5).reshape(1, 18, 4, 5) / 360
DELTAS = RANDOM.standard_normal((1, 36, 4, 5)) * 0.3
IMAGE = np.array([[64, 80, 1.5]])
LAYER = """layer { name: "it" type: "Proposal" bottom: "scores" bottom: "deltas" bottom: "image" top: "it"
    proposal_param { scale: [1, 2, 4] pre_nms_topn: 60 post_nms_topn: 30 nms_thresh: 0.5 min_size: 16 } }"""
PYTHON = """layer { name: "it" type: "Python" bottom: "scores" bottom: "deltas" bottom: "image" top: "it"
    python_param { module: "rpn.proposal_layer" layer: "ProposalLayer" param_str: "PARAMETERS" } }"""
INPUTS = {"scores": SCORES, "deltas": DELTAS, "image": IMAGE}


def anchors(scales):
    """generate_anchors.py, for ratios of 0.5, 1 and 2."""
    boxes = []
    for ratio in (0.5, 1, 2):
        width = round(np.sqrt(256 / ratio))
        height = np.round(width * ratio)
        boxes += [(7.5 - (width * s - 1) / 2, 7.5 - (height * s - 1) / 2, width * s, height * s) for s in scales]
    return boxes


def regions(scales, before, after, threshold, least):
    """proposal_layer.py, box by box: the regions by falling score, and their scores."""
    found = []
    for row, column, index in np.ndindex(4, 5, 9):
        left, top, width, height = anchors(scales)[index]
        moved = DELTAS[0, 4 * index : 4 * index + 4, row, column]
        x, y = left + 16 * column + width / 2 + moved[0] * width, top + 16 * row + height / 2 + moved[1] * height
        width, height = width * np.exp(moved[2]), height * np.exp(moved[3])
        corners = np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
        corners = np.clip(corners, 0, [79, 63, 79, 63])
        if min(corners[2:] - corners[:2] + 1) >= least * 1.5:
            found.append((SCORES[0, 9 + index, row, column], corners))
    kept = []
    for score, box in sorted(found, key=lambda item: -item[0])[:before]:
        if all(overlap(box, other) <= threshold for _, other in kept):
            kept.append((score, box))
    result, scores = np.zeros((after, 5)), np.zeros((after, 1))
    for index, (score, box) in enumerate(kept[:after]):
        result[index, 1:], scores[index] = box, score
    return result, scores


def overlap(a, b):
    common = np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]) + 1, 0).prod()
    return common / ((a[2:] - a[:2] + 1).prod() + (b[2:] - b[:2] + 1).prod() - common)


def test_gives_what_the_python_layer_gives(means):  # noqa: F811
    expected, scores = regions((1, 2, 4), 60, 30, 0.5, 16)
    assert 10 < np.count_nonzero(scores) < 30
    means(LAYER, expected, **INPUTS, runtimes=[])
    means(LAYER.replace('top: "it"', 'top: "it" top: "s"'), expected, scores, **INPUTS, runtimes=[])


def test_gives_what_opencv_gives(means, tmp_path):  # noqa: F811
    """OpenCV has no min_size, and ratios and scales have no defaults there."""
    path = tmp_path / "opencv.prototxt"
    text = LAYER.replace("min_size: 16", "min_size: 0 ratio: [0.5, 1, 2]")
    path.write_text(caffe_text(text, **{name: array.shape for name, array in INPUTS.items()}))
    net = cv2.dnn.readNetFromCaffe(str(path))
    for name, array in INPUTS.items():
        net.setInput(array.astype(np.float32), name)
    found = net.forward("it")
    assert np.count_nonzero(found.any(1)) > 10
    means(text, found, **INPUTS, runtimes=[])


@pytest.mark.parametrize("parameters", ["'feat_stride': 16", "{'feat_stride': 16, 'scales': [8, 16, 32]}", ""])
def test_the_python_layer_of_faster_rcnn(parameters, means):  # noqa: F811
    expected = regions((8, 16, 32), 6000, 300, 0.7, 16)[0]
    means(PYTHON.replace("PARAMETERS", parameters), expected, **INPUTS, runtimes=[])


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (PYTHON.replace("PARAMETERS", "'feat_stride': 16, 'ratios': [1]"), "feat_stride and scales are known"),
        (PYTHON.replace("ProposalLayer", "ProposalTargetLayer"), "it runs Python code"),
        (LAYER.replace("[1, 2, 4]", "[1, 2]"), "Proposal of 6 boxes a place"),
        (LAYER.replace('bottom: "image"', ""), "Proposal of 9 boxes a place"),
    ],
)
def test_what_is_refused(layer, message, refused):
    refused(layer, message, **{name: array.shape for name, array in INPUTS.items()})
