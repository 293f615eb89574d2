"""LSTMUnit as files have it, in real Caffe."""

import numpy as np

RANDOM = np.random.default_rng(0)


def test_one_step(same_as_caffe):
    layer = 'layer { name: "u" type: "LSTMUnit" bottom: "c0" bottom: "gates" bottom: "cont" top: "c" top: "h" }'
    c0, gates = RANDOM.standard_normal((1, 3, 4)), RANDOM.standard_normal((1, 3, 16))
    same_as_caffe(layer, c0=c0, gates=gates, cont=[[1, 0, 1]])
