"""Which of the sets of weights in a file fits a model, under which prefix of its names, and what is left over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from ....errors import ConversionError

State = dict[str, torch.Tensor]
MAX_LISTED = 4
# Names that a tool adds to a model's own, and that no forward pass reads: thop's counts, AveragedModel's,
# BatchNorm's. A model that has them gets them.
COUNTERS = ("total_ops", "total_params", "n_averaged", "num_batches_tracked")


@dataclass(frozen=True)
class Candidate:
    """A set of weights with all the names of a model.

    label: its key in the file, and the prefix of its names if other sets have another.
    state: the weights by the model's names. extra: the others.
    """

    label: str
    state: State
    extra: State

    @property
    def unknown(self) -> State:
        """What is left over, without what tools add."""
        return {name: tensor for name, tensor in self.extra.items() if not is_counter(name)}


def is_counter(name: str) -> bool:
    """Whether a name is one of COUNTERS, of the model or of one of its modules."""
    return name.rpartition(".")[2] in COUNTERS


def choose(states: Mapping[str, State], names: set[str], path: Path, key: str | None) -> Candidate | None:
    """The set of weights to load: that of `key`, or the only one that fits. None if none has all the model's names.

    states: by their key in the file; names: those of the model's state_dict.
    Raises ConversionError if several fit, or if `key` is not in the file.
    """
    candidates = [each for name, state in states.items() for each in candidates_in(name, state, names)]
    if key is not None:
        known = dict.fromkeys([*states, *(each.label for each in candidates)])
        if key not in known:
            listed = ", ".join(name for name in known if name)
            raise ConversionError(f"{path} has no weights under {key!r}" + (f"; it has {listed}" if listed else ""))
        candidates = [each for each in candidates if each.label == key]
    fitting = [each for each in candidates if not each.unknown] or candidates
    if len(fitting) > 1:
        listed = ", ".join(each.label for each in fitting)
        raise ConversionError(f"{path} contains several sets of weights that fit, {listed}: choose by --weights-key")
    return fitting[0] if fitting else None


def candidates_in(label: str, state: State, names: set[str]) -> list[Candidate]:
    """The sets of weights in `state` that have all of `names`, each under another prefix, "" included."""
    needed = {name for name in names if not is_counter(name)}
    if not needed:
        return [Candidate(label, state, {})] if set(state) <= names else []
    last = min(needed)
    prefixes = {key.removesuffix(last) for key in state if key == last or key.endswith(f".{last}")}
    if prefixes - {""} and any(key in needed for key in state):
        prefixes &= {""}  # names with and without a prefix: parts of two sets
    renamed = {prefix: _without(prefix, state) for prefix in sorted(prefixes)}
    fitting = {prefix: weights for prefix, weights in renamed.items() if needed <= set(weights)}
    return [
        Candidate(
            ".".join(part for part in (label, prefix.rstrip(".") if len(fitting) > 1 else "") if part),
            {name: tensor for name, tensor in weights.items() if name in names},
            {name: tensor for name, tensor in weights.items() if name not in names},
        )
        for prefix, weights in fitting.items()
    ]


def _without(prefix: str, state: State) -> State:
    """`state` without the prefix of its names, where they have it."""
    return {key.removeprefix(prefix): tensor for key, tensor in state.items()}


def shortened(items: Iterable[str]) -> str:
    """The first few, and the number of the others."""
    listed = list(items)
    more = len(listed) - MAX_LISTED
    return ", ".join(listed[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")
