"""The passes before each layer becomes a module or an expression of PyTorch, in order."""

from __future__ import annotations

from functools import partial

from ..graph.graph import Infer
from .drop_splits import drop_splits
from .drop_unused import drop_unused
from .expand_spp import expand_spp
from .floor_pooling import floor_pooling
from .join_batch_norm import join_batch_norm
from .join_clips import join_clips
from .narrow_slices import narrow_slices
from .runner import Pass


def for_modules(infer: Infer) -> list[Pass]:
    """The passes of the backends that write PyTorch's source, or export its modules."""
    return [
        drop_unused,
        partial(expand_spp, infer=infer),
        drop_splits,
        narrow_slices,
        floor_pooling,
        join_clips,
        join_batch_norm,
    ]
