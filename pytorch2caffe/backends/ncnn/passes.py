"""The passes of this backend, in order."""

from __future__ import annotations

from ...passes.drop_unused import drop_unused
from ...passes.floor_pooling import floor_pooling
from ...passes.fold_batch_norm import fold_batch_norm
from ...passes.join_affine_norms import join_affine_norms
from ...passes.merge_reshapes import merge_reshapes
from ...passes.order_outputs import order_outputs
from ...passes.runner import Pass
from ...passes.separate_outputs import separate_outputs
from ...passes.silence_unused import silence_unused

BEFORE_LOWERING: list[Pass] = [floor_pooling, join_affine_norms]


def after_lowering(*, fold: bool) -> list[Pass]:
    """The passes over a graph in ncnn's layers. fold: fold BatchNorm and Scale into weights."""
    passes: list[Pass] = [drop_unused, merge_reshapes]
    if fold:
        passes += [fold_batch_norm]
    return [*passes, separate_outputs, order_outputs, silence_unused]
