"""SqueezeNet v1.1 on ten photographs: real activations, and figures measured with the reference tool itself."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from pytorch2caffe import load_caffe
from pytorch2caffe.backends.ncnn.table.file import check_table, read_table
from pytorch2caffe.quantize import reference_kl
from pytorch2caffe.quantize.calibrate import Settings, calibrate
from pytorch2caffe.quantize.forward import Forward
from pytorch2caffe.quantize.images import Dataset
from pytorch2caffe.quantize.preprocess import Preprocess
from pytorch2caffe.quantize.simulate import int8_calls
from tests.paths import ROOT, SHARED
from tests.quantize import oracles

DATA = SHARED / "data"
FILES = DATA / "squeezenet_v1.1" / "deploy.prototxt", DATA / "squeezenet_v1.1" / "squeezenet_v1.1.caffemodel"
MEAN = (104.0, 117.0, 123.0)

pytestmark = pytest.mark.skipif(not FILES[1].exists(), reason="../shared/data is not here")


@pytest.fixture(scope="module")
def graph():
    return load_caffe(*FILES)


def photographs(graph, times=1):
    pytest.importorskip("PIL.Image")
    images = Dataset([DATA / "images"], graph.inputs, {"data": Preprocess(227, 227, MEAN)})
    images.samples = images.samples * times
    return images


@pytest.fixture(scope="module")
def by_reference(graph):
    return calibrate(graph, photographs(graph), Settings("reference", winograd=True))


def per_value(found):
    return {layer.activation.name: layer.activation for layer in found.layers}.values()


def test_reference_takes_the_tools_bin_for_every_real_activation(by_reference):
    seen = list(per_value(by_reference))
    assert len(seen) == 18
    for one in seen:
        assert reference_kl.keep_bins(one.stats.histogram) == oracles.reference_bin(one.stats.histogram), one.name


def test_reference_gives_the_tools_own_scales(graph, by_reference):
    """The input's scale is the tool's under real Caffe, to every digit; deeper ones shift with how it resizes."""
    assert by_reference.table.activations["conv1"] == pytest.approx(0.84167606461, rel=1e-11)
    assert by_reference.table.activations["fire9/expand3x3"] == pytest.approx(0.1182, abs=2e-4)
    weight = next(node.blobs[0] for node in graph.nodes if node.name == "fire9/expand3x3")
    largest = np.abs(weight.astype(float)).max((1, 2, 3))
    np.testing.assert_allclose(by_reference.table.weights["fire9/expand3x3"], 31 / largest, rtol=1e-12)


def test_by_default_every_threshold_is_that_of_two_passes_to_within_one_bin(graph):
    default, two = (calibrate(graph, photographs(graph), Settings(passes=passes)) for passes in (0, 2))
    assert check_table(default.table, graph) == []
    assert len(default.table.activations) == 26
    for one, other in zip(per_value(default), per_value(two), strict=True):
        assert abs(one.threshold - other.threshold) / one.stats.bin_width <= 1.01, one.name
    assert len(default.second_pass) < len(two.second_pass) == 18
    weighed = {name: (default.table.weights[name] == two.table.weights[name]).all() for name in two.table.weights}
    assert all(weighed.values())


@pytest.mark.parametrize(("method", "least"), [("kl", 0.9994), ("mse", 0.9997)])
def test_simulated_int8_answers_as_float(method, least, graph):
    forward = Forward(graph, 10)
    ((_, inputs),) = photographs(graph).batches(10)
    table = calibrate(graph, photographs(graph), Settings(method)).table

    def logits(replace):
        kept = {}
        forward.run(inputs, lambda value, tensor: kept.update({value.name: tensor.clone()}), replace)
        return kept["pool10"].flatten(1).double()

    before, after = logits({}), logits(int8_calls(forward.graph, table))
    assert (before.argmax(1) == after.argmax(1)).all()
    assert float(torch.cosine_similarity(before, after).mean()) >= least


def test_the_older_tools_command_line_as_printed(tmp_path, by_reference):
    script = ROOT / "example" / "caffe-int8-convert-tool-dev-weight.py"
    line = [
        sys.executable,
        str(script),
        f"--proto={FILES[0]}",
        f"--model={FILES[1]}",
        "--mean",
        "104",
        "117",
        "123",
        "--norm=1",
        f"--images={DATA / 'images'}/",
        "-output=net.table",
        "--group=1",
        "--gpu=1",
    ]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    table = read_table(tmp_path / "net.table")
    assert table.activations["conv1"] == by_reference.table.activations["conv1"]
    assert table.activations.keys() == by_reference.table.activations.keys()
    assert all((table.weights[name] == scales).all() for name, scales in by_reference.table.weights.items())
