"""TensorFlow's networks, built and run by TensorFlow itself, then read."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pytorch2caffe import ConversionError, UnsupportedError, save_caffe, to_torch
from pytorch2caffe.frontends.tensorflow import load_tensorflow, read_tensorflow
from pytorch2caffe.verify.runtimes import get

for package in ("tensorflow", "tf_slim", "tf_keras"):
    pytest.importorskip(package)

from tests.frontends.tensorflow.tf_nets import Saved, save, slim, slim_net, tf  # noqa: E402
from tests.paths import ROOT  # noqa: E402

ONE_LAYER, NETWORK = 1e-5, 1e-4


def error(found: np.ndarray, expected: np.ndarray) -> float:
    assert found.shape == expected.shape
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def run(graph: Any, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """The graph in PyTorch on TensorFlow's inputs; tensors of 4 and 5 axes with their channels last."""
    with torch.no_grad():
        found = to_torch(graph)(*(torch.from_numpy(np.moveaxis(x, -1, 1) if x.ndim in (4, 5) else x) for x in inputs))
    found = found if isinstance(found, tuple) else (found,)
    return [np.moveaxis(y.numpy(), 1, -1) if y.ndim in (4, 5) else y.numpy() for y in found]


def check(saved: Saved, path: Any, tolerance: float = ONE_LAYER, **settings: Any) -> Any:
    graph = load_tensorflow(path, **settings)
    for found, expected in zip(run(graph, saved.inputs), saved.outputs, strict=True):
        assert float(np.std(expected)) > 1e-3
        assert error(found, expected) < tolerance
    return graph


def weight(shape: list[int], name: str = "w") -> Any:
    return tf.get_variable(name, shape)


def conv(padding: Any, stride: int = 1, dilation: int = 1, kernel: tuple[int, int] = (3, 3)) -> Callable[..., Any]:
    def build(x: Any) -> Any:
        w = weight([*kernel, int(x.shape[3]), 6])
        return tf.nn.conv2d(x, w, [1, stride, stride, 1], padding, dilations=[1, dilation, dilation, 1])

    return build


def pool(function: Any, padding: str, window: int = 3, stride: int = 2) -> Callable[..., Any]:
    return lambda x: function(x, [1, window, window, 1], [1, stride, stride, 1], padding)


def unfused(scale: bool, offset: bool) -> Callable[..., Any]:
    def build(x: Any) -> Any:
        c = int(x.shape[-1])
        extra = {"offset": weight([c], "beta") if offset else None, "scale": weight([c], "gamma") if scale else None}
        moments = weight([c], "moving_mean"), weight([c], "moving_variance")
        return tf.nn.batch_normalization(x, *moments, variance_epsilon=1e-3, **extra)

    return build


def fused(x: Any) -> Any:
    names = "gamma", "beta", "moving_mean", "moving_variance"
    c = int(x.shape[-1])
    return tf.nn.fused_batch_norm(x, *(weight([c], name) for name in names), epsilon=1e-3, is_training=False)[0]


def transposed(padding: str, stride: int, size: int) -> Callable[..., Any]:
    def build(x: Any) -> Any:
        shape = tf.stack([tf.shape(x)[0], size, size, 5])
        return tf.nn.conv2d_transpose(x, weight([3, 3, 5, int(x.shape[3])]), shape, [1, stride, stride, 1], padding)

    return build


def flattened(x: Any) -> Any:
    y = tf.nn.relu(conv("SAME", 2)(x))
    shape = tf.shape(y)
    flat = tf.reshape(y, tf.stack([shape[0], shape[1] * shape[2] * 6]))
    return tf.matmul(flat, weight([int(y.shape[1]) * int(y.shape[2]) * 6, 7], "fc")) + weight([7], "bias")


def atrous(x: Any) -> Any:
    blocks = [[2, 2 + int(x.shape[1]) % 2], [2, 2 + int(x.shape[2]) % 2]]
    y = tf.space_to_batch_nd(x, [2, 2], blocks)
    y = tf.nn.conv2d(y, weight([3, 3, 3, 4]), [1, 1, 1, 1], "VALID")
    y = tf.nn.relu(tf.nn.bias_add(y, weight([4], "b")))
    return tf.batch_to_space_nd(y, [2, 2], [[0, int(x.shape[1]) % 2], [0, int(x.shape[2]) % 2]])


def grouped(x: Any) -> Any:
    parts = tf.split(conv("SAME")(x), 2, axis=3)
    parts = [tf.nn.conv2d(p, weight([3, 3, 3, 4], f"w{i}"), [1] * 4, "SAME") for i, p in enumerate(parts)]
    return tf.concat(parts[::-1], axis=-1)


def shuffled(x: Any) -> Any:
    y = conv("SAME")(x)
    h, w = int(y.shape[1]), int(y.shape[2])
    y = tf.reshape(y, [-1, h, w, 2, 3])
    return tf.reshape(tf.transpose(y, [0, 1, 2, 4, 3]), [-1, h, w, 6])


def conditional(x: Any) -> Any:
    phase = tf.placeholder_with_default(False, [], "is_training")
    y = conv("SAME")(x)
    return tf.cond(phase, lambda: y + tf.random.uniform(tf.shape(y)), lambda: tf.nn.relu(y) * 2.0)


def dropout_before(x: Any) -> Any:
    """As TensorFlow 1 spelled it: x / keep * floor(keep + random)."""
    keep = tf.placeholder(tf.float32, name="keep_prob")
    mask = tf.floor(keep + tf.random_uniform(tf.shape(x)))
    return tf.nn.relu(tf.div(x, keep) * mask)


def switched(x: Any) -> Any:
    phase = tf.placeholder(tf.bool, [], "phase_train")
    y = x * 3.0
    return tf.nn.relu(tf.cond(phase, lambda: tf.nn.dropout(y, rate=0.5), lambda: y))


PLACE = [None, 9, 12, 3]
CASES: dict[str, tuple[Callable[..., Any], list[list[int | None]]]] = {
    "convolution, SAME": (conv("SAME"), [PLACE]),
    "convolution, SAME, stride 2, even": (conv("SAME", 2), [[None, 8, 8, 3]]),
    "convolution, SAME, stride 2, odd": (conv("SAME", 2), [[None, 9, 7, 3]]),
    "convolution, SAME, stride 3 beyond the kernel": (conv("SAME", 3, kernel=(2, 1)), [PLACE]),
    "convolution, SAME, even kernel": (conv("SAME", 1, kernel=(4, 2)), [PLACE]),
    "convolution, VALID": (conv("VALID", 2), [PLACE]),
    "convolution, explicit padding": (conv([[0, 0], [2, 1], [0, 3], [0, 0]], 2), [PLACE]),
    "convolution, dilation 2": (conv("SAME", 1, 2), [PLACE]),
    "convolution, dilation 3, VALID": (conv("VALID", 1, 3), [PLACE]),
    "convolution in groups": (
        lambda x: tf.nn.conv2d(tf.concat([x, x * 2], 3), weight([3, 3, 3, 8]), [1] * 4, "SAME"),
        [PLACE],
    ),
    "dilation by space_to_batch": (atrous, [PLACE]),
    "dilation by atrous_conv2d": (
        lambda x: tf.nn.relu(tf.nn.atrous_conv2d(x, weight([3, 3, 3, 4]), 3, "SAME")),
        [PLACE],
    ),
    "depthwise, multiplier 2": (
        lambda x: tf.nn.depthwise_conv2d(x, weight([3, 3, 3, 2]), [1, 2, 2, 1], "SAME"),
        [PLACE],
    ),
    "depthwise, dilated": (
        lambda x: tf.nn.depthwise_conv2d(x, weight([3, 3, 3, 1]), [1] * 4, "SAME", dilations=[2, 2]),
        [PLACE],
    ),
    "separable": (
        lambda x: tf.nn.separable_conv2d(x, weight([3, 3, 3, 1]), weight([1, 1, 3, 5], "p"), [1] * 4, "SAME"),
        [PLACE],
    ),
    "transposed, SAME, doubles": (transposed("SAME", 2, 14), [[None, 7, 7, 3]]),
    "transposed, SAME, odd": (transposed("SAME", 2, 13), [[None, 7, 7, 3]]),
    "transposed, VALID": (transposed("VALID", 2, 15), [[None, 7, 7, 3]]),
    "transposed, VALID, more rows": (transposed("VALID", 2, 16), [[None, 7, 7, 3]]),
    "transposed, stride beyond the kernel": (transposed("SAME", 4, 28), [[None, 7, 7, 3]]),
    "transposed, stride beyond the kernel, with a bias": (lambda x: slim.conv2d_transpose(x, 5, 2, 3), [PLACE]),
    "bias by BiasAdd": (lambda x: tf.nn.bias_add(conv("SAME")(x), weight([6], "b")), [PLACE]),
    "bias by +": (lambda x: conv("SAME")(x) + weight([6], "b"), [PLACE]),
    "convolution read twice, one with a bias": (
        lambda x: (lambda y: tf.nn.relu(y + weight([6], "b")) * y)(conv("SAME")(x)),
        [PLACE],
    ),
    "maximum, SAME, odd": (pool(tf.nn.max_pool, "SAME"), [PLACE]),
    "maximum of negatives, SAME": (lambda x: pool(tf.nn.max_pool, "SAME", 2, 2)(x - 5.0), [[None, 7, 7, 3]]),
    "average, SAME, odd and even": (pool(tf.nn.avg_pool, "SAME"), [PLACE]),
    "average, SAME, stride 1": (pool(tf.nn.avg_pool, "SAME", 3, 1), [PLACE]),
    "average, VALID": (pool(tf.nn.avg_pool, "VALID"), [PLACE]),
    "batch norm, fused": (fused, [PLACE]),
    "batch norm, unfused": (unfused(True, True), [PLACE]),
    "batch norm, no scale": (unfused(False, True), [PLACE]),
    "batch norm, no offset": (unfused(True, False), [PLACE]),
    "batch norm, neither": (unfused(False, False), [PLACE]),
    "batch norm of vectors": (unfused(True, True), [[None, 5]]),
    "batch norm, tf.layers": (lambda x: tf.layers.batch_normalization(x, training=False), [PLACE]),
    "batch norm, tf.layers of vectors": (lambda x: tf.layers.batch_normalization(x, training=False), [[None, 6]]),
    "batch norm by hand": (
        lambda x: (x - weight([3], "m")) / tf.sqrt(weight([3], "v_variance") + 1e-3) * weight([3], "g"),
        [PLACE],
    ),
    "flatten by tf.shape": (flattened, [PLACE]),
    "flatten by slim": (lambda x: slim.fully_connected(slim.flatten(conv("SAME", 3)(x)), 5), [PLACE]),
    "flatten by -1": (lambda x: tf.matmul(tf.reshape(x, [-1, 9 * 12 * 3]), weight([324, 4])), [PLACE]),
    "dense, transposed weights": (lambda x: tf.matmul(x, weight([4, 6]), transpose_b=True), [[None, 6]]),
    "dense of three axes": (lambda x: tf.tensordot(x, weight([6, 4]), [[2], [0]]), [[None, 5, 6]]),
    "global average, dense": (lambda x: slim.fully_connected(tf.reduce_mean(x, [1, 2]), 5), [PLACE]),
    "global average, kept axes": (lambda x: tf.reduce_mean(x, [1, 2], keepdims=True), [PLACE]),
    "sum, maximum, minimum over axes": (
        lambda x: tf.reduce_sum(x, -1) + tf.reduce_max(x, 3) * tf.reduce_min(x, 3),
        [PLACE],
    ),
    "groups by split and concat": (grouped, [PLACE]),
    "uneven split": (lambda x: tf.concat(tf.split(conv("SAME")(x), [1, 3, 2], 3)[::-1], 3), [PLACE]),
    "channel shuffle": (shuffled, [PLACE]),
    "stack and unstack": (lambda x: tf.stack(tf.unstack(x, axis=3)[::-1], axis=1), [PLACE]),
    "slices": (lambda x: x[:, 1:-1, ::2, 1:], [PLACE]),
    "slice, a dropped axis and a new one": (lambda x: x[:, 2, :, tf.newaxis, :2], [PLACE]),
    "slice, reversed channels": (lambda x: x[..., ::-1] * [1.0, 2.0, 3.0], [PLACE]),
    "tf.slice to the end": (lambda x: tf.slice(x, [0, 2, 1, 0], [-1, -1, 5, 2]), [PLACE]),
    "gather of channels": (lambda x: tf.gather(x, [2, 0], axis=3), [PLACE]),
    "padding": (lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 3], [1, 0]], constant_values=0.5), [PLACE]),
    "padding before a convolution": (lambda x: conv("VALID", 2)(tf.pad(x, [[0, 0], [1, 2], [2, 2], [0, 0]])), [PLACE]),
    "padding, reflected": (lambda x: tf.pad(x, [[0, 0], [1, 2], [2, 1], [0, 0]], "REFLECT"), [PLACE]),
    "tile": (lambda x: tf.tile(x, [1, 2, 1, 3]), [PLACE]),
    "bilinear, as TensorFlow 1": (lambda x: tf.image.resize_bilinear(x, [17, 20]), [PLACE]),
    "bilinear, corners aligned": (lambda x: tf.image.resize_bilinear(x, [17, 20], align_corners=True), [PLACE]),
    "bilinear, half pixels": (lambda x: tf.image.resize_bilinear(x, [18, 24], half_pixel_centers=True), [PLACE]),
    "bilinear by the size of another": (
        lambda x: tf.image.resize_bilinear(pool(tf.nn.max_pool, "SAME")(x), tf.shape(x)[1:3]),
        [PLACE],
    ),
    "nearest": (lambda x: tf.image.resize_nearest_neighbor(x, [18, 24]), [PLACE]),
    "depth to space": (lambda x: tf.depth_to_space(tf.concat([x] * 4, 3) * tf.range(12.0), 2), [PLACE]),
    "space to depth": (lambda x: tf.space_to_depth(x, 2), [[None, 6, 8, 3]]),
    "local response normalisation": (lambda x: tf.nn.lrn(x * 5, 1, bias=2.0, alpha=0.3, beta=0.75), [PLACE]),
    "relu6": (lambda x: tf.nn.relu6(x * 10), [PLACE]),
    "elu, selu, softplus, softsign": (
        lambda x: tf.nn.elu(x) + tf.nn.selu(x) * tf.nn.softplus(x) - tf.nn.softsign(x),
        [PLACE],
    ),
    "leaky relu": (lambda x: tf.nn.leaky_relu(x, 0.3), [PLACE]),
    "leaky relu as a maximum": (lambda x: tf.maximum(0.1 * x, x), [PLACE]),
    "prelu by hand": (lambda x: tf.nn.relu(x) - weight([3]) * tf.nn.relu(-x), [PLACE]),
    "hard swish by hand": (lambda x: x * tf.nn.relu6(x * 4 + 3) / 6, [PLACE]),
    "exp, log, sqrt, powers": (lambda x: tf.log(tf.exp(x) + tf.square(x)) ** 2 - tf.sqrt(tf.abs(x)), [PLACE]),
    "numbers before operators": (lambda x: 1.0 - 2.0 / (3.0 + x), [PLACE]),
    "a tensor with itself": (lambda x: (x + x) * x, [PLACE]),
    "sum of several": (lambda x: tf.add_n([x, x * 2, tf.nn.relu(x)]), [PLACE]),
    "softmax": (lambda x: tf.nn.softmax(x), [PLACE]),
    "softmax along rows": (lambda x: tf.nn.softmax(x * 3, axis=1), [PLACE]),
    "log softmax of vectors": (lambda x: tf.nn.log_softmax(x), [[None, 6]]),
    "mean image": (lambda x: (x - tf.constant([0.1, 0.2, 0.3])) * 2.0, [PLACE]),
    "l2 normalisation": (lambda x: tf.math.l2_normalize(x, axis=3), [PLACE]),
    "mean and variance over the plane": (
        lambda x: (lambda m, v: (x - m) * tf.rsqrt(v + 1e-5))(*tf.nn.moments(x, [1, 2], keepdims=True)),
        [PLACE],
    ),
    "two inputs": (lambda x, y: tf.concat([x, y * 2], 3), [PLACE, PLACE]),
    "two outputs, one within the other": (lambda x: (lambda y: [y, tf.nn.relu(y) * 2])(x * 3), [PLACE]),
    "is_training by default false": (conditional, [PLACE]),
    "phase_train, dropout in a condition": (switched, [PLACE]),
    "squeeze and expand": (lambda x: tf.squeeze(tf.expand_dims(x, 2), [2]) * 2, [[None, 6, 4]]),
    "convolution along one axis": (
        lambda x: tf.nn.conv1d(x, weight([3, 4, 5]), stride=2, padding="SAME"),
        [[None, 11, 4]],
    ),
    "matrices of data": (lambda x: tf.matmul(x, x, transpose_b=True), [[None, 5, 6]]),
    "weights computed of weights": (
        lambda x: tf.nn.conv2d(x, tf.nn.l2_normalize(weight([3, 3, 3, 4]), [0, 1, 2]), [1] * 4, "SAME"),
        [PLACE],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_computes_what_tensorflow_does(name, tmp_path):
    build, shapes = CASES[name]
    saved = save(tmp_path, build, *shapes, feed={"phase_train:0": False} if build is switched else None)
    outputs = ["MMdnn_Output", "MMdnn_Output_1"][: len(saved.outputs)]
    check(saved, saved.frozen, outputs=outputs)
    if saved.meta.exists():
        check(saved, saved.meta, outputs=outputs)


# ---- what the nodes are -------------------------------------------------------------------------------------------


def small(x: Any) -> Any:
    y = slim.conv2d(
        x,
        8,
        3,
        2,
        activation_fn=tf.nn.relu6,
        normalizer_fn=slim.batch_norm,
        scope="first",
        normalizer_params={"is_training": False, "scale": True},
    )
    y = slim.conv2d(tf.pad(y, [[0, 0], [1, 1], [2, 2], [0, 0]]), 4, 3, padding="VALID", scope="second")
    y = slim.max_pool2d(y, 2)
    y = slim.dropout(slim.flatten(y), 0.5, is_training=False)
    return slim.fully_connected(y, 5, activation_fn=None, scope="fc")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    return save(tmp_path_factory.mktemp("small"), small, [None, 15, 18, 3], saved_model=True)


def test_a_layer_is_one_node_and_training_leaves_none(saved):
    nodes = read_tensorflow(saved.meta)
    assert [node.op for node in nodes] == [
        "DataInput",
        "Conv",
        "BatchNorm",
        "Relu6",
        "Conv",
        "Relu",
        "Pool",
        "Reshape",
        "FullyConnected",
    ]
    assert [node.name for node in nodes][1:3] == ["first/Conv2D", "first/BatchNorm/FusedBatchNormV3"]
    conv = nodes[1]
    assert conv.attrs["pads"] == [0, 1, 0, 0, 0, 1, 1, 0]
    assert conv.attrs["auto_pad"] == "SAME_UPPER"
    assert conv.attrs["_output_shapes"] == [(-1, 8, 9, 8)]
    assert nodes[4].attrs["pads"] == [0, 1, 2, 0, 0, 1, 2, 0]
    assert set(nodes[4].weights) == {"weights", "bias"}
    assert nodes[0].attrs["shape"] == (-1, 15, 18, 3)


@pytest.mark.parametrize("form", ["meta", "frozen", "saved_model", "index", "data", "no suffix", "folder", "text"])
def test_every_form_is_read(form, saved, tmp_path):
    path = {
        "index": saved.folder / "net.ckpt.index",
        "data": saved.folder / "net.ckpt.data-00000-of-00001",
        "no suffix": saved.folder / "net.ckpt",
        "folder": saved.folder,
        "text": tmp_path / "net.pbtxt",
    }.get(form) or getattr(saved, form)
    if form == "text":
        graph = tf.GraphDef.FromString(saved.frozen.read_bytes())
        tf.io.write_graph(graph, str(tmp_path), "net.pbtxt")
    check(saved, path, outputs="MMdnn_Output")


def test_the_output_is_found_and_named(saved):
    assert list(check(saved, saved.frozen).outputs) == ["MMdnn_Output"]
    assert list(check(saved, saved.saved_model).outputs) == ["MMdnn_Output"]
    assert list(check(saved, saved.meta, outputs="MMdnn_Output:0").outputs) == ["MMdnn_Output:0"]


def test_weights_elsewhere(saved, tmp_path):
    shutil.copy(saved.meta, tmp_path / "graph.meta")
    check(saved, tmp_path / "graph.meta", weights=saved.folder / "net.ckpt", outputs="MMdnn_Output")
    with pytest.raises(UnsupportedError, match="no checkpoint"):
        load_tensorflow(tmp_path / "graph.meta", outputs="MMdnn_Output")


def test_of_several_outputs_one_must_be_named(saved, tmp_path):
    two = save(tmp_path, lambda x: [tf.nn.relu(x), tf.nn.sigmoid(x)], [None, 4])
    with pytest.raises(ConversionError, match=r"2 nodes could be the output(.|\n)*MMdnn_Output(.|\n)*MMdnn_Output_1"):
        load_tensorflow(two.frozen)
    assert list(load_tensorflow(two.frozen, outputs="Sigmoid").outputs) == ["Sigmoid"]
    both = load_tensorflow(two.frozen, outputs=["MMdnn_Output_1", "MMdnn_Output"])
    assert list(both.outputs) == ["MMdnn_Output_1", "MMdnn_Output"]


def test_inputs_come_in_the_order_of_the_file(tmp_path):
    three = save(tmp_path, lambda x, y, z: [z * 2 - x, y + 1], *[[None, 5]] * 3)
    names = ["MMdnn_Output", "MMdnn_Output_1"]
    graph = check(three, three.frozen, outputs=names)
    assert [value.name for value in graph.inputs] == ["input", "input_1", "input_2"]
    nodes = read_tensorflow(three.frozen, outputs=names)
    assert [node.name for node in nodes if node.op == "DataInput"] == ["input", "input_1", "input_2"]


def test_a_misspelt_output_gets_the_nearest_names(saved):
    with pytest.raises(ConversionError, match=r"no node 'MMdnn_Outptu'; similar names: MMdnn_Output"):
        load_tensorflow(saved.frozen, outputs="MMdnn_Outptu")


def test_an_output_within_the_network(saved):
    graph = load_tensorflow(saved.frozen, outputs=["first/Relu6", "fc/BiasAdd"])
    assert list(graph.outputs) == ["first/Relu6", "fc/BiasAdd"]
    found = run(graph, saved.inputs)
    assert found[0].shape == (2, 8, 9, 8)
    assert error(found[1], saved.outputs[0]) < ONE_LAYER


def test_sizes_left_open_must_be_given(tmp_path):
    open_ = save(tmp_path, lambda x: slim.conv2d(x, 4, 3, 2), [None, None, None, 3], size=(9, 13))
    message = r"'input' \(Placeholder\): an input of shape \[\?, \?, \?, 3\]\n.*--inputShape"
    with pytest.raises(UnsupportedError, match=message):
        load_tensorflow(open_.frozen)
    for shape in ((9, 13, 3), (None, 9, 13, 3), (2, 9, 13, 3), {"input": (9, 13, 3)}, [(9, 13, 3)]):
        check(open_, open_.frozen, input_shape=shape)
    with pytest.raises(ConversionError, match="2 input shapes for 1 inputs"):
        load_tensorflow(open_.frozen, input_shape=[(9, 13, 3), (9, 13, 3)])
    with pytest.raises(UnsupportedError, match="4 axes"):
        load_tensorflow(open_.frozen, input_shape=(9, 13))


def test_any_node_can_be_the_input(saved):
    graph = load_tensorflow(saved.frozen, input_shape={"first/Relu6": (8, 9, 8)})
    assert [value.name for value in graph.inputs] == ["first/Relu6"]


@pytest.mark.parametrize("batch", [1, 3])
def test_a_fixed_batch_stays(batch, tmp_path):
    fixed = save(tmp_path, lambda x: slim.flatten(slim.conv2d(x, 4, 3)), [batch, 6, 6, 3])
    assert check(fixed, fixed.frozen).inputs[0].shape == (batch, 3, 6, 6)


def test_dropout_in_the_spellings_of_its_time(tmp_path):
    cases = [
        lambda x: tf.nn.dropout(x, rate=0.3) * 2,
        dropout_before,
        lambda x: tf.nn.relu(slim.dropout(x, 0.7, is_training=True)),
        lambda x: tf.layers.dropout(x, 0.5, training=True) + 1,
        lambda x: tf.layers.dropout(x, 0.5, training=False) + 1,
    ]
    for number, build in enumerate(cases):
        feed = {"keep_prob:0": 1.0} if build is dropout_before else None
        made = save(tmp_path / str(number), build, [None, 5], feed=feed)
        ops = [node.op for node in read_tensorflow(made.frozen)]
        assert set(ops) <= {"DataInput", "Constant", "Mul", "Add", "Relu"}
    check(save(tmp_path / "fed", dropout_before, [None, 5], feed={"keep_prob:0": 1.0}), tmp_path / "fed" / "net.pb")


def test_a_network_saved_while_it_trained(tmp_path):
    def build(x: Any) -> Any:
        y = slim.fully_connected(slim.flatten(slim.conv2d(x, 4, 3)), 3, activation_fn=None, scope="logits")
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(logits=y, labels=[1, 2]))
        tf.summary.scalar("loss", loss)
        tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
        return y

    check(save(tmp_path, build, [None, 6, 6, 3]), tmp_path / "net.ckpt.meta", outputs="MMdnn_Output")


def test_channels_first(tmp_path):
    """TensorFlow itself cannot run this on a CPU: the same network with channels last is the judge."""

    def build(layout: str) -> Callable[..., Any]:
        first = layout == "NCHW"
        steps = [1, 1, 2, 2] if first else [1, 2, 2, 1]

        def net(x: Any) -> Any:
            x = tf.transpose(x, [0, 3, 1, 2]) if first else x
            y = tf.nn.conv2d(x, weight([3, 3, 3, 4]), steps, "SAME", data_format=layout)
            y = tf.nn.relu(tf.nn.bias_add(y, weight([4], "b"), data_format=layout))
            y = tf.nn.max_pool(y, steps, steps, "SAME", data_format=layout)
            return tf.transpose(y, [0, 2, 3, 1]) if first else y

        return net

    judge = save(tmp_path / "last", build("NHWC"), [None, 9, 12, 3])
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 9, 12, 3], "input")
        tf.identity(build("NCHW")(x), "MMdnn_Output")
        tf.io.write_graph(tf.train.export_meta_graph(graph=graph), str(tmp_path), "first.meta", as_text=False)
    check(judge, tmp_path / "first.meta", weights=judge.folder / "net.ckpt")


# ---- refusals -----------------------------------------------------------------------------------------------------


def test_operators_without_a_rule_are_listed_at_once(tmp_path):
    made = save(tmp_path, lambda x: tf.math.lgamma(tf.cumsum(tf.nn.relu(tf.math.digamma(x + 5)), 1) + 5), [None, 4])
    with pytest.raises(UnsupportedError) as caught:
        load_tensorflow(made.frozen)
    assert [problem.where for problem in caught.value.problems] == [
        "node 'Digamma' (Digamma)",
        "node 'Cumsum' (Cumsum)",
        "node 'Lgamma' (Lgamma)",
    ]


REFUSED: dict[str, tuple[Callable[..., Any], str]] = {
    "statistics of the batch": (
        lambda x: tf.nn.fused_batch_norm(x, [1.0] * 3, [0.0] * 3, is_training=True)[0],
        "statistics of the batch",
    ),
    "random numbers": (lambda x: x + tf.random.normal(tf.shape(x)), "random numbers"),
    "noise in proportion": (lambda x: x / 2.0 * tf.random.normal(tf.shape(x)), "random numbers"),
    "a mean of whole numbers": (lambda x: tf.reduce_mean(tf.cast(x, tf.int32), 1), "rounded"),
    "a cast to bytes": (lambda x: tf.cast(tf.cast(x, tf.uint8), tf.float32), "wrap"),
    "the last of a batch": (lambda x: x[-1:], "a slice of the batch"),
    "a loop": (lambda x: tf.while_loop(lambda y: tf.reduce_sum(y) < 9, lambda y: y * 2 + 1, [x]), "a loop"),
    "a condition on data": (
        lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: x + 1, lambda: x * 2),
        "depends on data|not supported",
    ),
    "weights that are data": (
        lambda x: tf.nn.conv2d(x, tf.reshape(x, [6, 6, 3, 2])[:3, :3], [1] * 4, "SAME"),
        "constant",
    ),
    "no input": (lambda _: tf.constant([1.0, 2.0]) * 2, "does not depend on an input"),
    "the batch's size as a number": (lambda x: x * tf.cast(tf.shape(x)[0], tf.float32), "batch"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name, tmp_path):
    build, message = REFUSED[name]
    tf.disable_control_flow_v2()
    with tf.Graph().as_default() as graph:
        shape = [2, 6, 6, 3] if name.startswith("weights") else [None, 6, 6, 3]
        x = tf.placeholder(tf.float32, shape, "input")
        y = build(x)
        tf.identity(y[0] if isinstance(y, list) else y, "end")
        tf.io.write_graph(graph.as_graph_def(), str(tmp_path), "net.pb", as_text=False)
    with pytest.raises(ConversionError, match=message):
        load_tensorflow(tmp_path / "net.pb", outputs="end")


def test_files_that_are_none(tmp_path, saved):
    (tmp_path / "empty.pb").write_bytes(b"")
    (tmp_path / "noise.pb").write_bytes(b"\xff" * 100)
    (tmp_path / "words.pbtxt").write_text("node { no }")
    (tmp_path / "folder").mkdir()
    for name in ("empty.pb", "noise.pb", "words.pbtxt", "folder", "missing.pb", "missing.ckpt.meta", "missing.ckpt"):
        with pytest.raises(ConversionError):
            load_tensorflow(tmp_path / name)
    with pytest.raises(ConversionError):
        load_tensorflow(saved.meta, weights=tmp_path / "missing.ckpt", outputs="MMdnn_Output")


def run_alone(*lines: str) -> str:
    """Runs a program of Python in a process of its own, from the folder of the repository, and returns its output."""
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_says_what_to_install(saved):
    said = run_alone(
        "import sys, importlib.util",
        "real = importlib.util.find_spec",
        "importlib.util.find_spec = lambda name, *more: None if name == 'tensorflow' else real(name, *more)",
        "import pytorch2caffe",
        f"try: pytorch2caffe.load_tensorflow({str(saved.frozen)!r})",
        "except pytorch2caffe.ConversionError as error: print(error)",
    )
    assert "pip install 'pytorch2caffe[tensorflow]'" in said


def test_tensorflow_is_whole_for_who_imports_it_later(saved):
    """Reading runs only parts of TensorFlow; afterwards it must work as ever."""
    said = run_alone(
        "import sys, pytorch2caffe",
        f"pytorch2caffe.load_tensorflow({str(saved.frozen)!r})",
        "assert not any(name.startswith('tensorflow.python') for name in sys.modules)",
        f"pytorch2caffe.load_tensorflow({str(saved.meta)!r}, outputs='MMdnn_Output')",
        "assert 'tensorflow' not in sys.modules",
        "import tensorflow as tf",
        "from tensorflow.python.framework import ops",
        "with tf.compat.v1.Session(graph=tf.Graph()) as session, session.graph.as_default():",
        "    print(session.run(tf.compat.v1.constant(20) + 1))",
        f"print(len(tf.saved_model.load({str(saved.saved_model)!r}).signatures))",
        f"pytorch2caffe.load_tensorflow({str(saved.meta)!r}, outputs='MMdnn_Output')",
    )
    assert said.split() == ["21", "1"]


@pytest.mark.parametrize("form", ["meta", "frozen", "index", "data", "saved_model"])
def test_damaged_files_are_errors(form, saved, tmp_path):
    """Cut off, and with bits turned over: a ConversionError, or a file that still says the same kind of thing."""
    folder = tmp_path / "copy"
    shutil.copytree(saved.folder, folder)
    names = {
        "meta": "net.ckpt.meta",
        "frozen": "net.pb",
        "index": "net.ckpt.index",
        "data": "net.ckpt.data-00000-of-00001",
        "saved_model": "saved/saved_model.pb",
    }
    victim = folder / names[form]
    path: Path = {"frozen": folder / "net.pb", "saved_model": folder / "saved"}.get(form, folder / "net.ckpt.meta")
    whole = victim.read_bytes()
    rng = np.random.RandomState(0)
    refused = 0
    for _ in range(40):
        data = bytearray(whole)
        if rng.rand() < 0.3:
            del data[rng.randint(len(data)) :]
        else:
            for position in rng.randint(len(data), size=rng.randint(1, 8)):
                data[position] ^= 1 << rng.randint(8)
        victim.write_bytes(bytes(data))
        try:
            read_tensorflow(path, outputs="MMdnn_Output")
        except ConversionError:
            refused += 1
    assert refused > 10


# ---- whole networks -----------------------------------------------------------------------------------------------


def tiny_resnet(version: int) -> Callable[..., Any]:
    from tf_slim.nets import resnet_v1, resnet_v2

    module = resnet_v1 if version == 1 else resnet_v2
    block = getattr(module, f"resnet_v{version}_block")
    function = getattr(module, f"resnet_v{version}")

    def build(x: Any) -> Any:
        blocks = [block("block1", 4, 1, 2), block("block2", 8, 2, 1)]
        with slim.arg_scope(module.resnet_arg_scope()):
            return function(x, blocks, 7, is_training=False, scope="net")[0]

    return build


NETWORKS: dict[str, tuple[Callable[..., Any], int]] = {
    "resnet_v1": (tiny_resnet(1), 65),
    "resnet_v2": (tiny_resnet(2), 65),
    "mobilenet_v1": (slim_net("mobilenet_v1", 7, width=0.25), 64),
    "inception_resnet_v2": (slim_net("inception_resnet_v2", 7, repeats=(1, 1, 1), width=0.125), 107),
    "inception_v4": (slim_net("inception_v4", 7, repeats=(1, 1, 1), width=0.125), 107),
}


# A group is one worker's: each network is built once, whatever reads it.
@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.xdist_group(f"tensorflow {name}")) for name in NETWORKS],
)
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    build, size = NETWORKS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    return save(folder, build, [None, size, size, 3], saved_model=True)


def test_networks_from_every_form(network):
    for path in (network.meta, network.frozen, network.saved_model):
        check(network, path, NETWORK, outputs="MMdnn_Output")


def test_networks_in_caffe(network, tmp_path, real_caffe):
    """TensorFlow's SAME padding, in a Caffe that has none: the numbers of TensorFlow from Caffe itself."""
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    graph = load_tensorflow(network.frozen)
    save_caffe(graph, *files)
    x = np.ascontiguousarray(np.moveaxis(network.inputs[0][:1], -1, 1))
    found = list(get("caffe").run(*files, {graph.inputs[0].name: x}).values())[-1]
    assert error(found.reshape(-1), network.outputs[0][:1].reshape(-1)) < NETWORK


KERAS = ["keras", "tf_keras"]


@pytest.mark.parametrize("package", KERAS)
def test_keras(package, tmp_path):
    """A SavedModel of TensorFlow 2: functions within functions, variables named after objects."""
    keras = pytest.importorskip(package)
    layers = keras.layers
    x = image = keras.Input((12, 13, 3), name="image")
    x = layers.BatchNormalization()(layers.Conv2D(8, 3, 2, padding="same", use_bias=False)(x))
    x = layers.DepthwiseConv2D(3, padding="same")(layers.ReLU(6.0)(x))
    x = layers.Conv2D(8, 3, dilation_rate=2, padding="same", activation="elu")(layers.LeakyReLU(0.1)(x))
    y = layers.Conv2DTranspose(6, 3, 2, padding="same")(layers.SeparableConv2D(5, 3, activation="tanh")(x))
    y = layers.UpSampling2D(2, interpolation="bilinear")(y)
    x = layers.Concatenate()([layers.GlobalMaxPooling2D()(x), layers.GlobalAveragePooling2D()(y)])
    model = keras.Model(image, layers.Dense(5, "softmax")(layers.Dropout(0.5)(layers.Dense(9)(x))))
    rng = np.random.RandomState(0)
    model.set_weights(
        [
            rng.uniform(0.5, 1.5, w.shape) if w.ndim == 1 else rng.randn(*w.shape) * np.sqrt(2 / np.prod(w.shape[:-1]))
            for w in model.get_weights()
        ]
    )
    fed = rng.uniform(-1, 1, (2, 12, 13, 3)).astype(np.float32)
    model.export(str(tmp_path / "saved"), verbose=False) if package == "keras" else model.save(str(tmp_path / "saved"))
    judge = Saved(tmp_path, [fed], [np.asarray(model(fed, training=False))])
    check(judge, tmp_path / "saved")


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_an_input_with_channels_first_keeps_its_layout(layout, tmp_path):
    """Read by a layer of that layout, or transposed by the graph itself, whose output then has channels last."""
    kernel = np.random.default_rng(0).standard_normal((3, 3, 3, 4)).astype(np.float32)
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 3, 9, 12], "input")
        x = x if layout == "NCHW" else tf.transpose(x, [0, 2, 3, 1])
        y = tf.nn.conv2d(x, tf.constant(kernel), 2, "VALID", data_format=layout)
        tf.nn.relu(y, "output")
    (tmp_path / "net.pb").write_bytes(graph.as_graph_def().SerializeToString())
    read = load_tensorflow(tmp_path / "net.pb")
    assert read.inputs[0].shape == (1, 3, 9, 12)
    x = torch.randn(1, 3, 9, 12)
    weight = torch.from_numpy(kernel.transpose(3, 2, 0, 1).copy())
    torch.testing.assert_close(to_torch(read)(x), torch.relu(torch.conv2d(x, weight, stride=2)))
