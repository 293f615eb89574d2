"""Shapes found on no image at all, against shapes found on tensors without data."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from pytorch2caffe import save_caffe, trace
from pytorch2caffe.codegen import build, infer
from pytorch2caffe.codegen.build import source_of
from pytorch2caffe.models import torchvision_models
from pytorch2caffe.registry import Layer


def on_meta(node):
    with torch.no_grad():
        made = build(source_of(node), "meta")(*(torch.empty(value.shape, device="meta") for value in node.inputs))
    return [tuple(tensor.shape) for tensor in (made if isinstance(made, (tuple, list)) else [made])]


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", ["squeezenet1_1", "shufflenet_v2_x0_5", "mobilenet_v3_small"])
def test_the_shapes_are_the_same(name, batch, tmp_path):
    graph = trace(torchvision_models().get_model(name, weights=None).eval(), torch.zeros(batch, 3, 64, 64))
    lowered = save_caffe(graph, tmp_path / "n.prototxt", tmp_path / "n.caffemodel")
    checked = 0
    for node in [*graph.nodes, *lowered.nodes]:
        shapes = [value.shape for value in node.inputs]
        if node.layer.type != "Split" and shapes and node.layer.by_image(shapes):
            assert infer(node.layer, shapes, node.blobs) == on_meta(node), node.name
            checked += 1
    assert checked > 100


def test_what_does_not_fit_is_refused_in_its_true_shapes():
    from pytorch2caffe.errors import Refused
    from pytorch2caffe.layers.concat import Concat
    from pytorch2caffe.layers.convolution import Convolution

    weight = torch.zeros(4, 5, 3, 3).numpy()
    with pytest.raises(Refused, match=r"inputs of shape \[\[2, 3, 8, 8\]\]"):
        infer(Convolution(4, (3, 3), bias_term=False), [(2, 3, 8, 8)], [weight])
    with pytest.raises(Refused, match=r"\[\[2, 3, 8, 8\], \[2, 3, 8, 9\]\]"):
        infer(Concat(), [(2, 3, 8, 8), (2, 3, 8, 9)], [])


def test_layers_that_mix_images_say_so():
    from pytorch2caffe.layers.concat import Concat
    from pytorch2caffe.layers.inner_product import InnerProduct
    from pytorch2caffe.layers.softmax import Softmax

    assert not Concat(-4).by_image([(2, 3, 4, 4)]) and not Softmax(0).by_image([(2, 3)])
    assert not InnerProduct(4, axis=0).by_image([(2, 3)]) and not Layer.by_image(Softmax(), [(2, 3)])
    assert infer(Concat(0), [(2, 3), (5, 3)], []) == [(7, 3)]
    assert infer(Concat(0), [(2, 3), (2, 3)], []) == [(4, 3)]


def test_reading_a_plain_network_imports_no_compiler(tmp_path):
    layers = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU6(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5)
    model = nn.Sequential(*layers)
    files = [str(tmp_path / name) for name in ("n.prototxt", "n.caffemodel")]
    save_caffe(trace(model.eval(), torch.zeros(1, 3, 8, 8)), *files)
    code = "import sys, pytorch2caffe; pytorch2caffe.load_caffe(*sys.argv[1:]); print('torch._dynamo' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, *files], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
