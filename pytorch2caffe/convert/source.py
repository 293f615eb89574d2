"""The description of a network to convert, as commands read it, and the frameworks that are supported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import ConversionError

FROM = ("caffe", "tensorflow", "pytorch", "ir")
TO = ("caffe", "pytorch", "ir", "onnx")


@dataclass(frozen=True)
class NetworkSource:
    """A network to read.

    framework:    one of FROM.
    network:      its structure: a prototxt; a .ckpt.meta, frozen .pb or SavedModel folder; an IR's .pb or .json; or
                  a model as `load_model` accepts it (`torchvision:resnet18`, `file.py:Net`, `FILE.pt2`, `FILE.pth`).
    weights:      the file of its weights, if it is separate; for Caffe several, separated by commas.
    outputs:      TensorFlow: the names of the output nodes.
    input_shapes: one per input: PyTorch with the batch, N,C,H,W; TensorFlow N,H,W,C or H,W,C; Caffe, for a network of
                  one input, the new shape.
    inputs:       TensorFlow: the nodes that these shapes belong to; they become the inputs.
    """

    framework: str
    network: str
    weights: str | None = None
    outputs: tuple[str, ...] = ()
    input_shapes: tuple[tuple[int, ...], ...] = ()
    inputs: tuple[str, ...] = ()

    @property
    def shapes(self) -> Any:
        """The input shapes in the form that `load_tensorflow` accepts: by name, a list, the only one, or None."""
        if self.inputs:
            if len(self.inputs) != len(self.input_shapes):
                what = f"{len(self.inputs)} input nodes, {len(self.input_shapes)} shapes"
                raise ConversionError(f"{what}: give one shape for each node")
            return dict(zip(self.inputs, self.input_shapes, strict=True))
        return list(self.input_shapes) if len(self.input_shapes) > 1 else next(iter(self.input_shapes), None)
