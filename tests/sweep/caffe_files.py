"""Tries every prototxt below folders: loaded, refused by layer type, or wrong.

python -m tests.sweep.caffe_files FOLDER ... [--caffe]    (make sweep-caffe FILES=FOLDER)

A file that is loaded gets random weights and is run as a PyTorch module; with --caffe also in real Caffe, where that
has all of its layers, and every output is compared. Nothing is written but the report on stdout.
"""

from __future__ import annotations

import argparse
import logging
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

import caffe_proto
from pytorch2caffe import ConversionError, UnsupportedError, load_caffe, to_torch
from pytorch2caffe.verify.runtimes import RuntimeFailed, get
from tests.frontends.caffe.families_page import random_input, random_weights
from tests.layers.conftest import relative_l2
from tests.layers.forks import write_weights

TOLERANCE = 1e-4
LARGEST = 5e8  # weights of a network that is run
SOLVER = re.compile(r"^\s*(base_lr|net|train_net|max_iter)\s*:", re.MULTILINE)


def main() -> None:
    """Prints a line for each file, and what was counted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--caffe", action="store_true", help="compare with real Caffe where it has the layers")
    flags = parser.parse_args()
    logging.getLogger("caffe_proto").setLevel(logging.ERROR)
    counts: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    for path in (file for folder in flags.folders for file in sorted(folder.rglob("*.prototxt"))):
        if SOLVER.search(path.read_text(encoding="utf-8", errors="replace")):
            continue
        verdict, why = tried(path, flags.caffe)
        counts[verdict] += 1
        causes.update(why if verdict == "refused" else [])
        print(f"{verdict:8} {path}: {'; '.join(why)}", flush=True)
    print("\n" + ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())))
    for cause, count in causes.most_common():
        print(f"{count:5} {cause}")


def tried(path: Path, caffe: bool) -> tuple[str, list[str]]:
    """`loaded`, `refused` or `WRONG`, and the causes of a refusal, each once."""
    try:
        graph = load_caffe(path)
    except UnsupportedError as error:
        return "refused", sorted({_cause(problem.what) for problem in error.problems})
    except (ConversionError, OSError) as error:
        return "refused", [_cause(str(error).replace(f"{path}: ", ""))]
    if sum(blob.size for node in graph.nodes for blob in node.blobs) > LARGEST:
        return "loaded", [f"{len(graph.nodes)} layers, not run: more than {LARGEST:.0e} weights"]
    with tempfile.TemporaryDirectory() as folder:
        return _run(path, Path(folder), caffe)


def _cause(what: str) -> str:
    """The kind of a refusal: without names, numbers and lines of the file."""
    kind = re.search(r"layer type '?([\w.]+)'? is not supported", what)
    return f"layer {kind[1]}" if kind else re.sub(r"'[^']*'|\[[\d, ]*\]|\d+", "_", what.split("\n")[0])[:100]


def _run(path: Path, folder: Path, caffe: bool) -> tuple[str, list[str]]:
    weights = write_weights(path, folder / "net.caffemodel", random_weights(path))
    graph = load_caffe(path, weights)
    random = np.random.default_rng(0)
    inputs = {value.name: random_input(value.name, value.shape, random) for value in graph.inputs}
    with torch.no_grad():
        found = to_torch(graph)(*(torch.from_numpy(array) for array in inputs.values()))
    outputs = dict(zip(graph.outputs.values(), found if isinstance(found, tuple) else [found], strict=True))
    told = [f"{len(graph.nodes)} layers"]
    if caffe and set(_types(path)) <= set(get("caffe").worker.layer_types()):
        try:
            results = get("caffe").run(path, weights, inputs)
        except RuntimeFailed as error:
            return "loaded", [*told, f"not run in Caffe: {str(error).splitlines()[-1][:80]}"]
        tops = {top: array for (_, top), array in results.items()}
        for value, array in outputs.items():
            if value.top in tops and relative_l2(array.numpy(), tops[value.top]) > TOLERANCE:
                return "WRONG", [f"{value.top} differs from real Caffe"]
        told.append("equal in real Caffe")
    return "loaded", told


def _types(path: Path) -> Iterator[str]:
    for layer in caffe_proto.to_dict(caffe_proto.read_prototxt(path).net).get("layer", []):
        yield layer.get("type", "")


if __name__ == "__main__":
    main()
