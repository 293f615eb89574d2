"""Masks over long networks: each layer is looked at once, however many masks there are."""

from __future__ import annotations

from unittest.mock import patch

import pytest
import torch

from pytorch2caffe import trace
from pytorch2caffe.graph import bounds


def masked(masks: int):
    """A network with so many masks over one another."""
    mask = torch.tensor([[True, False, True]])

    def model(x: torch.Tensor) -> torch.Tensor:
        for _ in range(masks):
            x = torch.where(mask, x * 2 + 1, x.abs())
        return x

    return model


def bounds_computed(masks: int) -> int:
    with patch.object(bounds, "_bounds", wraps=bounds._bounds) as computed:
        trace(masked(masks), torch.zeros(2, 3))
    return computed.call_count


@pytest.mark.parametrize("masks", [10, 40])
def test_bounds_are_computed_once_a_layer(masks):
    graph = trace(masked(masks), torch.zeros(2, 3))
    assert bounds_computed(masks) <= 2 * len(graph.nodes)


def test_a_proof_grows_with_the_network_alone():
    def looked_at(masks: int) -> int:
        with patch.object(bounds, "_finite", wraps=bounds._finite) as looked:
            trace(masked(masks), torch.zeros(2, 3))
        return looked.call_count

    assert looked_at(40) <= 4.5 * looked_at(10)
