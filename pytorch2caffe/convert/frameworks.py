"""Networks of every kind in and out, by the name of their framework."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import nn

import caffe_proto

from ..backends.torch.generate import to_torch
from ..errors import ConversionError
from ..formats.output_path import check_place
from ..frontends.torch.loading.models import load_model
from ..graph.graph import Graph
from .mmdnn.kit_model import load_kit_model, state_dict_beside, write_code, write_model
from .source import FROM, TO, Origin

MODEL_SUFFIX = {".pt2", ".pth", ".pt"}


def load_network(origin: Origin) -> Graph:
    """Reads a network of any framework. Raises ConversionError, UnsupportedError listing all it cannot read."""
    if origin.framework not in READERS:
        raise ConversionError(f"cannot read {origin.framework!r}: one of {', '.join(FROM)}")
    if origin.framework != "tensorflow":
        _only_for_tensorflow(origin)
    return READERS[origin.framework](origin)


def _caffe(origin: Origin) -> Graph:
    from ..frontends.caffe.reader import load_caffe

    if len(origin.input_shapes) > 1:
        raise ConversionError("a Caffe file tells the shapes of several inputs itself: give one --input-shape, or none")
    return load_caffe(origin.network, origin.weights, input_shape=next(iter(origin.input_shapes), None))


def _ir(origin: Origin) -> Graph:
    from ..frontends.mmdnn.reader import load_ir

    if origin.input_shapes:
        raise ConversionError("an IR tells the shapes of its inputs itself: give no --input-shape")
    return load_ir(origin.network, origin.weights)


def _only_for_tensorflow(origin: Origin) -> None:
    """Raises ConversionError for nodes to begin or to end at, which other networks are not cut at."""
    if origin.outputs or origin.inputs:
        nodes = ", ".join([*origin.outputs, *origin.inputs])
        raise ConversionError(f"{origin.framework}: read whole; only TensorFlow's are cut at nodes ({nodes})")


def _tensorflow(origin: Origin) -> Graph:
    from ..frontends.tensorflow import load_tensorflow

    return load_tensorflow(origin.network, origin.weights, list(origin.outputs) or None, origin.shapes)


def _pytorch(origin: Origin) -> Graph:
    from ..frontends.torch import trace

    if not origin.input_shapes:
        raise ConversionError("a PyTorch model is run once to be read: give --inputShape, 3,224,224 for a usual one")
    if any(size < 1 for shape in origin.input_shapes for size in shape):
        raise ConversionError(f"an input of shape {origin.input_shapes}: sizes begin at 1")
    model = load_model(origin.network, origin.weights)
    generator = torch.Generator().manual_seed(0)
    inputs = tuple(torch.randn(shape, generator=generator) for shape in origin.input_shapes)
    name = Path(origin.network).stem if Path(origin.network).suffix in MODEL_SUFFIX else None
    return trace(model, inputs, name)


READERS: dict[str, Callable[[Origin], Graph]] = {
    "caffe": _caffe,
    "tensorflow": _tensorflow,
    "pytorch": _pytorch,
    "ir": _ir,
}


def spare(sources: Iterable[str | None], targets: Iterable[str | Path]) -> None:
    """Raises ConversionError if one of the files to be written is one of those that are read, or has no folder.

    sources: as in Origin: files, `file.py:Net`, `package.module:Net`.
    """
    targets = list(targets)
    for target in targets:
        check_place(target)
    places = [source.rpartition(":")[0] or source for source in sources if source is not None]
    files = [path for place in places for path in caffe_proto.weight_files(place)]
    read = {path.resolve() for path in [*files, *map(caffe_proto.unsharded, files)]}
    read |= {Path(f"{place.replace('.', '/')}.py").resolve() for place in places if not place.endswith(".py")}
    if lost := [str(target) for target in targets if Path(target).resolve() in read]:
        raise ConversionError(f"{', '.join(lost)} is what is read, and would be replaced: give the output another name")


def files_of(framework: str, path: str | Path) -> list[Path]:
    """The files that `save_network` writes."""
    path = Path(path)
    if framework == "pytorch":
        model = path if path.suffix in (".pth", ".pt") else path.with_name(f"{path.name}.pth")
        return [model, model.with_suffix(".py"), model.with_suffix(".npy"), state_dict_beside(model)]
    if framework == "onnx":
        return [path if path.suffix == ".onnx" else path.with_name(f"{path.name}.onnx")]
    suffixes = {"caffe": (".prototxt", ".caffemodel"), "ir": (".json", ".pb", ".npy")}[framework]
    return [path.with_name(f"{path.name}{suffix}") for suffix in suffixes]


def save_network(
    graph: Graph, framework: str, path: str | Path, dialect: str = "caffe", split_weights: bool = False
) -> list[Path]:
    """Writes a graph for a framework; all of its files or none. Returns their paths.

    caffe:   path is a prefix: PREFIX.prototxt, PREFIX.caffemodel, in a dialect's layers; split_weights as for
             `save_caffe`.
    ir:      path is a prefix: PREFIX.json, PREFIX.pb, PREFIX.npy.
    pytorch: NAME.pth, a whole model for torch.load; NAME.py and NAME.npy, its code and weights; NAME_state_dict.pth.
    onnx:    NAME.onnx, by torch.onnx.

    Raises UnsupportedError listing all that the framework cannot say.
    """
    if framework not in WRITERS:
        raise ConversionError(f"cannot write {framework!r}: one of {', '.join(TO)}")
    return WRITERS[framework](graph, Path(path), dialect, split_weights)


def _to_caffe(graph: Graph, path: Path, dialect: str, split_weights: bool) -> list[Path]:
    from ..backends.caffe.writer import save_caffe

    prototxt, caffemodel = files_of("caffe", path)
    return [prototxt, *save_caffe(graph, prototxt, caffemodel, dialect, split_weights=split_weights).caffemodels]


def _to_ir(graph: Graph, path: Path, dialect: str, split_weights: bool) -> list[Path]:
    from ..backends.mmdnn.writer import save_ir

    save_ir(graph, path)
    return files_of("ir", path)


def _to_pytorch(graph: Graph, path: Path, dialect: str, split_weights: bool) -> list[Path]:
    from caffe_proto import atomic_files

    files = files_of("pytorch", path)
    with atomic_files(*files) as temporary, tempfile.TemporaryDirectory(dir=temporary[0].parent) as folder:
        made = [Path(folder) / file.name for file in files]
        write_code(graph, made[1], made[2])
        write_model(load_kit_model(made[1], made[2]), made[0])
        for file, target in zip(made, temporary, strict=True):
            file.replace(target)
    return files


def _to_onnx(graph: Graph, path: Path, dialect: str, split_weights: bool) -> list[Path]:
    from caffe_proto import atomic_files

    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ConversionError("writing ONNX needs: pip install onnx onnxscript") from error
    model: nn.Module = to_torch(graph)
    inputs = tuple(torch.zeros(value.shape) for value in graph.inputs)
    (target,) = files_of("onnx", path)
    with atomic_files(target) as (temporary,):
        torch.onnx.export(model, inputs, str(temporary), dynamo=True, external_data=False, verbose=False)
    return [target]


WRITERS: dict[str, Callable[[Graph, Path, str, bool], list[Path]]] = {
    "caffe": _to_caffe,
    "ir": _to_ir,
    "pytorch": _to_pytorch,
    "onnx": _to_onnx,
}
