"""The passes that run on a Graph read from ONNX: they undo what exporters write as several operators."""

from __future__ import annotations

from ...passes.drop_unused import drop_unused
from ...passes.join_activations import join_activations
from ...passes.join_biases import join_biases
from ...passes.join_norms import join_norms
from ...passes.join_scales import join_scales
from ...passes.join_slices import join_slices
from ...passes.merge_slices import merge_slices
from ...passes.runner import Pass

PASSES: list[Pass] = [
    drop_unused,
    join_norms,
    join_activations,
    join_biases,
    join_scales,
    merge_slices,
    join_slices,
]
