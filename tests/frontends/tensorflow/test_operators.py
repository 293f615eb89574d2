"""More of TensorFlow's operators, built and run by TensorFlow itself, then read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

for package in ("tensorflow", "tf_slim", "tf_keras"):
    pytest.importorskip(package)

from pytorch2caffe import UnsupportedError  # noqa: E402
from pytorch2caffe.frontends.tensorflow import load_tensorflow  # noqa: E402
from tests.frontends.tensorflow.test_networks import PLACE, check, weight  # noqa: E402
from tests.frontends.tensorflow.tf_nets import Saved, save, tf  # noqa: E402

ROWS, VECTORS, HEADS, VOLUME = [None, 5, 6], [None, 12], [None, 5, 2, 6], [None, 5, 6, 7, 2]


def partitioned(axis: int, shape: list[int]) -> Any:
    """A variable in three parts, which a checkpoint holds as one."""
    with tf.variable_scope("parts", partitioner=tf.fixed_size_partitioner(3, axis)):
        return tf.convert_to_tensor(tf.get_variable("w", shape))


def einsum(equation: str, *more: list[int]) -> Callable[..., Any]:
    return lambda x: tf.einsum(equation, x, *(weight(shape, f"w{i}") for i, shape in enumerate(more)))


def conv3d(padding: str, *strides: int, kernel: tuple[int, ...] = (2, 3, 3)) -> Callable[..., Any]:
    return lambda x: tf.nn.conv3d(x, weight([*kernel, 2, 4]), [1, *strides, 1], padding) + weight([4], "b")


def pool3d(function: Any, padding: str) -> Callable[..., Any]:
    return lambda x: function(x, [1, 3, 2, 2, 1], [1, 2, 2, 1, 1], padding)


CASES: dict[str, tuple[Callable[..., Any], list[int | None]]] = {
    "variables in parts": (lambda x: tf.nn.conv2d(x, partitioned(3, [3, 3, 3, 6]), [1] * 4, "SAME"), PLACE),
    "variables in uneven parts": (lambda x: tf.matmul(x, partitioned(0, [12, 5])[:, ::-1]), VECTORS),
    "einsum, a matrix": (einsum("bij,jk->bik", [6, 4]), ROWS),
    "einsum, a matrix with an ellipsis": (einsum("...j,jk->...k", [3, 4]), PLACE),
    "einsum, into heads": (einsum("abc,cde->abde", [6, 2, 4]), ROWS),
    "einsum, out of heads": (einsum("abcd,cde->abe", [2, 6, 4]), HEADS),
    "einsum, in another order": (einsum("bij,jk->kbi", [6, 4]), ROWS),
    "einsum, the matrix first": (lambda x: tf.einsum("dc,bhwc->bhwd", weight([4, 3]), x), PLACE),
    "einsum, attention": (lambda x: tf.einsum("acbe,aecd->abcd", tf.einsum("aecd,abcd->acbe", x, x * 2), x), HEADS),
    "einsum, ellipses": (lambda x: tf.einsum("...ij,...kj->...ik", x, x * 2), HEADS),
    "einsum, number by number": (einsum("bhwc,c->bhwc", [3]), PLACE),
    "einsum, gates": (lambda x: tf.einsum("bhwc,bc->bhwc", x, tf.reduce_mean(x, [1, 2])), PLACE),
    "einsum, a transposition": (einsum("bhwc->bchw"), PLACE),
    "tensordot of four axes": (lambda x: tf.tensordot(x, weight([3, 5]), 1) + weight([5], "b"), PLACE),
    "tensordot along columns": (lambda x: tf.tensordot(x, weight([12, 5]), [[2], [0]]), PLACE),
    "one of several": (lambda x: tf.one_hot(tf.argmax(x, -1), 3, 2.0, -1.0, axis=1), PLACE),
    "one of more than there are": (lambda x: tf.one_hot(tf.argmax(x, -1), 5) + 0.5, PLACE),
    "one of several, constant": (lambda x: x * tf.one_hot([[2], [0]], 3, axis=1)[1, :, 0], PLACE),
    "the largest": (lambda x: tf.nn.top_k(x, 2)[0], PLACE),
    "the largest and their places": (
        lambda x: tf.concat([(y := tf.nn.top_k(x, 4))[0], tf.cast(y[1], tf.float32)], 1),
        ROWS,
    ),
    "gelu": (lambda x: 0.5 * x * tf.math.erfc(-x * 0.5**0.5), PLACE),
    "ones, as many as numbers": (lambda x: x * 0.5 + tf.ones_like(x) * 2.0, PLACE),
    "zeros for channels": (lambda x: tf.concat([x, tf.zeros_like(x)], 3), PLACE),
    "maxima without their places": (
        lambda x: tf.nn.max_pool_with_argmax(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")[0],
        PLACE,
    ),
    "patches": (lambda x: tf.image.extract_patches(x, [1, 3, 2, 1], [1, 2, 3, 1], [1, 2, 1, 1], "SAME"), PLACE),
    **{
        f"{method} {sizes}, {'corners' if corners else 'edges'} aligned": (
            lambda x, s=sizes, m=method, c=corners: tf.image.resize_images(x, s, method=m, align_corners=c),
            PLACE,
        )
        for method in ("bicubic", "area")
        for sizes in ([17, 20], [5, 7])
        for corners in (False, True)
    },
    "bicubic, half pixels": (
        lambda x: tf.raw_ops.ResizeBicubic(images=x, size=[17, 7], half_pixel_centers=True),
        PLACE,
    ),
    "convolution of volumes, SAME": (conv3d("SAME", 2, 1, 1), VOLUME),
    "convolution of volumes, VALID": (conv3d("VALID", 1, 2, 1), VOLUME),
    "maximum of volumes": (pool3d(tf.nn.max_pool3d, "SAME"), VOLUME),
    "average of volumes, SAME": (pool3d(tf.nn.avg_pool3d, "SAME"), VOLUME),
    "average of volumes, VALID": (pool3d(tf.nn.avg_pool3d, "VALID"), VOLUME),
    "rows of all samples": (lambda x: tf.reshape(tf.nn.softmax(tf.reshape(x, [-1, 3])), [-1, 9, 12, 3]), PLACE),
    "all samples in the second axis": (lambda x: tf.reshape(x, [1, -1, 3]) * 2.0, PLACE),
    "all samples in the second axis, of the same size": (lambda x: tf.reshape(x, [1, -1, 12, 3]) * 2.0, PLACE),
    "all samples in one row": (lambda x: tf.reshape(tf.reshape(x, [1, -1]), [1, -1, 3]) * 2.0, VECTORS),
    **{
        f"where, {name}": (lambda x, f=f: tf.where(f(x, x * 0.0 + 0.1), 0.1 * x, x), PLACE)
        for name, f in (("less", tf.less), ("greater or equal", tf.greater_equal), ("not equal", tf.not_equal))
    },
    "where, both and not": (
        lambda x: tf.where(tf.logical_and(x > 0.0, tf.logical_not(x > 0.5)), x * 3.0, x - 1.0),
        PLACE,
    ),
    "where, a number for each channel": (
        lambda x: tf.where_v2(x <= 0.2, x, tf.reshape(tf.range(3.0), [1, 1, 3])),
        PLACE,
    ),
    "a comparison as numbers": (lambda x: x + tf.cast(tf.equal(tf.maximum(x, 0.0), 0.0), tf.float32), PLACE),
    "levels of 8 bits": (lambda x: tf.quantization.fake_quant_with_min_max_vars(x, -0.61, 0.83), PLACE),
    "levels of 4 bits without the lowest": (
        lambda x: tf.quantization.fake_quant_with_min_max_args(x, -0.5, 0.9, 4, narrow_range=True),
        PLACE,
    ),
    **{
        f"dilated convolution of rows, {padding}": (
            lambda x, p=padding: tf.nn.convolution(x, weight([3, 6, 4]), p, dilation_rate=[2]) + weight([4], "b"),
            [None, 9, 6],
        )
        for padding in ("SAME", "VALID")
    },
    "where, a sample": (lambda x: tf.where(x[:, 0, 0] > 0.0, x, -x), ROWS),
    "ones beside channels": (lambda x: tf.concat([x, tf.fill(tf.shape(x), 2.0)], 3), PLACE),
    "ones before rows": (lambda x: tf.concat([tf.fill(tf.shape(x), 2.0), x], 1), ROWS),
    "an axis before the samples": (lambda x: tf.expand_dims(x, 0) * 2.0, ROWS),
    "a stack before the samples": (lambda x: tf.stack([x, x * 2.0], 0), ROWS),
}


@pytest.mark.parametrize("name", CASES)
def test_computes_what_tensorflow_does(name, tmp_path):
    build, shape = CASES[name]
    saved = save(tmp_path, build, shape)  # a batch of 2, and it is left open
    check(saved, saved.frozen)
    if saved.meta.exists():
        check(saved, saved.meta, outputs="MMdnn_Output")


REFUSED = {
    "one more than the batch": (
        lambda x: tf.reduce_sum(tf.fill([tf.shape(x)[0] + 1, 2], 2.0)) + x,
        r"a constant of shape \[\?, 2\]",
    ),
    "two constants beside channels": (
        lambda x: tf.concat([tf.fill(tf.shape(x), 1.0), x, tf.fill(tf.shape(x), 2.0)], 3),
        "ConcatV2 of a constant as large as the batch",
    ),
    "an index beyond the depth": (lambda x: tf.one_hot(tf.argmax(x, -1), 2), "exceed its depth"),
    "the indices of maxima": (
        lambda x: tf.cast(tf.nn.max_pool_with_argmax(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")[1], tf.float32),
        "the indices of the maxima are read",
    ),
    "einsum, one index twice": (lambda x: tf.einsum("bhhc->bhc", x[:, :, :9]), "each index once in each"),
    "einsum, a sum over one tensor": (lambda x: tf.einsum("bhwc,cd->bhd", x, tf.ones([3, 4])), "each index once"),
    "channels before volumes": (
        lambda x: tf.nn.conv3d(x[:, None], tf.ones([1, 1, 1, 1, 4]), [1] * 5, "SAME", data_format="NCDHW"),
        "'NCDHW'",
    ),
}


@pytest.mark.parametrize(("build", "message"), REFUSED.values(), ids=REFUSED)
def test_what_would_be_wrong_is_refused(build, message, tmp_path):
    with tf.Graph().as_default() as graph:
        tf.identity(build(tf.placeholder(tf.float32, PLACE, "input")), "MMdnn_Output")
    (tmp_path / "net.pb").write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(UnsupportedError, match=message):
        load_tensorflow(tmp_path / "net.pb", outputs="MMdnn_Output")


CELLS = {
    "lstm": lambda layers: layers.LSTM(5, unroll=True),
    "gru": lambda layers: layers.GRU(5, unroll=True, reset_after=False, return_sequences=True),
    "lstm, a loop": lambda layers: layers.LSTM(5),
    "gru, a loop": lambda layers: layers.GRU(5, return_sequences=True),
    "both ways": lambda layers: layers.Bidirectional(layers.GRU(5, unroll=True)),
}


@pytest.mark.parametrize("name", CELLS)
def test_keras_recurrent_with_an_open_batch(name, tmp_path):
    """Its first state is as large as the batch."""
    keras = pytest.importorskip("keras")
    x = keras.Input((4, 3))
    model = keras.Model(x, CELLS[name](keras.layers)(x))
    rng = np.random.RandomState(0)
    model.set_weights([rng.randn(*w.shape) * 0.5 for w in model.get_weights()])
    model.export(str(tmp_path / "saved"), verbose=False)
    fed = rng.uniform(-1, 1, (1, 4, 3)).astype(np.float32)
    check(Saved(tmp_path, [fed], [np.asarray(model(fed))]), tmp_path / "saved")
