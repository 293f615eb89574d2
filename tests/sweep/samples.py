"""The arguments with which PyTorch tests its own functions."""

from __future__ import annotations

import inspect
from itertools import islice
from typing import Any
from unittest.mock import patch

import torch


def samples_of(op: Any, dtype: torch.dtype, count: int | None = None) -> list[Any]:
    """The samples of an OpInfo, all or the first `count`.

    torch looks through the stack for the test that asks, and writes it down when it seeds: most of the time.
    """
    with patch.object(inspect, "stack", list), patch.object(torch, "manual_seed", torch.default_generator.manual_seed):
        return list(islice(op.sample_inputs("cpu", dtype, requires_grad=False), count))
