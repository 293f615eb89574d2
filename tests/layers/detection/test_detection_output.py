"""DetectionOutput, and a whole SSD network in OpenCV."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pytorch2caffe import ConversionError, UnsupportedError, export, save_caffe, trace
from pytorch2caffe.detection import detection_output, prior_box, ssd_normalize
from pytorch2caffe.verify.runtimes import get
from tests.lively import make_lively


class SSD(nn.Module):
    """Two feature maps, the first normalised, four boxes a place."""

    def __init__(self, classes: int = 5, **settings):
        super().__init__()
        self.classes, self.settings = classes, settings
        self.first = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 16, 3, 2, 1), nn.ReLU6())
        self.second = nn.Sequential(nn.MaxPool2d(2), nn.Conv2d(16, 24, 3, 1, 1), nn.BatchNorm2d(24), nn.ReLU())
        self.scale = nn.Parameter(torch.full((16,), 20.0))
        self.loc = nn.ModuleList([nn.Conv2d(c, 16, 3, 1, 1) for c in (16, 24)])
        self.conf = nn.ModuleList([nn.Conv2d(c, 4 * classes, 3, 1, 1) for c in (16, 24)])

    def forward(self, x):
        first = self.first(x)
        maps = ssd_normalize(first, self.scale), self.second(first)
        loc, conf = (self.heads(maps, layers) for layers in (self.loc, self.conf))
        conf = conf.view(x.shape[0], -1, self.classes).softmax(2).flatten(1)
        sizes = [([16], [30]), ([30], [50])]
        priors = [prior_box(f, x, low, high, [2]) for f, (low, high) in zip(maps, sizes, strict=True)]
        return detection_output(loc, conf, torch.cat(priors, 2), self.classes, **self.settings)

    @staticmethod
    def heads(maps, layers):
        parts = [layer(f).permute(0, 2, 3, 1).flatten(1) for layer, f in zip(layers, maps, strict=True)]
        return torch.cat(parts, 1)


SETTINGS = {
    "more than are kept": {"keep_top_k": 20, "confidence_threshold": 0.3},
    "fewer than are kept": {"keep_top_k": 200, "confidence_threshold": 0.8},
    "few take part": {"keep_top_k": 50, "top_k": 10},
    "any overlap is too much": {"nms_threshold": 0.05, "keep_top_k": 100},
    "another background": {"background_label_id": 2, "keep_top_k": 30},
    "none found": {"keep_top_k": 5, "confidence_threshold": 1.0},
}


@pytest.mark.slow
@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_a_network_in_opencv(settings, tmp_path):
    if reason := get("opencv").unavailable():
        pytest.skip(reason)
    torch.manual_seed(0)
    x = torch.randn(1, 3, 64, 64)
    model = make_lively(SSD(**settings), x)
    files = tmp_path / "ssd.prototxt", tmp_path / "ssd.caffemodel"
    graph = export(model, x, *files, dialect="opencv")
    assert {"Normalize", "PriorBox", "DetectionOutput", "Permute", "ReLU6"} <= {node.layer.type for node in graph.nodes}
    results = {top: array for (_, top), array in get("opencv").run(*files, {graph.inputs[0].name: x.numpy()}).items()}
    (output,) = graph.outputs.values()
    with torch.no_grad():
        expected = model(x)
    torch.testing.assert_close(torch.from_numpy(results[output.name]), expected, rtol=1e-4, atol=1e-5)


def test_what_is_found():
    """Two boxes on one spot and one elsewhere: the surer of the two, and the other; zero rows behind them."""
    corners = torch.tensor([[0.1, 0.1, 0.3, 0.3], [0.11, 0.1, 0.31, 0.3], [0.6, 0.6, 0.8, 0.9]])
    prior = torch.stack([corners.flatten(), torch.tensor([0.1, 0.1, 0.2, 0.2] * 3)])[None]
    conf = torch.tensor([[0.2, 0.8, 0.1, 0.9, 0.4, 0.6]])
    found = detection_output(torch.zeros(1, 12), conf, prior, 2, keep_top_k=3)[0, 0]
    torch.testing.assert_close(found[:, 2], torch.tensor([0.9, 0.6, 0.0]))
    torch.testing.assert_close(found[:2, 3:], corners[1:])
    assert found[:2, :2].tolist() == [[0, 1], [0, 1]]
    assert not found[2].any()


def test_plain_caffe_has_no_such_layer(tmp_path):
    graph = trace(SSD(keep_top_k=5), torch.zeros(1, 3, 64, 64))
    with pytest.raises(UnsupportedError, match=r"caffe has no layer DetectionOutput\n.*opencv, .*ssd, .*have it"):
        save_caffe(graph, tmp_path / "n.prototxt", tmp_path / "n.caffemodel")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_ssd_dialect_is_written_and_read(tmp_path):
    x = torch.randn(1, 3, 64, 64)
    model = make_lively(SSD(keep_top_k=5), x)
    graph = export(model, x, tmp_path / "n.prototxt", tmp_path / "n.caffemodel", dialect="ssd")
    assert "ReLU6" not in {node.layer.type for node in graph.nodes}


def test_it_keeps_a_number_of_boxes():
    with pytest.raises(ConversionError, match="keep_top_k"):
        detection_output(torch.zeros(1, 4), torch.zeros(1, 2), torch.zeros(1, 2, 4), 2, keep_top_k=-1)


@pytest.mark.parametrize(
    ("loc", "conf", "prior", "message"),
    [
        (48, 24, 24, "locations, confidences and priors for 12, 12, 6 boxes"),
        (24, 10, 24, "priors for 6, 5, 6 boxes"),
    ],
)
def test_numbers_of_boxes_that_differ_are_refused_on_reading(loc, conf, prior, message, refused):
    settings = "num_classes: 2 code_type: CENTER_SIZE keep_top_k: 3 nms_param { top_k: 5 }"
    layer = f"""layer {{ name: "out" type: "DetectionOutput" bottom: "l" bottom: "c" bottom: "p" top: "out"
        detection_output_param {{ {settings} }} }}"""
    refused(layer, message, l=(1, loc), c=(1, conf), p=(1, 2, prior))
    refused(layer.replace('bottom: "p"', ""), "DetectionOutput of inputs", l=(1, loc), c=(1, conf))
