"""What YOLO's layers have in common, and a second reading of their source in NumPy."""

import numpy as np
import pytest
import torch

from pytorch2caffe.layers.detection.yolo_detection_output import YoloDetectionOutput
from pytorch2caffe.layers.detection.yolov3_detection_output import Yolov3DetectionOutput
from pytorch2caffe.runtime.build import build


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def box_at(values, column, row, width, height, bias, scale=1):
    """Centre and size of a box, relative to the image."""
    x, y = (column + sigmoid(values[0])) / width, (row + sigmoid(values[1])) / height
    return x, y, np.exp(values[2]) * bias[0] / (width * scale), np.exp(values[3]) * bias[1] / (height * scale)


def overlap(a, b):
    sides = [
        min(a[k] + a[k + 2] / 2, b[k] + b[k + 2] / 2) - max(a[k] - a[k + 2] / 2, b[k] - b[k + 2] / 2) for k in (0, 1)
    ]
    common = sides[0] * sides[1] if min(sides) >= 0 else 0
    return common / (a[2] * a[3] + b[2] * b[3] - common)


def suppressed(found, threshold, rows):
    """The surest first, without those that overlap a surer one, as rows of the layer."""
    kept = []
    for score, label, box in sorted(found, key=lambda item: -item[0]):
        if all(overlap(box, other[2]) < threshold for other in kept):
            kept.append((score, label, box))
    result = np.zeros((1, 1, rows, 7))
    for row, (score, label, (x, y, w, h)) in zip(result[0, 0], kept, strict=False):
        row[:] = 0, label + 1, score, x - w / 2, y - h / 2, x + w / 2, y + h / 2
    return result


LAYERS = [
    YoloDetectionOutput(2, 1, 0.3, 0.5, (1.0, 1.0)),
    Yolov3DetectionOutput(2, 1, 0.3, 0.5, (32.0, 32.0), anchors_scale=(32,), mask_group_num=1, mask=(0,)),
]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_box_in_the_middle_of_its_cell(layer):
    """Of two sure boxes in one cell's width one is left; its size is the anchor's, one cell of two."""
    x = torch.full((1, 7, 2, 2), -20.0)
    x[0, :4], x[0, 6] = 0.0, 20.0
    x[0, 4, 0, 0] = 20.0  # sure
    x[0, 4, 0, 1], x[0, 0, 0, 1] = 2.0, -20.0  # less sure, half a cell further
    found = build(layer.to_torch([x.shape], []))(x)
    torch.testing.assert_close(found[0, 0, 0], torch.tensor([0, 2, 1.0, 0.0, 0.0, 0.5, 0.5]))
    assert found.shape == (1, 1, 4, 7)
    assert found[0, 0, 1, 2] == pytest.approx(torch.tensor(2.0).sigmoid().item())  # a third in common: it is kept
    x[0, 0, 0, 0] = 1.0
    assert not build(layer.to_torch([x.shape], []))(x)[0, 0, 1:].any()


@pytest.mark.parametrize("layer", LAYERS)
def test_rows_of_ncnn(layer):
    rows = np.arange(12, dtype=np.float32).reshape(1, 2, 6)
    found = layer.from_ncnn(rows, (1, 1, 4, 7))
    assert np.array_equal(found[0, 0, :2, 1:], rows[0])
    assert not found[0, 0, 2:].any()
    assert not layer.from_ncnn(np.ones((1, 7, 2, 2), np.float32), (1, 1, 4, 7)).any()
