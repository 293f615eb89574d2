"""The description of a network to convert, as commands read it, and the frameworks that are supported."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ConversionError
from ..frontends.caffe.reading import CaffeReading

FROM = ("caffe", "tensorflow", "keras", "darknet", "mxnet", "pytorch", "ir", "onnx")
TO = ("caffe", "pytorch", "ir", "onnx", "ncnn")


@dataclass(frozen=True)
class NetworkSource:
    """A network to read.

    framework:    one of FROM.
    network:      its structure: a prototxt; a .ckpt.meta, frozen .pb or SavedModel folder; a .keras or .h5; a .cfg;
                  a symbol.json of MXNet; an IR's .pb or .json; an .onnx; or a model as `load_model` accepts it
                  (`torchvision:resnet18`, `file.py:Net`, `FILE.pt2`, `FILE.pth`).
    weights:      the file of its weights, if it is separate; for Caffe several, separated by commas.
    outputs:      the blobs, nodes, tensors or layers to end at, by name, instead of the network's outputs.
    input_shapes: one per input: PyTorch and ONNX with the batch, N,C,H,W; TensorFlow N,H,W,C or H,W,C; Caffe, for a
                  network of one input, the new shape.
    inputs:       the nodes that these shapes belong to. TensorFlow: they become the inputs; ONNX: inputs by name.
    start:        blobs, nodes, tensors or layers that become inputs, with their shapes.
    caffe:        how a Caffe file is read: its batch, phase, stages and ignored fields.
    no_weights:   Caffe: read a network that has weights without their file; they are zeros.
    weights_key, allow_extra_keys, trust, note: PyTorch: as for `load_model`.
    """

    framework: str
    network: str
    weights: str | None = None
    outputs: tuple[str, ...] = ()
    input_shapes: tuple[tuple[int, ...], ...] = ()
    inputs: tuple[str, ...] = ()
    start: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    caffe: CaffeReading = CaffeReading()
    no_weights: bool = False
    weights_key: str | None = None
    allow_extra_keys: bool = False
    trust: bool = False
    note: Callable[[str], object] = warnings.warn

    @property
    def shapes(self) -> Any:
        """The input shapes as `load_tensorflow` and `load_onnx` accept them: by name, a list, the only one, or None."""
        if self.inputs:
            if len(self.inputs) != len(self.input_shapes):
                what = f"{len(self.inputs)} input nodes, {len(self.input_shapes)} shapes"
                raise ConversionError(f"{what}: give one shape for each node")
            return dict(zip(self.inputs, self.input_shapes, strict=True))
        return list(self.input_shapes) if len(self.input_shapes) > 1 else next(iter(self.input_shapes), None)
