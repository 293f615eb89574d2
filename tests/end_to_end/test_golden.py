"""The exact file, through the real command."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pytorch2caffe import ConversionError, export, load_caffe, to_torch
from pytorch2caffe.cli import main
from tests.models import tiny


def test_the_file_written_is_exactly_this(tmp_path, golden):
    prefix = tmp_path / "tiny"
    assert main(["export", "tests.models:tiny", "--input-shape", "1,3,32,32", "-o", str(prefix), "--name", "Tiny"]) == 0
    golden("tiny.prototxt", prefix.with_suffix(".prototxt").read_text())


def test_the_source_generated_is_exactly_this(tmp_path, golden):
    from pytorch2caffe import generate, trace

    source, _ = generate(trace(tiny(), torch.zeros(1, 3, 32, 32)))
    golden("tiny.py.txt", source)


def test_a_shared_layer_is_one_set_of_weights(tmp_path):
    prefix = tmp_path / "tiny"
    assert main(["export", "tests.models:tiny", "--input-shape", "1,3,32,32", "-o", str(prefix)]) == 0
    graph = load_caffe(prefix.with_suffix(".prototxt"), prefix.with_suffix(".caffemodel"))
    first, second = (node for node in graph.nodes if node.name.startswith("mix"))
    assert all(a is b for a, b in zip(first.blobs, second.blobs, strict=True))


def test_more_than_caffe_can_read_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("pytorch2caffe.backends.caffe.writer.MOST_BYTES", 1000)
    with pytest.raises(ConversionError, match="and Caffe reads at most 1,000"):
        export(tiny(), torch.zeros(1, 3, 32, 32), tmp_path / "tiny.prototxt", tmp_path / "tiny.caffemodel")
    assert not list(tmp_path.iterdir())


def test_there_and_back_gives_the_same_numbers(tmp_path):
    prefix = tmp_path / "tiny"
    assert main(["export", "tests.models:tiny", "--input-shape", "1,3,32,32", "-o", str(prefix)]) == 0
    model, x = tiny(), torch.randn(1, 3, 32, 32)
    again = to_torch(load_caffe(prefix.with_suffix(".prototxt"), prefix.with_suffix(".caffemodel")))
    with torch.no_grad():
        np.testing.assert_allclose(again(x), model(x), rtol=1e-4, atol=1e-5)


def test_another_batch_size_runs_too(tmp_path, real_caffe):
    prefix = tmp_path / "tiny"
    assert main(["export", "tests.models:tiny", "--input-shape", "1,3,32,32", "-o", str(prefix)]) == 0
    files = prefix.with_suffix(".prototxt"), prefix.with_suffix(".caffemodel")
    model, x = tiny(), torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        expected = model(x).numpy()
    results = list(real_caffe.run(*files, {"data": x.numpy()}).values())
    np.testing.assert_allclose(results[-1], expected, rtol=1e-4, atol=1e-5)
