"""The passes of this backend, in order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ...graph.graph import Node, Value
from ...graph.registry import Layer
from ...layers.basic.silence import Silence
from ...layers.basic.split import Split
from ...layers.convolution.convolution import Convolution
from ...layers.elementwise.power import Power
from ...layers.linear.matmul import MatMul
from ...layers.linear.sdpa import SDPA
from ...layers.shape.flatten import Flatten
from ...layers.shape.pad import Pad
from ...layers.shape.reshape import Reshape
from ...passes.align_rows import align_rows
from ...passes.drop_channels_last import drop_channels_last
from ...passes.drop_crops import drop_crops
from ...passes.drop_flattenings import drop_flattenings
from ...passes.drop_unused import drop_unused
from ...passes.expand_ends import expand_ends
from ...passes.expand_leftovers import expand_leftovers
from ...passes.fit_names import fit_names
from ...passes.fix_sizes import fix_sizes
from ...passes.fold_batch_norm import fold_batch_norm
from ...passes.fold_pads import fold_pads
from ...passes.fold_powers import fold_powers
from ...passes.fold_queries import fold_queries
from ...passes.fold_tiles import fold_tiles
from ...passes.join_attention import join_attention
from ...passes.join_head_products import join_head_products
from ...passes.join_shuffles import join_shuffles
from ...passes.merge_equal import merge_equal
from ...passes.merge_powers import merge_powers
from ...passes.merge_reshapes import merge_reshapes
from ...passes.merge_views import merge_views
from ...passes.open_reshapes import close_reshapes, open_reshapes
from ...passes.order_outputs import order_outputs
from ...passes.runner import Pass
from ...passes.separate_fused import separate_fused
from ...passes.separate_outputs import separate_outputs
from ...passes.share_weights import share_weights
from ...passes.silence_unused import silence_unused
from ...passes.sink_reshapes import sink_reshapes
from ...runtime.infer import infer
from .dialect import Dialect
from .dialect_file import dialect

PAD_BELOW = Pad((0, 0, 0, 0), (0, 0, 1, 0))
GUARD = Reshape((0, 0, 1, 0))  # as `fix_sizes` inserts it
PLAIN = Convolution(1, (1, 1), bias_term=False)
ANY_VALUE = Value("", (1, 1, 1, 1))


def before_lowering(target: Dialect, *, any_size: bool) -> list[Pass]:
    """The passes over a graph in layers of any kind. A target that pads one side alone keeps its Pads.

    any_size: layers that fit every height and width are worth their number.
    """
    ends = partial(expand_ends, infer=infer, any_size=any_size)
    passes: list[Pass] = [ends, drop_channels_last, fold_tiles, join_shuffles]
    if target.takes(PAD_BELOW, [ANY_VALUE]) is not None:
        passes += [fold_pads]
    if Power.type not in target.layers:
        passes += [merge_powers]
    passes += [sink_reshapes, join_attention]
    if MatMul.type not in target.layers:
        passes += [join_head_products]
    passes += [merge_views, sink_reshapes, merge_reshapes]
    if SDPA.type not in target.layers:
        passes += [fold_queries]
    return passes if Flatten.type in target.layers else [*passes, drop_flattenings]


def after_lowering(target: Dialect, *, fold_bn: bool) -> list[Pass]:
    """The passes over a graph in the layers of `target`. fold_bn: fold BatchNorm and Scale in any case."""
    passes: list[Pass] = [drop_unused, merge_reshapes, merge_powers, fold_powers]
    if fold_bn or target.folds_batch_norm:
        passes += [fold_batch_norm]
    others = [target, *map(dialect, target.safe_in)]
    passes += [share_weights, merge_equal, merge_reshapes]
    if Reshape.type in target.layers:
        passes += [partial(align_rows, takes=partial(_takes, others)), merge_reshapes]
    fused: Pass = partial(separate_fused, is_misread=partial(_is_misread, others))
    copy: Layer = Split() if Split.type in target.layers else Power()
    outputs: list[Pass] = [
        partial(separate_outputs, copy=copy, one_top=not target.limits.outputs_by_top),
        partial(order_outputs, copy=copy),
    ]
    names = partial(fit_names, name_length=target.limits.name_length, names_without=target.limits.names_without)
    opened = partial(open_reshapes, flattens=lambda layer, x: _takes([target], layer, [x]))
    shapes: Pass = opened if target.limits.open_reshapes else close_reshapes
    bias = target.takes(PLAIN, [ANY_VALUE]) is not None
    unread: list[Pass] = [silence_unused]
    if not target.limits.leftovers or Silence.type not in target.layers:
        unread = [partial(expand_leftovers, bias=bias), silence_unused]
    guards: list[Pass] = [partial(fix_sizes, infer=infer)] if target.takes(GUARD, [ANY_VALUE]) is None else []
    passes += [partial(drop_crops, infer=infer)]
    sizes = [shapes, *guards] if target.limits.open_reshapes else [*guards, shapes]  # as the file will behave
    return [*passes, *outputs, *unread, fused, *sizes, names]


def _takes(targets: Sequence[Dialect], layer: Layer, inputs: Sequence[Value]) -> bool:
    """Whether all targets have a layer with these inputs, and compute it right."""
    shapes = [value.shape for value in inputs]
    most, rank = targets[0].limits.most_axes(layer.type), max(map(len, shapes))
    if targets[0].takes(layer, inputs) is not None or most is not None and rank > most:
        return False
    return not any(any(target.violations(layer, shapes)) for target in targets)


def _is_misread(targets: Sequence[Dialect], node: Node, before: Sequence[Node]) -> bool:
    """Whether one of the targets joins a node wrongly with one of those before it."""
    layers, shapes = [other.layer for other in before], [value.shape for value in node.inputs]
    return any(any(target.violations_after(node.layer, shapes, layers)) for target in targets)
