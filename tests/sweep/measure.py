"""How large the files of a network are, for what it computes: layers per call, bytes per byte of weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from pytorch2caffe.graph.graph import Graph


@dataclass(frozen=True)
class Size:
    """layers: in the prototxt. calls: of torch functions on traced tensors. caffemodel, state_dict: bytes."""

    layers: int
    calls: int
    caffemodel: int
    state_dict: int

    @property
    def layers_per_call(self) -> float:
        return self.layers / max(self.calls, 1)

    @property
    def bytes_per_byte(self) -> float:
        return self.caffemodel / max(self.state_dict, 1)


def size(graph: Graph, model: Any) -> Size:
    """The size of the files of `graph`, the graph that `export(model, ...)` returned; the files still exist.

    A tensor that several modules share counts once in `state_dict`.
    """
    tensors = model.state_dict().values() if isinstance(model, nn.Module) else ()
    weights = {tensor.data_ptr(): tensor.nbytes for tensor in tensors}
    files = sum(Path(path).stat().st_size for path in graph.caffemodels)
    return Size(len(graph.inputs) + len(graph.nodes), graph.calls, files, sum(weights.values()))
