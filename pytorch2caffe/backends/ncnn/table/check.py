"""What makes ncnn misuse a table that it can read: scales that are none, names, counts that are not the network's."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ....errors import Problem
from .table import LONGEST_KEY, WEIGHTS, Table
from .targets import Target

RENAME = "rename the layer, or keep it float"
LARGEST_SCALE = float(np.finfo(np.float32).max)


def misuses(table: Table) -> list[Problem]:
    """What is wrong with a table whatever the network."""
    names = dict.fromkeys([*table.weights, *table.activations])
    return [*misnamed(names), *_activations(table), *_weights(table)]


def misnamed(names: Iterable[str]) -> Iterator[Problem]:
    """The layers whose names a table cannot hold."""
    for name in names:
        where = f"layer {name!r}"
        if not name or any(c.isspace() or not c.isprintable() for c in name):
            yield Problem(where, "a table cannot hold a name with a space in it", RENAME)
        elif "_param_" in name:
            yield Problem(where, "ncnn takes a name with '_param_' for weights, the layer would stay float", RENAME)
        elif name.startswith("#"):
            yield Problem(where, "a name that begins with # is read as a comment by some tools", RENAME)
        elif len(name) + len(WEIGHTS) > LONGEST_KEY:
            yield Problem(where, f"a name may have {LONGEST_KEY - len(WEIGHTS)} characters", RENAME)


def _activations(table: Table) -> Iterator[Problem]:
    for name, scale in table.activations.items():
        where = f"layer {name!r}"
        if not 0 < scale <= LARGEST_SCALE:
            yield Problem(
                where,
                f"activation scale {scale!r}: {_effect(scale)}",
                "take the line out: the layer stays float; or calibrate again",
            )
        if name not in table.weights:
            yield Problem(
                where,
                "an activation scale without weight scales: ncnn2int8 stops there and leaves this and "
                "all later layers float",
                f"take the activation line out, or add {name}{WEIGHTS}",
            )


def _effect(scale: float) -> str:
    if scale == 0:
        return "every input becomes 0, the output is garbage"
    return "what ncnn does with it is not defined" if math.isnan(scale) else "not positive and finite"


def _weights(table: Table) -> Iterator[Problem]:
    for name, scales in table.weights.items():
        bad = [i for i, scale in enumerate(scales) if not 0 <= scale <= LARGEST_SCALE]
        if bad:
            yield Problem(
                f"layer {name!r}",
                f"weight scale {float(scales[bad[0]])!r} of output {_many(bad)}: not finite and positive",
                "write 0 for outputs whose weights are all 0, or calibrate again",
            )


def _many(indices: list[int]) -> str:
    shown = ", ".join(map(str, indices[:4]))
    return shown if len(indices) <= 4 else f"{shown} and {len(indices) - 4} more"


def fits(table: Table, targets: Sequence[Target]) -> Iterator[Problem]:
    """What does not fit the network."""
    known = {target.name: target for target in targets}
    for name in dict.fromkeys([*table.weights, *table.activations]):
        if name not in known:
            yield Problem(
                f"layer {name!r}",
                "the network has no convolution or InnerProduct of this name: ncnn ignores the line",
                "name the layers as the .param does",
            )
    for target in targets:
        scales = table.weights.get(target.name)
        if scales is not None:
            yield from _counts(target, scales)


def _counts(target: Target, scales: np.ndarray) -> Iterator[Problem]:
    where = f"layer {target.name!r}"
    if len(scales) != target.scales:
        yield Problem(
            where,
            f"{len(scales)} weight scales, ncnn reads {target.scales}: the model would not load",
            f"give {target.scales}; one per output, or per group of a grouped convolution",
        )
        return
    if target.absmax is None:
        return
    zero = [i for i, (scale, most) in enumerate(zip(scales, target.absmax, strict=True)) if scale == 0 and most > 1e-4]
    if zero:
        yield Problem(
            where,
            f"weight scale 0 of output {_many(zero)}, whose weights are not 0: only its bias would be left",
            "calibrate again",
        )
    large = [i for i, (scale, most) in enumerate(zip(scales, target.absmax, strict=True)) if scale * most > 2 * 127]
    if large:
        most = scales[large[0]] * target.absmax[large[0]]
        yield Problem(
            where,
            f"weights of output {_many(large)} reach {most:.0f} of 127: the table was made for other weights",
            "calibrate these files; if BatchNorm is folded, fold it before",
        )
