"""Random inputs for proofs: any number will not do where it chooses a row."""

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import load_caffe, save_caffe, trace
from pytorch2caffe.cli import main
from pytorch2caffe.runtime.random_inputs import random_inputs
from tests.layers.conftest import caffe_text

TABLE, SMALL = nn.Embedding(7, 4), nn.Embedding(3, 4)
PLACES = torch.zeros(2, 30, dtype=torch.long)
CHOOSING = {
    "itself": (TABLE, 7),
    "moved": (lambda x: TABLE(x.view(30, 2)[:20].permute(1, 0)), 7),
    "by two tables": (lambda x: (TABLE(x), SMALL(x)), 3),
    "computed first": (lambda x: TABLE(x * 2), 1),
}


@pytest.mark.parametrize(("model", "rows"), CHOOSING.values(), ids=CHOOSING)
def test_what_chooses_a_row_is_its_number(model, rows):
    (array,) = random_inputs(trace(model, PLACES)).values()
    assert set(np.unique(array)) == set(range(rows))
    assert array.dtype == np.float32


def test_what_chooses_a_sample_is_its_number(tmp_path):
    layers = 'layer { name: "y" type: "BatchReindex" bottom: "x" bottom: "i" top: "y" }'
    (tmp_path / "net.prototxt").write_text(caffe_text(layers, x=(3, 2), i=(40,)))
    inputs = random_inputs(load_caffe(tmp_path / "net.prototxt"))
    assert set(np.unique(inputs["i"])) == {0, 1, 2}
    assert len(np.unique(inputs["x"])) == 6


def test_others_are_normal_numbers_within_max_abs():
    graph = trace(nn.ReLU(), torch.zeros(1, 10000))
    (plain,), (far,) = (random_inputs(graph, max_abs=max_abs).values() for max_abs in (None, {graph.inputs[0]: 30.0}))
    assert abs(plain.std() - 1) < 0.05
    np.testing.assert_allclose(far, 10 * plain, rtol=1e-6)


def test_a_network_that_looks_up_rows_is_rewritten(tmp_path):
    files = tmp_path / "a.prototxt", tmp_path / "a.caffemodel"
    save_caffe(trace(TABLE, PLACES), *files, dialect="caffe-master")
    assert main(["lower", *map(str, files), "--target", "caffe", "-o", str(tmp_path / "b")]) == 0
