"""What needs no torch, with any Python, numpy and protobuf. Raises if something fails, or if torch is imported."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from google import protobuf

import caffe_proto
from pytorch2caffe import load_caffe
from pytorch2caffe.cli import main

NET = """name: "net"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 16 dim: 16 } } }
layer {
  name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 4 kernel_size: 3 pad: 1 }
}
layer { name: "relu" type: "ReLU" bottom: "conv" top: "relu" }
"""


def check(folder: Path) -> None:
    """Writes, reads and inspects a network."""
    (folder / "net.prototxt").write_text(NET, encoding="utf-8")
    random = np.random.default_rng(0)
    arrays = [random.normal(size=shape) for shape in ((4, 3, 3, 3), (4,))]
    caffe_proto.write_caffemodel(
        caffe_proto.read_prototxt(folder / "net.prototxt").net, [(), arrays, ()], folder / "net.caffemodel"
    )
    prototxt, caffemodel = str(folder / "net.prototxt"), str(folder / "net.caffemodel")
    for command in (
        ["summary", prototxt],
        ["check", prototxt, caffemodel, "--target", "nnie"],
        ["layers", "--where", "Convolution"],
        ["ncnn", prototxt, caffemodel, "--no-check", "--force", "-o", str(folder / "out")],
    ):
        code = main(command)
        assert code == 0, command
    graph = load_caffe(prototxt, caffemodel)
    net = caffe_proto.read_prototxt(prototxt).net
    caffe_proto.write_prototxt(net, folder / "again.prototxt")
    assert caffe_proto.read_prototxt(folder / "again.prototxt").net == net
    blobs = [(), *(node.blobs for node in graph.nodes)]
    caffe_proto.write_caffemodel(net, blobs, folder / "again.caffemodel")
    again = load_caffe(prototxt, folder / "again.caffemodel")
    for one, other in zip(graph.nodes, again.nodes, strict=True):
        assert all(map(np.array_equal, one.blobs, other.blobs))
    assert "torch" not in sys.modules
    print(f"Python {sys.version.split()[0]}, numpy {np.__version__}, protobuf {protobuf.__version__}: everything works")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        check(Path(place))
