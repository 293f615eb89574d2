"""A Caffe network as MMdnn delivers it: a script with the prototxt in it, and a file of weights."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

import caffe_proto
from caffe_proto import atomic_files, temporary_folder

from ...backends.caffe.writer import save_caffe
from ...errors import ConversionError, reading
from ...graph.graph import Graph
from .kit_model import load_code, plain, read_arrays, write_arrays

SCRIPT = '''"""The Caffe network {name}. To write its files: python {code} {weights} PREFIX"""

PROTOTXT = {prototxt}

if __name__ == "__main__":
    import sys

    from {module} import write_model

    print(*write_model(__file__, *sys.argv[1:]))
'''


def write_code(graph: Graph, code: str | Path, weights: str | Path) -> None:
    """Writes a graph as a script and its weights, both or neither. Raises UnsupportedError as save_caffe does.

    weights: a file for numpy.load; "3/0" is blob 0 of layer 3, counted from 0, inputs included.
    """
    with temporary_folder() as folder:
        files = folder / "net.prototxt", folder / "net.caffemodel"
        lowered = save_caffe(graph, *files)
        prototxt = files[0].read_text(encoding="ascii")
    first = len(lowered.inputs)  # each is a layer of the file
    arrays = {
        f"{index + first}/{blob_index}": blob
        for index, node in enumerate(lowered.nodes)
        for blob_index, blob in enumerate(node.blobs)
    }
    text = repr(prototxt) if "'''" in prototxt else f"r'''{prototxt}'''"
    names = {
        key: plain(value)
        for key, value in {"name": graph.name, "code": Path(code).name, "weights": Path(weights).name}.items()
    }
    with atomic_files(code, weights) as (script, binary):
        script.write_text(SCRIPT.format(prototxt=text, module=__name__, **names), encoding="utf-8")
        with binary.open("wb") as file:
            write_arrays(file, arrays)


def write_model(code: str | Path, weights: str | Path, prefix: str | Path) -> tuple[Path, Path]:
    """Writes PREFIX.prototxt and PREFIX.caffemodel from a script and its weights, both or neither; returns them."""
    prototxt = getattr(load_code(code), "PROTOTXT", None)
    if not isinstance(prototxt, str):
        raise ConversionError(f"{code} has no PROTOTXT: generate it with `mmtocode -f caffe`")
    arrays = read_arrays(weights)
    if not all(re.fullmatch(r"\d{1,6}/\d{1,6}", key) for key in arrays):
        raise ConversionError(f"{weights} is not a weights file of mmtocode -f caffe")
    target = Path(prefix)
    files = target.with_name(f"{target.name}.prototxt"), target.with_name(f"{target.name}.caffemodel")
    with atomic_files(*files) as (text, binary):
        text.write_text(prototxt, encoding="utf-8")
        net = caffe_proto.read_prototxt(text).net
        blobs: list[list[np.ndarray]] = [[] for _ in net.layer]
        for key in sorted(arrays, key=lambda key: [int(part) for part in key.split("/")]):
            index = int(key.split("/")[0])
            if index >= len(blobs):
                raise ConversionError(f"{weights} does not fit {code}: it has weights for layer {index}")
            with reading(weights, "a weights file of mmtocode"):
                blobs[index].append(arrays[key])
        caffe_proto.write_caffemodel(net, blobs, binary)
    return files
