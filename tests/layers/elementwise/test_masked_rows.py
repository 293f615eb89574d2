"""Masks over a Softmax that may be NaN."""

from __future__ import annotations

import pytest
import torch

from pytorch2caffe import UnsupportedError, trace


def test_a_mask_over_rows_that_a_traced_mask_may_leave_empty():
    def model(x):
        mask = x > 0
        return x.masked_fill(mask, -torch.inf).softmax(-1).masked_fill(mask, 0)

    with pytest.raises(UnsupportedError, match="a mask over a softmax that is NaN"):
        trace(model, torch.randn(1, 2, 4, 4))
