"""Whether written files are right at another batch and size too, as far as they load: one run of the model tells."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ConversionError
from ..frontends.caffe.reader import load_caffe
from ..graph.graph import Graph
from ..graph.other_sizes import AXES, fixed_by
from ..runtime.infer import infer
from ..runtime.run import relative_l2, run
from .random_like import random_like

log = logging.getLogger("pytorch2caffe")

STEP = 32  # a size at a distance of this is accepted by most models: it is the stride of their last feature map
LARGE = 3 * STEP  # from this size on a smaller one is tried, which takes less time
USUAL = 4 * STEP  # the least that is tried instead of a larger one
ROUNDING = 1e-3  # a smaller relative difference is rounding that the model amplifies

Run = Callable[[Any], tuple[Graph, dict[str, np.ndarray]]]


def silent_axes(record: Run, inputs: Any, prototxt: Path, caffemodels: Sequence[Path]) -> set[int]:
    """The axes of the inputs, 0, 2 or 3, of which the files accept another size, and compute another result there.

    record: runs the model on inputs: its graph, and the array of each value by name. What it raises at another size
            is taken for a size that the model is not made for.
    inputs: those that the files were written for: a tensor, or tuples, lists and dicts of tensors.
    """
    fixed = fixed_by(load_caffe(prototxt), infer)
    free = {axis for name, axis in AXES.items() if name not in fixed}
    differs = _differs(record, inputs, prototxt, caffemodels, free) if free else False
    if differs is False:
        return set()
    found = {axis for axis in free if _differs(record, inputs, prototxt, caffemodels, {axis})}
    return found or (free if differs else set())


def _differs(record: Run, inputs: Any, prototxt: Path, caffemodels: Sequence[Path], axes: set[int]) -> bool | None:
    """Whether the files load at another size of all `axes`, and give other outputs than the model; None if it fails."""
    changed = random_like(inputs, partial(_other_size, axes=axes))
    try:
        graph, values = record(changed)
    except Exception as error:  # the model's own: it may raise anything at a size that it is not made for
        log.debug("not compared at another size: %s", error)
        return None
    arrays = [values[value.name] for value in graph.inputs]
    shapes = {value.name: array.shape for value, array in zip(graph.inputs, arrays, strict=True)}
    try:
        file = load_caffe(prototxt, caffemodels, input_shape=shapes)
        actual = run(file, dict(zip(shapes, arrays, strict=True)))
    except (ConversionError, RuntimeError) as error:
        log.debug("the files do not load at %s: %s", shapes, error)
        return False
    blobs = {top: array for (_, top), array in actual.items()}
    expected = [values[value.name] for value in graph.outputs.values()]
    outputs = [blobs[value.top or value.name] for value in file.outputs.values()]
    return len(expected) != len(outputs) or any(
        not relative_l2(a, b) < ROUNDING for a, b in zip(outputs, expected, strict=True)
    )


def _other_size(shape: Sequence[int], axes: set[int]) -> list[int]:
    """Another size along `axes` of images [N, C, H, W], and twice the batch for axis 0 of every input.

    >>> _other_size((1, 3, 224, 640), {0, 2, 3}), _other_size((2, 3, 96, 64), {2, 3})
    ([2, 3, 128, 320], [2, 3, 64, 96])
    """
    step = [STEP if size < LARGE else -max(STEP, (size - max(USUAL, size // 2)) // STEP * STEP) for size in shape]
    images = {axis: shape[axis] + step[axis] for axis in axes - {0}} if len(shape) == 4 else {}
    sizes = images | ({0: 2 * shape[0]} if 0 in axes and shape else {})
    return [sizes.get(axis, size) for axis, size in enumerate(shape)]
