"""OpenCV as a runtime, and the little it needs to know of the prototxt."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from pytorch2caffe.verify.runtimes import RuntimeFailed, RuntimeUnavailable
from pytorch2caffe.verify.runtimes.opencv import OpenCVRuntime
from pytorch2caffe.verify.runtimes.tops import tops_of

NET = """
input: "a" input_shape { dim: 1 dim: 2 dim: 3 dim: 3 }
input: "b" input_shape { dim: 1 dim: 2 dim: 3 dim: 3 }
layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "x" }
layer { name: "relu" type: "ReLU" bottom: "x" top: "x" }
layer { name: "cut" type: "Slice" bottom: "x" top: "left" top: "right" slice_param { axis: 1 } }
layer { name: "quiet" type: "Silence" bottom: "right" }
layer { name: "double" type: "Power" bottom: "left" top: "y" power_param { scale: 2 } }
"""


@pytest.fixture(scope="module")
def opencv():
    runtime = OpenCVRuntime()
    if reason := runtime.unavailable():
        pytest.skip(f"opencv: {reason}")
    return runtime


@pytest.fixture
def files(tmp_path):
    """Writes a network without weights."""

    def write(prototxt):
        (tmp_path / "net.prototxt").write_text(prototxt)
        (tmp_path / "net.caffemodel").write_bytes(b"")
        return tmp_path / "net.prototxt", tmp_path / "net.caffemodel"

    return write


def inputs():
    a = np.arange(18, dtype="f4").reshape(1, 2, 3, 3)
    return {"a": a, "b": np.full_like(a, -5)}


def test_every_layer_by_name_in_place_ones_apart(opencv, files):
    results = opencv.run(*files(NET), inputs())
    names = [("sum", "x"), ("relu", "x"), ("cut", "left"), ("double", "y")]  # OpenCV lets others write over "right"
    assert list(results) == names
    total = inputs()["a"] - 5
    assert np.array_equal(results["sum", "x"], total)
    assert np.array_equal(results["relu", "x"], np.maximum(total, 0))
    assert np.array_equal(results["double", "y"], 2 * np.maximum(total[:, :1], 0))


def test_the_same_as_real_caffe(opencv, real_caffe, files):
    ours, theirs = opencv.run(*files(NET), inputs()), real_caffe.run(*files(NET), inputs())
    assert list(ours) == [key for key in theirs if key != ("cut", "right")]
    assert all(np.array_equal(ours[key], theirs[key]) for key in ours)


def test_a_layer_opencv_does_not_know(opencv, files):
    with pytest.raises(RuntimeFailed, match=r"(?s)OpenCV 4.*NoSuchLayer"):
        opencv.run(*files(NET + 'layer { name: "z" type: "NoSuchLayer" bottom: "y" top: "z" }'), inputs())


def test_an_input_opencv_does_not_know(opencv, files):
    with pytest.raises(RuntimeFailed, match=r'"c" not found \(inputs given: a, c\)'):
        opencv.run(*files(NET), {"a": inputs()["a"], "c": inputs()["b"]})


def test_a_file_that_is_broken(opencv, files):
    prototxt, caffemodel = files(NET)
    prototxt.write_text("layer {")
    with pytest.raises(RuntimeFailed):
        opencv.run(prototxt, caffemodel, inputs())


def module(name, **contents):
    """A cv2 that is not the one installed."""
    return types.SimpleNamespace(__name__=name, **contents)


def test_opencv_5_is_not_available_and_says_why(monkeypatch, files):
    monkeypatch.setitem(sys.modules, "cv2", module("cv2", __version__="5.0.0", dnn=module("dnn")))
    runtime = OpenCVRuntime()
    assert "OpenCV 5.0.0 no longer reads Caffe files" in runtime.unavailable()
    assert "opencv-python-headless<5" in runtime.unavailable()
    with pytest.raises(RuntimeUnavailable, match="opencv: OpenCV 5"):
        runtime.run(*files(NET), inputs())


def test_no_opencv_is_not_available_and_says_why(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert "opencv-python-headless<5" in OpenCVRuntime().unavailable()


TOPS = {
    "several tops": ('layer { name: "a" top: "x" top: "y" }', {"a": ["x", "y"]}),
    "no top": ('layer { name: "a" type: "Silence" bottom: "x" }', {"a": []}),
    "a colon before the brace": ('layer: { name: "a" top: "x" }', {"a": ["x"]}),
    "the old spelling": ('layers { name: "a" top: "x" type: RELU }', {"a": ["x"]}),
    "single quotes": ("layer { name: 'a' top: 'x' }", {"a": ["x"]}),
    "comments": ('# layer { name: "no" }\nlayer { name: "a" # top: "no"\n top: "x#y" }', {"a": ["x#y"]}),
    "braces in a name": ('layer { name: "a{" top: "x}" }', {"a{": ["x}"]}),
    "names further inside": ('layer { name: "a" param { name: "w" } top: "x" }', {"a": ["x"]}),
    "no space and commas": ('layer{name:"a",top:"x";}', {"a": ["x"]}),
    "the net's own fields": (
        'name: "net" input: "a" input_shape { dim: 1 } layer { name: "b" top: "c" }',
        {"b": ["c"]},
    ),
}


@pytest.mark.parametrize(("prototxt", "tops"), TOPS.values(), ids=TOPS)
def test_tops(prototxt, tops):
    assert tops_of(prototxt) == tops
