"""The passes of this backend, in order."""

from __future__ import annotations

from functools import partial

from ...passes.drop_unused import drop_unused
from ...passes.expand_ends import expand_ends
from ...passes.flatten_channels_last import flatten_channels_last
from ...passes.floor_pooling import floor_pooling
from ...passes.join_batch_norm import join_batch_norm
from ...passes.runner import Pass
from ...runtime.infer import infer

BEFORE_LOWERING: list[Pass] = [
    partial(expand_ends, infer=infer),
    drop_unused,
    flatten_channels_last,
    floor_pooling,
    join_batch_norm,
]
