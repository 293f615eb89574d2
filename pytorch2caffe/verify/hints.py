"""Why two runs may differ: the usual causes, each found by its own trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from .compare import Comparison, compare

Arrays = Mapping[str, np.ndarray]
SAME_DIRECTION = 1 - 1e-9


def hints(
    found: Comparison, reference: Arrays, actual: Arrays, fed: Arrays, again: Callable[[Arrays], Arrays]
) -> Iterator[str]:
    """What a comparison that is not equal points to.

    reference, actual: the blobs of the two by name.
    fed:               the inputs of the file by name.
    again:             runs the file on other inputs.
    """
    if (first := found.first) is None:
        return
    blob = first.blob
    if _sizes_off_by_one(reference[blob].shape, actual[blob].shape):
        yield f"{blob} is larger or smaller by one: Caffe's pooling rounds sizes up, PyTorch's down unless ceil_mode"
    elif _right_when_turned(found, reference[blob], blob, fed, again):
        yield (
            f"{blob} is right once the input's channels are turned round: the file takes BGR where the model takes "
            "RGB, or the other way"
        )
    elif first.cosine > SAME_DIRECTION:
        yield f"{blob} is the model's times a constant: look for a scale, a mean's divisor, BatchNorm's factor"


def _sizes_off_by_one(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    off = [abs(a - b) for a, b in zip(one, other, strict=False)]
    return len(one) == len(other) and max(off, default=0) == 1 and not any(off[:2])


def _right_when_turned(
    found: Comparison, reference: np.ndarray, blob: str, fed: Arrays, again: Callable[[Arrays], Arrays]
) -> bool:
    turned = {name: _turned(array) for name, array in fed.items()}
    if all(turned[name] is array for name, array in fed.items()):
        return False
    return compare({blob: reference}, again(turned), tolerance=found.tolerance).equal


def _turned(array: np.ndarray) -> np.ndarray:
    return array[:, ::-1] if array.ndim == 4 and array.shape[1] == 3 else array
