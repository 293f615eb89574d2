"""The passes of this backend, in order."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from ...passes.drop_dropouts import drop_dropouts
from ...passes.drop_splits import drop_splits
from ...passes.drop_unused import drop_unused
from ...passes.expand_ends import expand_ends
from ...passes.floor_pooling import floor_pooling
from ...passes.fold_batch_norm import fold_batch_norm
from ...passes.join_activations import join_activations
from ...passes.join_affine_norms import join_affine_norms
from ...passes.join_attention import join_attention
from ...passes.join_clips import join_clips
from ...passes.join_norms import join_norms
from ...passes.join_projections import join_projections
from ...passes.join_row_attention import join_row_attention
from ...passes.join_shuffles import join_shuffles
from ...passes.join_transposes import join_transposes
from ...passes.join_upsamplings import join_upsamplings
from ...passes.merge_reshapes import merge_reshapes
from ...passes.merge_views import merge_views
from ...passes.order_outputs import order_outputs
from ...passes.runner import Pass
from ...passes.separate_outputs import separate_outputs
from ...passes.silence_unused import silence_unused
from ...runtime.infer import infer


def before_lowering(*, keep: Collection[str] = ()) -> list[Pass]:
    """The passes over a graph in layers of any kind. keep: names of layers that must not become part of another."""
    return [
        partial(expand_ends, infer=infer),
        drop_unused,
        drop_splits,
        drop_dropouts,
        floor_pooling,
        join_clips,
        join_norms,
        join_activations,
        join_shuffles,
        join_upsamplings,
        join_transposes,
        join_row_attention,
        join_attention,
        merge_views,
        partial(join_projections, keep=keep),
        join_affine_norms,
    ]


def after_lowering(*, fold: bool) -> list[Pass]:
    """The passes over a graph in ncnn's layers. fold: fold BatchNorm and Scale into weights."""
    passes: list[Pass] = [drop_unused, merge_reshapes]
    if fold:
        passes += [fold_batch_norm]
    return [*passes, separate_outputs, order_outputs, silence_unused]
