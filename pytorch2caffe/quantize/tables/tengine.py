"""Tengine's scale file: `tensor scale zero_point` for each tensor, for `quant_tool_int8 -f`.

The scale is threshold / 127, and 1 / 127 for the output of a Softmax. Tengine computes the scales of weights itself.
Source: OAID/Tengine, tools/quantize/quant_tool_int8.cpp, activation_quant_tool; quant_save_graph reads it.
"""

from __future__ import annotations

from ...layers.activation.softmax import Softmax
from ..result import JobResult
from ..thresholds import LEVELS
from .blobs import blob_thresholds, name_of


def text(result: JobResult) -> str:
    """The scale file."""
    nodes = [node for node in result.graph.nodes if isinstance(node.layer, Softmax)]
    ones = {name_of(value, "tengine"): 1.0 for node in nodes for value in node.outputs}
    thresholds = blob_thresholds(result, "tengine") | ones
    return "".join(f"{blob} {threshold / LEVELS:.9g} 0\n" for blob, threshold in thresholds.items())
