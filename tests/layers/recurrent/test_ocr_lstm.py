import numpy as np
import pytest

from tests.layers.forks import means  # noqa: F401 - a fixture

T, N, D, H = 5, 2, 3, 4
RANDOM = np.random.default_rng(0)
X = RANDOM.standard_normal((T, N, D))
BLOBS = [RANDOM.standard_normal(shape) / 2 for shape in ((4 * H, D), (4 * H, H), (4 * H,))]


def layer(settings=f"num_output: {H} clipping_threshold: 0.1", bottoms='bottom: "x"'):
    return f'layer {{ name: "l" type: "Lstm" {bottoms} top: "l" lstm_param {{ {settings} }} }}'


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def unrolled(x, clip, weight, recurrent, bias):
    """The loop of lstm_layer.cpp: where clip is 0, neither the last h nor the last c counts."""
    h, c, result = np.zeros((N, H)), np.zeros((N, H)), []
    for step, kept in zip(x, clip, strict=True):
        gates = step @ weight.T + bias + np.where(kept[:, None] > 0, h @ recurrent.T, 0)
        i, f, o, g = (gates[:, H * k : H * (k + 1)] for k in range(4))
        c = np.where(kept[:, None] > 0, sigmoid(f), 0) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        result.append(h)
    return np.stack(result)


START = np.array([[0, 0]] + [[1, 1]] * (T - 1))


def test_a_sequence(means):  # noqa: F811
    means(layer(), unrolled(X, START, *BLOBS), weights={"l": BLOBS}, x=X, runtimes=["caffe", "opencv", "ncnn"])


def test_a_batch_in_rows(means):  # noqa: F811
    expected = unrolled(X, START, *BLOBS).reshape(T * N, H)
    text = layer(f"num_output: {H} batch_size: {N}")
    means(text, expected, weights={"l": BLOBS}, x=X.reshape(T * N, D), runtimes=[])


def test_sequences_that_start_at_a_step(means):  # noqa: F811
    clip = np.array([[0, 0], [1, 1], [0, 1], [1, 1], [1, 0]])
    text = layer(bottoms='bottom: "x" bottom: "clip"')
    means(text, unrolled(X, clip, *BLOBS), weights={"l": BLOBS}, x=X, clip=clip.reshape(T * N), runtimes=["caffe"])


@pytest.mark.parametrize(
    ("settings", "x", "clip", "message"),
    [
        (f"num_output: {H} batch_size: 3", (T, D), (T, 1), "batch_size of 3"),
        (f"num_output: {H}", (T, N, D), (T, 3), "for 5 steps of 2 sequences"),
        (f"num_output: {H}", (T, N, D, 2), (T, N), "give it"),
    ],
)
def test_what_is_refused(settings, x, clip, message, refused):
    refused(layer(settings, 'bottom: "x" bottom: "clip"'), message, x=x, clip=clip)
