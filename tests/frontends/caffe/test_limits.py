"""Files on which Caffe itself ends are refused by the reader and by `check`."""

from __future__ import annotations

import numpy as np
import pytest

from pytorch2caffe import UnsupportedError, load_caffe
from pytorch2caffe.backends.caffe.dialect_file import dialect
from pytorch2caffe.convert.check_files import check_files
from pytorch2caffe.verify.runtimes import RuntimeFailed

INPUT = 'layer { name: "x" type: "Input" top: "x" input_param { shape { %s } } }\n'
X = INPUT % "dim: 1 dim: 2 dim: 4 dim: 4"
LAYER = 'layer { name: "%s" type: "%s" bottom: "x" top: "%s" %s }\n'
CONV = "convolution_param { num_output: %d kernel_size: 1 }"
DENSE = "inner_product_param { num_output: %d }"
CASES = {
    "a blob beyond INT_MAX": (INPUT % "dim: 65536 dim: 65536" + LAYER % ("r", "ReLU", "y", ""), "2\\^31 - 1"),
    "no outputs": (X + LAYER % ("c", "Convolution", "y", CONV % 0), "num_output: 0"),
    "no outputs of InnerProduct": (X + LAYER % ("c", "InnerProduct", "y", DENSE % 0), "num_output: 0"),
    "outputs beyond INT_MAX": (X + LAYER % ("c", "Convolution", "y", CONV % 4294967295), "num_output: 4294967295"),
    "one top of two layers": (X + LAYER % ("a", "ReLU", "y", "") + LAYER % ("b", "AbsVal", "y", ""), "layer 'a' too"),
    "a top of two inputs": (X + X.replace('name: "x"', 'name: "z"') + LAYER % ("a", "ReLU", "y", ""), "layer 'x' too"),
    "a dimension of 0": (INPUT % "dim: 1 dim: 0 dim: 4 dim: 4" + LAYER % ("a", "ReLU", "y", ""), "no elements"),
}


@pytest.mark.parametrize(("text", "what"), CASES.values(), ids=CASES)
def test_it_is_refused(text, what, tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(text)
    with pytest.raises(UnsupportedError, match=what):
        load_caffe(path)
    problems = check_files(path, None, dialect("caffe"))
    assert any(what.replace("\\", "") in str(problem) for problem in problems)


@pytest.mark.parametrize("text", [text for text, _ in CASES.values()], ids=CASES)
def test_caffe_ends(text, real_caffe):
    shape = (1, 0, 4, 4) if "dim: 0" in text else (1, 2, 4, 4)
    with pytest.raises(RuntimeFailed):
        real_caffe.worker.run(text, b"", {"x": np.zeros(shape, np.float32)})


def test_a_layer_may_work_in_place(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(X + LAYER % ("a", "ReLU", "x", ""))
    assert len(load_caffe(path).nodes) == 1
