"""The passes of this backend, in order."""

from __future__ import annotations

from ...passes.drop_unused import drop_unused
from ...passes.flatten_channels_last import flatten_channels_last
from ...passes.floor_pooling import floor_pooling
from ...passes.join_batch_norm import join_batch_norm
from ...passes.runner import Pass

BEFORE_LOWERING: list[Pass] = [drop_unused, flatten_channels_last, floor_pooling, join_batch_norm]
