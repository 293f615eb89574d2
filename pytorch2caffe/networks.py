"""Networks of every kind in and out, by the name of their framework."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .codegen import to_torch
from .errors import ConversionError
from .graph import Graph
from .kit import load_kit, state_dict_beside, write_code, write_model
from .models import load_model

FROM = ("caffe", "tensorflow", "pytorch", "ir")
TO = ("caffe", "pytorch", "ir", "onnx")
MODEL_SUFFIX = {".pt2", ".pth", ".pt"}


@dataclass(frozen=True)
class Origin:
    """Where a network comes from.

    framework:    one of FROM.
    network:      its structure: a prototxt; a .ckpt.meta, frozen .pb or SavedModel folder; an IR's .pb or .json; or
                  what `load_model` takes (`torchvision:resnet18`, `file.py:Net`, `FILE.pt2`, a whole model `FILE.pth`).
    weights:      the file of its weights, where they are apart.
    outputs:      TensorFlow: the names of the nodes to end at.
    input_shapes: one per input: PyTorch with the batch, N,C,H,W; TensorFlow N,H,W,C or
                  H,W,C; Caffe, of one input, as wanted.
    inputs:       TensorFlow: the nodes that these shapes are of; the graph is cut there.
    """

    framework: str
    network: str
    weights: str | None = None
    outputs: tuple[str, ...] = ()
    input_shapes: tuple[tuple[int, ...], ...] = ()
    inputs: tuple[str, ...] = ()

    @property
    def shapes(self) -> Any:
        """The input shapes as readers take them: by name, a list, the only one, or None."""
        if self.inputs:
            if len(self.inputs) != len(self.input_shapes):
                raise ConversionError(f"{len(self.inputs)} input nodes, {len(self.input_shapes)} shapes: give as many")
            return dict(zip(self.inputs, self.input_shapes, strict=True))
        return list(self.input_shapes) if len(self.input_shapes) > 1 else next(iter(self.input_shapes), None)


def load_network(origin: Origin) -> Graph:
    """Reads a network of any framework. Raises ConversionError, UnsupportedError listing all it cannot read."""
    if origin.framework not in READERS:
        raise ConversionError(f"cannot read {origin.framework!r}: one of {', '.join(FROM)}")
    if origin.framework != "tensorflow":
        _only_for_tensorflow(origin)
    return READERS[origin.framework](origin)


def _caffe(origin: Origin) -> Graph:
    from .readers.caffe import load_caffe

    if len(origin.input_shapes) > 1:
        raise ConversionError("a Caffe file tells the shapes of several inputs itself: give one --input-shape, or none")
    return load_caffe(origin.network, origin.weights, input_shape=next(iter(origin.input_shapes), None))


def _ir(origin: Origin) -> Graph:
    from .readers.mmdnn import load_ir

    if origin.input_shapes:
        raise ConversionError("an IR tells the shapes of its inputs itself: give no --input-shape")
    return load_ir(origin.network, origin.weights)


def _only_for_tensorflow(origin: Origin) -> None:
    """Raises ConversionError for nodes to begin or to end at, which other networks are not cut at."""
    if origin.outputs or origin.inputs:
        nodes = ", ".join([*origin.outputs, *origin.inputs])
        raise ConversionError(f"{origin.framework}: read whole; only TensorFlow's are cut at nodes ({nodes})")


def _tensorflow(origin: Origin) -> Graph:
    from .readers.tensorflow import load_tensorflow

    return load_tensorflow(origin.network, origin.weights, list(origin.outputs) or None, origin.shapes)


def _pytorch(origin: Origin) -> Graph:
    from .trace import trace

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
    read = {Path(place).resolve() for place in places}
    read |= {Path(f"{place.replace('.', '/')}.py").resolve() for place in places if not place.endswith(".py")}
    if lost := [str(target) for target in targets if Path(target).resolve() in read]:
        raise ConversionError(f"{', '.join(lost)} is what is read, and would be replaced: give the output another name")


def check_place(path: str | Path) -> None:
    """Raises ConversionError if there is no folder for a file to be written, or if it may not be written to."""
    folder = Path(path).parent
    if not folder.is_dir():
        raise ConversionError(f"{path} cannot be written: there is no folder {folder}\n  fix: mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConversionError(f"{path} cannot be written: folder {folder} may not be written to")
    if Path(path).is_dir():
        raise ConversionError(f"{path} cannot be written: it is a folder")


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


def save_network(graph: Graph, framework: str, path: str | Path, dialect: str = "caffe") -> list[Path]:
    """Writes a graph for a framework; all of its files or none. Returns their paths.

    caffe:   path is a prefix: PREFIX.prototxt, PREFIX.caffemodel, in a dialect's layers.
    ir:      path is a prefix: PREFIX.json, PREFIX.pb, PREFIX.npy.
    pytorch: NAME.pth, a whole model for torch.load; NAME.py and NAME.npy, its code and weights; NAME_state_dict.pth.
    onnx:    NAME.onnx, by torch.onnx.

    Raises UnsupportedError listing all that the framework cannot say.
    """
    if framework not in WRITERS:
        raise ConversionError(f"cannot write {framework!r}: one of {', '.join(TO)}")
    return WRITERS[framework](graph, Path(path), dialect)


def _to_caffe(graph: Graph, path: Path, dialect: str) -> list[Path]:
    from .writers.caffe import save_caffe

    prototxt, caffemodel = files_of("caffe", path)
    save_caffe(graph, prototxt, caffemodel, dialect)
    return [prototxt, caffemodel]


def _to_ir(graph: Graph, path: Path, dialect: str) -> list[Path]:
    from .writers.mmdnn import save_ir

    save_ir(graph, path)
    return files_of("ir", path)


def _to_pytorch(graph: Graph, path: Path, dialect: str) -> list[Path]:
    from caffe_proto import atomic_files

    files = files_of("pytorch", path)
    with atomic_files(*files) as temporary, tempfile.TemporaryDirectory(dir=temporary[0].parent) as folder:
        made = [Path(folder) / file.name for file in files]
        write_code(graph, made[1], made[2])
        write_model(load_kit(made[1], made[2]), made[0])
        for file, target in zip(made, temporary, strict=True):
            file.replace(target)
    return files


def _to_onnx(graph: Graph, path: Path, dialect: str) -> list[Path]:
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


WRITERS: dict[str, Callable[[Graph, Path, str], list[Path]]] = {
    "caffe": _to_caffe,
    "ir": _to_ir,
    "pytorch": _to_pytorch,
    "onnx": _to_onnx,
}
