"""Reads and writes networks by the name of their framework: load_network, save_network.

Most need no torch, which is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import caffe_proto

from ..errors import ConversionError
from ..formats.output_path import check_output_path
from ..graph.cut import cut
from ..graph.graph import Graph
from .source import FROM, TO, NetworkSource

MODEL_SUFFIX = {".pt2", ".pth", ".pt"}


def load_network(source: NetworkSource) -> Graph:
    """Reads a network of any framework.

    Raises UnsupportedError listing everything that cannot be read, ConversionError for wrong or damaged files and for
    settings that the framework does not have.
    """
    if source.framework not in READERS:
        raise ConversionError(f"{source.framework!r} is not a framework to read: use {', '.join(FROM)}")
    if source.inputs and source.framework in ("pytorch", "ir", "darknet"):
        raise ConversionError(f"{source.framework} networks have their inputs themselves: give shapes without names")
    if source.framework != "pytorch" and (source.weights_key or source.allow_extra_keys or source.trust):
        raise ConversionError("--weights-key, --allow-extra-keys and --trust are for the checkpoints of PyTorch models")
    return READERS[source.framework](source)


def _load_caffe(source: NetworkSource) -> Graph:
    from ..frontends.caffe.reader import load_as

    if len(source.input_shapes) > 1 and not source.inputs:
        raise ConversionError("a Caffe file with several inputs: give their shapes by name, NAME=N,C,H,W")
    shapes = source.shapes if source.input_shapes else None
    reading = replace(source.caffe, input_shape=shapes, start=source.start, end=source.outputs)
    graph = load_as(source.network, source.weights, reading)
    if source.weights is None and not source.no_weights:
        _refuse_zeros(graph, source.network)
    return graph


def _refuse_zeros(graph: Graph, network: str) -> None:
    """Raises ConversionError if layers have weights, which are zeros where no file gave them."""
    if count := sum(bool(node.blobs) for node in graph.nodes):
        layers = "1 layer has" if count == 1 else f"{count} layers have"
        raise ConversionError(
            f"{network}: {layers} weights, and no caffemodel was given: they would be zeros\n"
            "  fix: give the caffemodel too, or --no-weights if zeros are wanted"
        )


def _load_ir(source: NetworkSource) -> Graph:
    from ..frontends.mmdnn.reader import load_ir

    if source.input_shapes:
        raise ConversionError("an IR defines the shapes of its inputs itself: give no --input-shape")
    return cut(load_ir(source.network, source.weights), source.start, source.outputs)


def _load_tensorflow(source: NetworkSource) -> Graph:
    from ..frontends.tensorflow import load_tensorflow

    shapes = source.shapes
    if source.start:
        if source.input_shapes and not source.inputs:
            raise ConversionError("--start and an --input-shape without a name: name the input")
        shapes = {**(shapes or {}), **source.start}
    return load_tensorflow(source.network, source.weights, list(source.outputs) or None, shapes)


def _load_keras(source: NetworkSource) -> Graph:
    from ..frontends.tensorflow.keras import load_keras

    if source.weights or source.start:
        raise ConversionError("a file of Keras has its weights itself, and is read from its inputs on")
    return load_keras(source.network, list(source.outputs) or None, source.shapes)


def _load_darknet(source: NetworkSource) -> Graph:
    from ..frontends.darknet import load_darknet

    graph = load_darknet(source.network, source.weights, input_shape=next(iter(source.input_shapes), None))
    return cut(graph, source.start, source.outputs)


def _load_mxnet(source: NetworkSource) -> Graph:
    from ..frontends.mxnet import load_mxnet

    if len(source.input_shapes) > 1 and not source.inputs:
        raise ConversionError("a network of MXNet with several inputs: give their shapes by name, NAME=N,C,H,W")
    shapes = source.shapes if source.input_shapes else None
    graph = load_mxnet(source.network, source.weights, input_shapes=shapes, end=source.outputs)
    return cut(graph, source.start, ())


def _load_onnx(source: NetworkSource) -> Graph:
    from ..frontends.onnx.load import load_onnx

    if source.weights:
        raise ConversionError(f"{source.weights}: an ONNX file names its own files of weights: give none")
    return load_onnx(source.network, source.shapes, list(source.outputs) or None, source.start)


def _load_pytorch(source: NetworkSource) -> Graph:
    import torch

    from ..frontends.torch import trace
    from ..frontends.torch.loading.models import load_model

    if not source.input_shapes:
        raise ConversionError(
            "a PyTorch model is run once to read it: give the shape of each input (--input-shape "
            "1,3,224,224; mmtoir and mmconvert: --inputShape 3,224,224)"
        )
    if any(size < 1 for shape in source.input_shapes for size in shape):
        raise ConversionError(f"{source.input_shapes} has a size below 1: give sizes of 1 and above")
    key, extra = source.weights_key, source.allow_extra_keys
    model = load_model(source.network, source.weights, key, extra, source.note, source.trust)
    generator = torch.Generator().manual_seed(0)
    inputs = tuple(torch.randn(shape, generator=generator) for shape in source.input_shapes)
    name = Path(source.network).stem if Path(source.network).suffix in MODEL_SUFFIX else None
    return cut(trace(model, inputs, name), source.start, source.outputs)


READERS: dict[str, Callable[[NetworkSource], Graph]] = {
    "caffe": _load_caffe,
    "tensorflow": _load_tensorflow,
    "keras": _load_keras,
    "darknet": _load_darknet,
    "mxnet": _load_mxnet,
    "pytorch": _load_pytorch,
    "ir": _load_ir,
    "onnx": _load_onnx,
}


def check_outputs(sources: Iterable[str | None], targets: Iterable[str | Path]) -> None:
    """Raises ConversionError if a file to be written cannot be, or is one of those that are read.

    sources: as in NetworkSource: files, `file.py:Net`, `package.module:Net`.
    """
    targets = list(targets)
    names = [source.rpartition(":")[0] or source for source in sources if source is not None]
    files = [path for name in names for path in caffe_proto.weight_files(name)]
    inputs = {path.resolve() for path in [*files, *map(caffe_proto.unsharded, files)]}
    inputs |= {Path(f"{name.replace('.', '/')}.py").resolve() for name in names if not name.endswith(".py")}
    if replaced := [str(target) for target in targets if Path(target).resolve() in inputs]:
        raise ConversionError(f"{', '.join(replaced)} is an input, and would be replaced: give the output another name")
    check_output_path(*targets)


def output_files(framework: str, path: str | Path) -> list[Path]:
    """The files that `save_network` writes."""
    path = Path(path)
    if framework == "pytorch":
        from .mmdnn.kit_model import state_dict_beside

        model = path if path.suffix in (".pth", ".pt") else path.with_name(f"{path.name}.pth")
        return [model, model.with_suffix(".py"), model.with_suffix(".npy"), state_dict_beside(model)]
    if framework == "onnx":
        return [path if path.suffix == ".onnx" else path.with_name(f"{path.name}.onnx")]
    suffixes = {
        "caffe": (".prototxt", ".caffemodel"),
        "ir": (".json", ".pb", ".npy"),
        "ncnn": (".param", ".bin"),
    }[framework]
    return [path.with_name(f"{path.name}{suffix}") for suffix in suffixes]


def save_network(
    graph: Graph, framework: str, path: str | Path, dialect: str = "caffe", split_weights: bool = False
) -> list[Path]:
    """Writes a graph for a framework; all of its files or none. Returns their paths.

    caffe:   path is a prefix: PREFIX.prototxt, PREFIX.caffemodel, in the layers of a dialect; split_weights as for
             `save_caffe`.
    ir:      path is a prefix: PREFIX.json, PREFIX.pb, PREFIX.npy.
    pytorch: NAME.pth, a complete model for torch.load; NAME.py and NAME.npy, its code and weights; NAME_state_dict.pth.
    onnx:    NAME.onnx, compared with the network in onnxruntime where that is installed.
    ncnn:    path is a prefix: PREFIX.param, PREFIX.bin.

    Raises UnsupportedError listing everything that the framework cannot express.
    """
    if framework not in WRITERS:
        raise ConversionError(f"{framework!r} is not a framework to write: use {', '.join(TO)}")
    return WRITERS[framework](graph, Path(path), dialect, split_weights)


def _save_caffe(graph: Graph, path: Path, dialect: str, split_weights: bool) -> list[Path]:
    from ..backends.caffe.writer import save_caffe

    prototxt, caffemodel = output_files("caffe", path)
    return [prototxt, *save_caffe(graph, prototxt, caffemodel, dialect, split_weights=split_weights).caffemodels]


def _save_ir(graph: Graph, path: Path, dialect: str, split_weights: bool) -> list[Path]:
    from ..backends.mmdnn.writer import save_ir

    save_ir(graph, path)
    return output_files("ir", path)


def _save_pytorch(graph: Graph, path: Path, dialect: str, split_weights: bool) -> list[Path]:
    from caffe_proto import atomic_files, temporary_folder

    from .mmdnn.kit_model import load_kit_model, write_code, write_model

    files = output_files("pytorch", path)
    with atomic_files(*files) as temporary, temporary_folder(temporary[0].parent) as folder:
        written = [folder / file.name for file in files]  # their own names: the model names its code
        model, code, weights, _ = written
        write_code(graph, code, weights)
        write_model(load_kit_model(code, weights), model)
        for file, target in zip(written, temporary, strict=True):
            file.replace(target)
    return files


def _save_onnx(graph: Graph, path: Path, dialect: str, split_weights: bool) -> list[Path]:
    from .onnx_file import save_checked_onnx

    (target,) = output_files("onnx", path)
    save_checked_onnx(graph, target)
    return [target]


def _save_ncnn(graph: Graph, path: Path, dialect: str, split_weights: bool) -> list[Path]:
    from ..backends.ncnn.writer import save_ncnn

    save_ncnn(graph, path)
    return output_files("ncnn", path)


WRITERS: dict[str, Callable[[Graph, Path, str, bool], list[Path]]] = {
    "caffe": _save_caffe,
    "ir": _save_ir,
    "pytorch": _save_pytorch,
    "onnx": _save_onnx,
    "ncnn": _save_ncnn,
}
