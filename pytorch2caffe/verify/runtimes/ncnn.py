"""ncnn: runs .param and .bin files, or Caffe files after converting them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from caffe_proto import temporary_folder

from ...formats.ncnn import blob_shape
from ...graph.graph import Graph
from .base import ModuleRuntime, Results, RuntimeFailed

AS_STORED = 1  # of Extractor.extract: neither unpacked nor cast to float
QUANTIZED = {"Convolution", "ConvolutionDepthWise", "InnerProduct"}  # those whose param 8 says int8


class NcnnRuntime(ModuleRuntime):
    """The Python package ncnn, on one CPU thread, in float32 and without Winograd.

    For .param and .bin files, a blob [C, H, W] is returned as [1, C, H, W]; for Caffe files, in Caffe's shape.
    """

    name = module = "ncnn"
    install_hint = 'install ncnn: pip install "pytorch2caffe[ncnn]"'

    def _unusable_reason(self, module: Any) -> str | None:
        return None if hasattr(module, "Net") else "the module ncnn has no Net"

    def _run(
        self, prototxt: Path, caffemodels: list[Path], inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None
    ) -> Results:
        if is_param_file(prototxt):
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
        with temporary_folder() as folder:
            prefix = folder / "net"
            files = save_ncnn(graph, prefix)
            arrays = {files.inputs[name]: array for name, array in inputs.items() if name in files.inputs}
            blobs = run_files(Path(f"{prefix}.param"), Path(f"{prefix}.bin"), arrays, None)
        return with_caffe_shapes(blobs, files.graph, files.renamed, wanted)


def is_param_file(path: Path) -> bool:
    """Whether a file is a .param file, which begins with a magic number."""
    with path.open("rb") as stream:
        return stream.read(7) == b"7767517"


def with_caffe_shapes(
    blobs: Results, graph: Graph, renamed: Mapping[str, str], wanted: Collection[str] | None = None
) -> Results:
    """ncnn's blobs with the shapes and names of the graph's values.

    renamed: {name in ncnn: name in the graph}, where they differ.
    wanted:  the tops to return; all unless given.
    """
    values = {value.name: (node.layer, value) for node in graph.nodes for value in node.outputs}
    shaped = {}
    for (layer, blob), array in blobs.items():
        source, value = values.get(renamed.get(blob, blob), (None, None))
        if source is not None and value is not None and (wanted is None or (value.top or value.name) in wanted):
            key = renamed.get(layer, layer), value.top or value.name
            shaped[key] = source.from_ncnn(array, value.shape)
    return shaped


def run_files(param: Path, binary: Path, inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None) -> Results:
    """Runs .param and .bin files once, as `LoadedFiles` does."""
    return LoadedFiles(param, binary).run(inputs, wanted)


class LoadedFiles:
    """.param and .bin files, loaded to be run. Raises RuntimeFailed if ncnn cannot load them."""

    def __init__(self, param: Path, binary: Path) -> None:
        import ncnn

        self.param = param
        self.layers = read_layers(param)
        self._int_inputs = _inputs_of_embed(self.layers)
        self._net = ncnn.Net()
        _set_options(self._net.opt)
        if self._net.load_param(str(param)) != 0:
            raise RuntimeFailed(f"ncnn cannot load {param.name}: {_load_failure(self.layers)}")
        if self._net.load_model(str(binary)) != 0:
            raise RuntimeFailed(f"ncnn cannot load {binary.name}: it does not contain the weights of {param.name}")

    @property
    def inputs(self) -> list[str]:
        """The input blobs, in order."""
        return [top for _, type, _, tops in self.layers if type == "Input" for top in tops]

    @property
    def input_shapes(self) -> list[tuple[int, ...]]:
        """The shapes of the inputs as the file states them, with a batch axis of 1: [1, C, H, W]."""
        lines = [line.split() for line in self.param.read_text(encoding="utf-8").splitlines()]
        shapes = []
        for words in (words for words in lines if words[:1] == ["Input"]):
            sizes = dict(word.split("=") for word in words[4:] if re.fullmatch(r"[012]=[1-9]\d*", word))
            shapes.append((1, *(int(sizes[key]) for key in "210" if key in sizes)))
        return shapes

    @property
    def outputs(self) -> list[str]:
        """The blobs that no layer reads, in order."""
        read = {bottom for _, _, bottoms, _ in self.layers for bottom in bottoms}
        return [top for _, _, _, tops in self.layers for top in tops if top not in read]

    def run(self, inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None) -> Results:
        """Every wanted blob, in the order of the layers; None: all.

        inputs: name of the input blob -> array; the input of an Embed is passed to ncnn as int32.

        Raises RuntimeFailed if ncnn cannot run the files.
        """
        mats = []
        extractor = self._net.create_extractor()
        for name, array in inputs.items():
            mats.append(_to_mat(array, name in self._int_inputs))
            if extractor.input(name, mats[-1]) != 0:
                raise RuntimeFailed(f"ncnn: {self.param.name} has no input {name!r}")
        results: Results = {}
        for layer, type, _, tops in self.layers:
            for top in tops:
                if type == "Split" and layer.startswith("splitncnn_") or wanted is not None and top not in wanted:
                    continue
                code, mat = extractor.extract(top, AS_STORED)
                if code != 0:
                    raise RuntimeFailed(f"ncnn: layer {layer!r} fails with code {code}")
                if mat.empty():
                    results[layer, top] = np.zeros((1, 0), np.float32)
                elif mat.elembits() != 8:  # int8 blobs between layers have no meaning without their scale
                    results[layer, top] = np.array(extractor.extract(top)[1], np.float32)[None]
        return results


def _to_mat(array: np.ndarray, as_ints: bool) -> Any:
    """The array as an ncnn.Mat that owns its memory, with the channel alignment that ncnn's layers expect."""
    import ncnn

    data = np.require(array.reshape(blob_shape(array.shape)), np.int32 if as_ints else np.float32, "C").view(np.float32)
    return ncnn.Mat(data).clone()


def _set_options(opt: Any) -> None:
    """Selects exact float32 arithmetic and keeps every blob."""
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


@dataclass(frozen=True)
class ParamLayer:
    """A layer of a .param file. int8: whether its weights are int8, as its param 8 says."""

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    int8: bool


def param_layers(param: Path) -> list[ParamLayer]:
    """The layers of a .param file."""
    lines = param.read_text(encoding="utf-8").splitlines()[2:]
    settings = {(words := line.split())[1]: words[4:] for line in lines if len(line.split()) >= 4}
    found = []
    for name, type, bottoms, tops in read_layers(param):
        rest = settings[name][len(bottoms) + len(tops) :]
        int8 = type in QUANTIZED and any(re.fullmatch(r"8=0*[1-9]\d*", word) for word in rest)
        found.append(ParamLayer(name, type, tuple(bottoms), tuple(tops), int8))
    return found


def read_layers(param: Path) -> list[tuple[str, str, list[str], list[str]]]:
    """(name, type, bottoms, tops) of each layer of a .param file."""
    layers = []
    for line in param.read_text(encoding="utf-8").splitlines()[2:]:
        words = line.split()
        if len(words) >= 4 and words[2].isdigit() and words[3].isdigit():
            bottoms, tops = int(words[2]), int(words[3])
            layers.append((words[1], words[0], words[4 : 4 + bottoms], words[4 + bottoms : 4 + bottoms + tops]))
    return layers


def _inputs_of_embed(layers: list[tuple[str, str, list[str], list[str]]]) -> set[str]:
    """The blobs that are an Embed's input, directly or through layers that only copy them."""
    blobs: set[str] = set()
    for _, type, bottoms, tops in reversed(layers):
        if type == "Embed" or type in ("Split", "Reshape", "Flatten") and blobs.intersection(tops):
            blobs.update(bottoms)
    return blobs


def _load_failure(layers: list[tuple[str, str, list[str], list[str]]]) -> str:
    import ncnn

    exists = getattr(ncnn, "layer_to_index", None)
    unknown = sorted({type for _, type, _, _ in layers if exists and exists(type) == -1})
    return f"it has no layer {', '.join(unknown)}" if unknown else "it is not a valid .param file"
