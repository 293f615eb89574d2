"""ncnn: runs .param and .bin files, or Caffe files after converting them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from caffe_proto import temporary_folder

from ...formats.ncnn import blob_shape
from ...graph.graph import Graph
from . import get
from .base import ModuleRuntime, Results, RuntimeFailed, RuntimeUnavailable

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


def load_files(param: Path, binary: Path) -> LoadedFiles:
    """Loads .param and .bin files. Raises RuntimeUnavailable without ncnn, RuntimeFailed if it cannot load them."""
    if reason := get("ncnn").unavailable():
        raise RuntimeUnavailable(reason)
    return LoadedFiles(param, binary)


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
        return [top for layer in self.layers if layer.type == "Input" for top in layer.tops]

    @property
    def outputs(self) -> list[str]:
        """The blobs that no layer reads, in order."""
        read = {bottom for layer in self.layers for bottom in layer.bottoms}
        return [top for layer in self.layers for top in layer.tops if top not in read]

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
        for layer in self.layers:
            for top in layer.tops:
                is_copy = layer.type == "Split" and layer.name.startswith("splitncnn_")
                if is_copy or wanted is not None and top not in wanted:
                    continue
                code, mat = extractor.extract(top, AS_STORED)
                if code != 0:
                    raise RuntimeFailed(f"ncnn: layer {layer.name!r} fails with code {code}")
                if mat.empty():
                    results[layer.name, top] = np.zeros((1, 0), np.float32)
                elif mat.elembits() != 8:  # int8 blobs between layers have no meaning without their scale
                    results[layer.name, top] = np.array(extractor.extract(top)[1], np.float32)[None]
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
    """A layer of a .param file. settings: as text, by their numbers."""

    name: str
    type: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    settings: Mapping[str, str]

    @property
    def int8(self) -> bool:
        """Whether its weights are int8."""
        return self.type in QUANTIZED and bool(re.fullmatch(r"0*[1-9]\d*", self.settings.get("8", "")))


def read_layers(param: Path) -> list[ParamLayer]:
    """The layers of a .param file."""
    layers = []
    for line in param.read_text(encoding="utf-8").splitlines()[2:]:
        type, name, *rest = words if len(words := line.split()) >= 4 else ("", "", "", "")
        if rest[0].isdigit() and rest[1].isdigit():
            end = 2 + int(rest[0])
            last = end + int(rest[1])
            settings = dict(word.split("=", 1) for word in rest[last:] if "=" in word)
            layers.append(ParamLayer(name, type, tuple(rest[2:end]), tuple(rest[end:last]), settings))
    return layers


def input_shapes(param: Path) -> list[tuple[int, ...]]:
    """The shapes of the inputs as a .param file states them, with a batch axis of 1: [1, C, H, W]."""
    given = [[layer.settings.get(key, "") for key in "210"] for layer in read_layers(param) if layer.type == "Input"]
    return [(1, *(int(size) for size in sizes if re.fullmatch(r"[1-9]\d*", size))) for sizes in given]


def _inputs_of_embed(layers: Sequence[ParamLayer]) -> set[str]:
    """The blobs that are an Embed's input, directly or through layers that only copy them."""
    blobs: set[str] = set()
    for layer in reversed(layers):
        if layer.type == "Embed" or layer.type in ("Split", "Reshape", "Flatten") and blobs.intersection(layer.tops):
            blobs.update(layer.bottoms)
    return blobs


def _load_failure(layers: Sequence[ParamLayer]) -> str:
    import ncnn

    exists = getattr(ncnn, "layer_to_index", None)
    unknown = sorted({layer.type for layer in layers if exists and exists(layer.type) == -1})
    return f"it has no layer {', '.join(unknown)}" if unknown else "it is not a valid .param file"
