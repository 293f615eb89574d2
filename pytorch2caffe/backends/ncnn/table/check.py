"""Finds errors in a table that ncnn does not report: invalid scales, names and numbers of scales."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ....errors import Problem
from .table import MAX_KEY_LENGTH, WEIGHTS_SUFFIX, Table
from .targets import Target

FIX_NAME = "rename the layer, or keep it in float"
MAX_SCALE = float(np.finfo(np.float32).max)


def table_problems(table: Table) -> list[Problem]:
    """Problems of a table that do not depend on the network."""
    names = dict.fromkeys([*table.weights, *table.activations])
    return [*name_problems(names), *_activation_problems(table), *_weight_problems(table)]


def name_problems(names: Iterable[str]) -> Iterator[Problem]:
    """A problem for each layer name that a table cannot contain."""
    for name in names:
        where = f"layer {name!r}"
        if not name or any(c.isspace() or not c.isprintable() for c in name):
            yield Problem(where, "a name in a table cannot contain a space", FIX_NAME)
        elif "_param_" in name:
            yield Problem(
                where,
                "ncnn reads a line whose name contains '_param_' as weight scales; the layer would stay float",
                FIX_NAME,
            )
        elif name.startswith("#"):
            yield Problem(where, "some tools read a name that begins with # as a comment", FIX_NAME)
        elif len(name) + len(WEIGHTS_SUFFIX) > MAX_KEY_LENGTH:
            yield Problem(where, f"a name can have at most {MAX_KEY_LENGTH - len(WEIGHTS_SUFFIX)} characters", FIX_NAME)


def _activation_problems(table: Table) -> Iterator[Problem]:
    for name, scale in table.activations.items():
        where = f"layer {name!r}"
        if not 0 < scale <= MAX_SCALE:
            yield Problem(
                where,
                f"activation scale {scale!r} {_effect_of_scale(scale)}",
                "calibrate again, or delete the line to keep the layer in float",
            )
        if name not in table.weights:
            yield Problem(
                where,
                "the layer has an activation scale but no weight scales; ncnn2int8 stops there and leaves this and "
                "all later layers in float",
                f"delete the activation line, or add {name}{WEIGHTS_SUFFIX}",
            )


def _effect_of_scale(scale: float) -> str:
    if scale == 0:
        return "makes every input 0 and the output meaningless"
    return "has an undefined effect in ncnn" if math.isnan(scale) else "is not positive and finite"


def _weight_problems(table: Table) -> Iterator[Problem]:
    for name, scales in table.weights.items():
        bad = [i for i, scale in enumerate(scales) if not 0 <= scale <= MAX_SCALE]
        if bad:
            yield Problem(
                f"layer {name!r}",
                f"weight scale {float(scales[bad[0]])!r} of output {_list_outputs(bad)} is not positive and finite",
                "calibrate again, or write 0 for outputs whose weights are all 0",
            )


def _count(scales: int) -> str:
    return "1 weight scale" if scales == 1 else f"{scales} weight scales"


def _list_outputs(indices: list[int]) -> str:
    shown = ", ".join(map(str, indices[:4]))
    return shown if len(indices) <= 4 else f"{shown} and {len(indices) - 4} more"


def network_problems(table: Table, targets: Sequence[Target]) -> Iterator[Problem]:
    """Problems of a table for a network with these targets."""
    known = {target.name: target for target in targets}
    for name in dict.fromkeys([*table.weights, *table.activations]):
        if name not in known:
            yield Problem(
                f"layer {name!r}",
                "the network has no convolution or InnerProduct of this name; ncnn ignores the line",
                "use the layer names of the .param file",
            )
    for target in targets:
        scales = table.weights.get(target.name)
        if scales is not None:
            yield from _scale_problems(target, scales)


def _scale_problems(target: Target, scales: np.ndarray) -> Iterator[Problem]:
    where = f"layer {target.name!r}"
    if len(scales) != target.scales:
        yield Problem(
            where,
            f"the layer has {_count(len(scales))}, but ncnn reads {target.scales}; the model would not load",
            f"write {target.scales}: one per output, or one per group of a grouped convolution",
        )
        return
    if target.absmax is None:
        return
    zero = [i for i, (scale, most) in enumerate(zip(scales, target.absmax, strict=True)) if scale == 0 and most > 1e-4]
    if zero:
        yield Problem(
            where,
            f"weight scale 0 of output {_list_outputs(zero)}, whose weights are not 0; only its bias would remain",
            "calibrate again",
        )
    int8 = [scale * most for scale, most in zip(scales, target.absmax, strict=True)]
    if large := [i for i, magnitude in enumerate(int8) if magnitude > 2 * 127]:
        yield Problem(
            where,
            f"the weights of output {_list_outputs(large)} become {int8[large[0]]:.0f} in int8, not 127; "
            "the table is for other weights",
            "calibrate with these files; if BatchNorm is folded, fold it before calibration",
        )
