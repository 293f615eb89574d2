"""A Caffe network as MMdnn hands it over: a script that holds the prototxt, and the weights beside it."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np

import caffe_proto
from caffe_proto import atomic_files

from ...backends.caffe.writer import save_caffe
from ...errors import ConversionError
from ...graph.graph import Graph
from .kit_model import load_code, plain, read_arrays, write_arrays

SCRIPT = '''"""The Caffe network {name}. To write its files: python {code} {weights} PREFIX"""

PROTOTXT = {prototxt}

if __name__ == "__main__":
    import sys

    from pytorch2caffe.kit_caffe import write_model

    print(*write_model(__file__, *sys.argv[1:]))
'''


def write_code(graph: Graph, code: str | Path, weights: str | Path) -> None:
    """Writes a graph as a script and its weights, both or neither. Raises UnsupportedError as save_caffe does.

    weights: what numpy.load reads: blob 0 of the layer at place 3 of the network is "3/0".
    """
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "net.prototxt", Path(folder) / "net.caffemodel"
        lowered = save_caffe(graph, *files)
        prototxt = files[0].read_text(encoding="ascii")
    ahead = len(lowered.inputs)
    arrays = {
        f"{place + ahead}/{index}": blob
        for place, node in enumerate(lowered.nodes)
        for index, blob in enumerate(node.blobs)
    }
    text = repr(prototxt) if "'''" in prototxt else f"r'''{prototxt}'''"
    names = {
        key: plain(value)
        for key, value in {"name": graph.name, "code": Path(code).name, "weights": Path(weights).name}.items()
    }
    with atomic_files(code, weights) as (script, binary):
        script.write_text(SCRIPT.format(prototxt=text, **names), encoding="utf-8")
        with binary.open("wb") as file:
            write_arrays(file, arrays)


def write_model(code: str | Path, weights: str | Path, prefix: str | Path) -> tuple[Path, Path]:
    """Writes PREFIX.prototxt and PREFIX.caffemodel from a script and its weights, both or neither; returns them."""
    prototxt = getattr(load_code(code), "PROTOTXT", None)
    if not isinstance(prototxt, str):
        raise ConversionError(f"{code} has no PROTOTXT: make it by `mmtocode -f caffe`")
    arrays = read_arrays(weights)
    if not all(re.fullmatch(r"\d{1,6}/\d{1,6}", key) for key in arrays):
        raise ConversionError(f"{weights} is no file of weights made by mmtocode -f caffe")
    target = Path(prefix)
    files = target.with_name(f"{target.name}.prototxt"), target.with_name(f"{target.name}.caffemodel")
    with atomic_files(*files) as (text, binary):
        text.write_text(prototxt, encoding="utf-8")
        net = caffe_proto.read_prototxt(text).net
        blobs: list[list[np.ndarray]] = [[] for _ in net.layer]
        for key in sorted(arrays, key=lambda key: [int(part) for part in key.split("/")]):
            place = int(key.split("/")[0])
            if place >= len(blobs):
                raise ConversionError(f"{weights} does not fit {code}: it has weights for a layer number {place}")
            blobs[place].append(arrays[key])
        caffe_proto.write_caffemodel(net, blobs, binary)
    return files
