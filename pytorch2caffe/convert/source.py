"""Where a network comes from, and where it may go: what commands ask for before anything is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import ConversionError

FROM = ("caffe", "tensorflow", "pytorch", "ir")
TO = ("caffe", "pytorch", "ir", "onnx")


@dataclass(frozen=True)
class Origin:
    """Where a network comes from.

    framework:    one of FROM.
    network:      its structure: a prototxt; a .ckpt.meta, frozen .pb or SavedModel folder; an IR's .pb or .json; or
                  what `load_model` takes (`torchvision:resnet18`, `file.py:Net`, `FILE.pt2`, a whole model `FILE.pth`).
    weights:      the file of its weights, where they are apart; of Caffe's several, with commas between.
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
