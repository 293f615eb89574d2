"""Rewritten files and ncnn's of a network that amplifies rounding are not refused for it; wrong ones are."""

from __future__ import annotations

import numpy as np
import pytest

from pytorch2caffe import load_caffe, save_caffe, save_ncnn, trace
from pytorch2caffe.convert.lower_files import output_differences
from pytorch2caffe.verify.compare_ncnn import compare_in_ncnn
from tests.verify.test_second_look import Amplifying, random_input


@pytest.fixture
def written(tmp_path):
    """Writes the network; returns the graph of the file."""

    def write(**settings):
        files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
        save_caffe(trace(Amplifying(), random_input(1, 3, 12, 12)), *files, **settings)
        return load_caffe(*files)

    return write


def test_folding_is_no_difference(written):
    assert output_differences(written(), written(fold_bn=True), 1e-4) == []


def test_a_weight_off_by_a_thousandth_is_one(written):
    plain, wrong = written(), written(fold_bn=True)
    wrong.nodes[-1].blobs = tuple(blob * np.float32(1.001) for blob in wrong.nodes[-1].blobs)
    assert output_differences(plain, wrong, 1e-4)


def test_in_ncnn(written, tmp_path, ncnn):
    graph = written()
    files = save_ncnn(graph, tmp_path / "net")
    inputs = {graph.inputs[0].name: random_input(1, 3, 12, 12).numpy()}
    found = compare_in_ncnn(graph, tmp_path / "net.param", tmp_path / "net.bin", files, inputs, tolerance=1e-6)
    assert found.equal
    assert found.within_float32
