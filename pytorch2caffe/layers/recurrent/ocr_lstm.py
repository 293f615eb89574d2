"""Lstm: the LSTM of Caffe's forks for text recognition, whose weights and settings are ordered otherwise."""

from __future__ import annotations

from math import prod

import numpy as np

from ...errors import Refused
from ...graph.builder import Builder
from ...graph.caffe_rules import CaffeNode, from_caffe
from ...graph.graph import Value
from ..shape.reshape import reshape_to
from .lstm import LSTM


@from_caffe("Lstm", param="lstm_param")
def ocr_lstm(net: Builder, node: CaffeNode, x: Value, clip: Value | None = None) -> Value:
    """Bottoms x [T, N, D] or, with batch_size, [T * N, ...]; optionally clip, 0 where a sequence starts. Top of H.

    Blobs: weight [4H, D], recurrent weight [4H, H], bias [4H]; gates i, f, o, g.
    Source: lstm_layer.cpp of J. Oh's fork of Caffe, and of the forks for text recognition that have it.
    """
    hidden, flat = node.param["num_output"], "batch_size" in node.param or len(x.shape) == 2
    node.param.get("clipping_threshold")  # of the gradients
    batch = node.param.get("batch_size", 1) if flat else x.shape[1]
    if len(x.shape) < 2 or (x.shape[0] % batch if flat else len(x.shape) != 3):
        raise Refused(f"Lstm of {x} with a batch_size of {batch}", "give it [T, N, D], or [T * N, D] and batch_size: N")
    steps, size = (x.shape[0] // batch, prod(x.shape[1:])) if flat else (x.shape[0], x.shape[2])
    weight, recurrent, bias = node.weights((4 * hidden, size), (4 * hidden, hidden), (4 * hidden,))
    if clip is None:
        cont = net.constant(np.repeat(np.arange(steps) > 0, batch).reshape(steps, batch))
    elif prod(clip.shape) == steps * batch:
        cont = reshape_to(net, clip, (steps, batch), "cont")
    else:
        raise Refused(f"Lstm with {clip} for {steps} steps of {batch} sequences", "give it a number for each")
    sequence = reshape_to(net, x, (steps, batch, size), "sequence")
    y = net.add(LSTM(hidden), sequence, cont, blobs=[weight, bias, recurrent])
    return reshape_to(net, y, (steps * batch, hidden)) if flat else y
