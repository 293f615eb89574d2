"""The passes of this backend, in order."""

from __future__ import annotations

from functools import partial

from ...passes.drop_splits import drop_splits
from ...passes.drop_unused import drop_unused
from ...passes.expand_spp import expand_spp
from ...passes.floor_pooling import floor_pooling
from ...passes.join_batch_norm import join_batch_norm
from ...passes.join_clips import join_clips
from ...passes.runner import Pass
from ...runtime.infer import infer

PASSES: list[Pass] = [
    drop_unused,
    partial(expand_spp, infer=infer),
    drop_splits,
    floor_pooling,
    join_clips,
    join_batch_norm,
]
