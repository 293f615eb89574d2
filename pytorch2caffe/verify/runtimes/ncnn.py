"""ncnn, as phones run it: .param and .bin files, or Caffe files that are written as such first."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...formats.ncnn import blob_shape
from ...graph.graph import Graph
from .base import ModuleRuntime, Results, RuntimeFailed


class NcnnRuntime(ModuleRuntime):
    """The ncnn of the Python package, on one thread of the CPU, in float32 and without Winograd.

    Given .param and .bin, a blob [C, H, W] comes as [1, C, H, W]; given Caffe files, in Caffe's shape.
    """

    name = module = "ncnn"
    help = 'install ncnn: pip install "pytorch2caffe[ncnn]"'

    def _lack(self, module: Any) -> str | None:
        return None if hasattr(module, "Net") else "the module ncnn has no Net"

    def _run(
        self, prototxt: Path, caffemodels: list[Path], inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None
    ) -> Results:
        if is_param(prototxt):
            if len(caffemodels) != 1:
                raise RuntimeFailed(f"ncnn reads one .bin, not {len(caffemodels)}")
            return run_files(prototxt, caffemodels[0], inputs, wanted)
        from ...backends.ncnn.writer import save_ncnn
        from ...frontends.caffe.reader import load_caffe

        graph = load_caffe(prototxt, caffemodels)
        for value in graph.inputs:
            if value.name in inputs and inputs[value.name].shape != value.shape:
                given = list(inputs[value.name].shape)
                raise RuntimeFailed(f"ncnn: {value.name!r} is {list(value.shape)} in {prototxt.name}, not {given}")
        with tempfile.TemporaryDirectory() as folder:
            prefix = Path(folder) / "net"
            files = save_ncnn(graph, prefix)
            fed = {files.inputs[name]: array for name, array in inputs.items() if name in files.inputs}
            found = run_files(Path(f"{prefix}.param"), Path(f"{prefix}.bin"), fed, None)
        return in_shape(found, files.graph, files.renamed, wanted)


def is_param(path: Path) -> bool:
    """Whether a file is a .param file: it begins with ncnn's number."""
    with path.open("rb") as stream:
        return stream.read(7) == b"7767517"


def in_shape(
    found: Results, graph: Graph, renamed: Mapping[str, str], wanted: Collection[str] | None = None
) -> Results:
    """ncnn's blobs in the shapes of the graph's values, under the values' names."""
    values = {value.name: value for node in graph.nodes for value in node.outputs}
    shaped = {}
    for (layer, blob), array in found.items():
        value = values.get(renamed.get(blob, blob))
        if value is not None and (wanted is None or (value.top or value.name) in wanted):
            fits = array.size == int(np.prod(value.shape))
            key = renamed.get(layer, layer), value.top or value.name
            shaped[key] = array.reshape(value.shape) if fits else array
    return shaped


def run_files(param: Path, binary: Path, inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None) -> Results:
    """Every blob of the network, in the order of its layers; integers for an Embed are fed as such."""
    import ncnn

    layers = layers_of(param)
    with_ints = _read_by_embed(layers)
    net = ncnn.Net()
    _set(net.opt)
    if net.load_param(str(param)) != 0:
        raise RuntimeFailed(f"ncnn cannot load {param.name}: {_why(layers)}")
    if net.load_model(str(binary)) != 0:
        raise RuntimeFailed(f"ncnn cannot load {binary.name}: its weights are not those of {param.name}")
    held = []
    extractor = net.create_extractor()
    for name, array in inputs.items():
        held.append(_mat(array, name in with_ints))
        if extractor.input(name, held[-1]) != 0:
            raise RuntimeFailed(f"ncnn: {param.name} has no input {name!r}")
    results: Results = {}
    for layer, type, _, tops in layers:
        for top in tops:
            if type == "Split" and layer.startswith("splitncnn_") or wanted is not None and top not in wanted:
                continue
            code, mat = extractor.extract(top)
            if code != 0:
                raise RuntimeFailed(f"ncnn: layer {layer!r} fails with code {code}")
            if mat.elemsize == 4:  # int8 that one layer hands to the next says nothing without its scale
                results[layer, top] = np.array(mat, np.float32)[None]
    return results


def _mat(array: np.ndarray, whole: bool) -> Any:
    """A blob of its own: ncnn.Mat refers to an array's memory, and its channels do not begin where layers expect."""
    import ncnn

    data = np.require(array.reshape(blob_shape(array.shape)), np.int32 if whole else np.float32, "C").view(np.float32)
    return ncnn.Mat(data).clone()


def _set(opt: Any) -> None:
    """Exact: float32 throughout, every layer as its definition says; and every blob kept."""
    opt.lightmode = False
    opt.num_threads = 1
    for name in (
        "use_vulkan_compute",
        "use_winograd_convolution",
        "use_fp16_packed",
        "use_fp16_storage",
        "use_fp16_arithmetic",
        "use_bf16_storage",
        "use_bf16_packed",
    ):
        if hasattr(opt, name):
            setattr(opt, name, False)


def layers_of(param: Path) -> list[tuple[str, str, list[str], list[str]]]:
    """(name, type, bottoms, tops) of each layer of a .param file."""
    found = []
    for line in param.read_text(encoding="utf-8").splitlines()[2:]:
        words = line.split()
        if len(words) >= 4 and words[2].isdigit() and words[3].isdigit():
            bottoms, tops = int(words[2]), int(words[3])
            found.append((words[1], words[0], words[4 : 4 + bottoms], words[4 + bottoms : 4 + bottoms + tops]))
    return found


def _read_by_embed(layers: list[tuple[str, str, list[str], list[str]]]) -> set[str]:
    """Blobs that reach an Embed through layers that only pass them on."""
    found: set[str] = set()
    for _, type, bottoms, tops in reversed(layers):
        if type == "Embed" or type in ("Split", "Reshape", "Flatten") and found.intersection(tops):
            found.update(bottoms)
    return found


def _why(layers: list[tuple[str, str, list[str], list[str]]]) -> str:
    import ncnn

    exists = getattr(ncnn, "layer_to_index", None)
    unknown = sorted({type for _, type, _, _ in layers if exists and exists(type) == -1})
    return f"it has no layer {', '.join(unknown)}" if unknown else "is it a .param file?"
