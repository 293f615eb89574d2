"""One small network for each family of published Caffe networks: from prototxt to PyTorch, Caffe, ncnn and OpenCV."""

from __future__ import annotations

import pytest

from tests.frontends.caffe.families import FAMILIES
from tests.frontends.caffe.families_page import HOW, judged, page
from tests.paths import ROOT

CAUSES = {  # what cannot be, and why, in words of the message
    **{(family, "caffe"): "DetectionOutput" for family in ("VGG-SSD", "MobileNet-SSD", "RefineDet")},
    ("YOLOv2, with its boxes", "caffe"): "caffe has no layer YoloDetectionOutput",
    ("YOLOv2, with its boxes", "opencv"): "opencv has no layer YoloDetectionOutput",
    ("Fast R-CNN", "caffe"): "caffe has no layer ROIPooling",
    ("R-FCN", "caffe"): "caffe has no layer PSROIPooling",
    ("Fast R-CNN", "ncnn"): "ncnn's ROIPooling is of one region",
    ("R-FCN", "ncnn"): "ncnn's PSROIPooling is of one region",
}


@pytest.mark.parametrize("family", FAMILIES)
def test_is_equal_wherever_it_can_be(family, tmp_path, real_caffe):
    for runtime, verdict in judged(family, tmp_path).items():
        expected = CAUSES.get((family, runtime), "equal")
        assert expected in verdict, runtime
    assert set(HOW) >= {"caffe", "opencv", "ncnn"}


def test_the_page_is_current():
    text = (ROOT / "docs" / "caffe-families.md").read_text()
    assert all(f"| {family} |" in text for family in FAMILIES)
    assert text.startswith(page([])[:200])
