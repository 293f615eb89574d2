"""Networks in TensorFlow 1's graph mode with random weights, saved in each of its formats, with its own outputs.

Under TensorFlow 2.16 and later tf_slim and tf.layers need tf_keras, and modules of it under the names of old.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import tensorflow.compat.v1 as tf
from tf_keras.src import legacy_tf_layers
from tf_keras.src.legacy_tf_layers import base, convolutional, core, normalization, pooling

sys.modules.setdefault("tf_keras.legacy_tf_layers", legacy_tf_layers)
for module in (base, convolutional, core, normalization, pooling):
    sys.modules.setdefault(f"tf_keras.legacy_tf_layers.{module.__name__.rsplit('.', 1)[-1]}", module)

import tf_slim as slim  # noqa: E402 - it needs the names above
from tf_slim.nets import inception, resnet_v1, resnet_v2, vgg  # noqa: E402

from tests.frontends.tensorflow.tf_inception import inception_resnet_v2, inception_v4  # noqa: E402

tf.logging.set_verbosity(tf.logging.ERROR)

Build = Callable[..., Any]


@dataclass
class Saved:
    """A network on disk, and what TensorFlow computes with it."""

    folder: Path
    inputs: list[np.ndarray]
    outputs: list[np.ndarray]

    @property
    def meta(self) -> Path:
        return self.folder / "net.ckpt.meta"

    @property
    def frozen(self) -> Path:
        return self.folder / "net.pb"

    @property
    def saved_model(self) -> Path:
        return self.folder / "saved"


def save(
    folder: Path,
    build: Callable[..., Any],
    *shapes: Sequence[int | None],
    size: Sequence[int] | None = None,
    frozen: bool = True,
    saved_model: bool = False,
    batch: int = 2,
    norm: bool = False,
    seed: int = 0,
    feed: dict[str, Any] | None = None,
) -> Saved:
    """Builds a network and saves it.

    build:  takes the placeholders (`input`, `input_1`, ...) and returns the outputs; they are named MMdnn_Output,
            MMdnn_Output_1 ...
    shapes: of the placeholders. size: the height and width to feed where the first shape leaves them open.
    norm:   measure the batch-norm statistics on random images, as training would; `build` then takes is_training.
    feed:   what else to feed TensorFlow, by the name of the tensor.
    """
    rng = np.random.RandomState(seed)
    values: dict[str, np.ndarray] = {}
    fed = [_fed(shape, size, batch, rng) for shape in shapes]
    if norm:
        _measure(build, shapes, fed, values, rng)
    graph = tf.Graph()
    with graph.as_default(), tf.Session(graph=graph, config=CONFIG) as session:
        inputs = _placeholders(shapes)
        made = build(*inputs)
        outputs = [tf.identity(y, "MMdnn_Output") for y in (made if isinstance(made, (list, tuple)) else [made])]
        for variable in tf.global_variables():
            values.setdefault(variable.op.name, random_value(variable, rng))
        _set(session, values)
        results = session.run(outputs, {**dict(zip(inputs, fed, strict=True)), **(feed or {})})
        folder.mkdir(parents=True, exist_ok=True)
        if values:
            tf.train.Saver().save(session, str(folder / "net.ckpt"))
        if frozen:
            names = [y.op.name for y in outputs]
            definition = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), names)
            (folder / "net.pb").write_bytes(definition.SerializeToString())
        if saved_model:
            ends = dict(zip((y.op.name for y in outputs), outputs, strict=True))
            tf.saved_model.simple_save(session, str(folder / "saved"), {x.op.name: x for x in inputs}, ends)
    return Saved(folder, fed, results)


CONFIG = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)


def _set(session: Any, values: dict[str, np.ndarray]) -> None:
    """Sets the graph's variables in one run: TensorFlow examines the whole graph again for each run."""
    variables = tf.global_variables()
    if variables:
        fed = {variable.initializer.inputs[1]: values[variable.op.name] for variable in variables}
        session.run([variable.initializer for variable in variables], fed)


def _placeholders(shapes: Sequence[Sequence[int | None]]) -> list[Any]:
    return [tf.placeholder(tf.float32, shape, "input") for shape in shapes]


def _fed(shape: Sequence[int | None], size: Sequence[int] | None, batch: int, rng: Any) -> np.ndarray:
    dims = list(shape)
    dims[0] = batch if dims[0] is None else dims[0]
    if size is not None:
        dims[1:3] = size
    return rng.uniform(-1, 1, dims).astype(np.float32)


def random_value(variable: Any, rng: Any) -> np.ndarray:
    """Weights that keep the signal's size, and statistics and offsets that matter."""
    shape, name = variable.shape.as_list(), variable.op.name.rsplit("/", 1)[-1]
    if len(shape) >= 2:
        fan = np.prod(shape[:2]) if "depthwise" in name else np.prod(shape[:-1])
        return (rng.randn(*shape) * np.sqrt(2.0 / fan)).astype(np.float32)
    if name == "gamma" or "variance" in name:
        return rng.uniform(0.6, 1.4, shape).astype(np.float32)
    return (rng.randn(*shape) * 0.2).astype(np.float32)


def _measure(build: Build, shapes: Any, fed: Any, values: dict[str, np.ndarray], rng: Any) -> None:
    """Moving statistics as training would leave them, then shaken."""
    graph = tf.Graph()
    with graph.as_default(), tf.Session(graph=graph, config=CONFIG) as session:
        inputs = _placeholders(shapes)
        result = build(*inputs, is_training=True)
        for variable in tf.global_variables():
            values[variable.op.name] = random_value(variable, rng)
            if variable.op.name.endswith(("moving_mean", "moving_variance")):
                values[variable.op.name] = np.zeros(variable.shape.as_list(), np.float32)
        _set(session, values)
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        session.run([updates, result], dict(zip(inputs, fed, strict=True)))
        for variable in tf.global_variables():
            name = variable.op.name
            if name.endswith("moving_mean"):
                values[name] = session.run(variable) * rng.uniform(0.8, 1.25) + 0.02 * rng.randn(*variable.shape)
            if name.endswith("moving_variance"):
                values[name] = session.run(variable) * rng.uniform(0.8, 1.25) + 1e-3
            values[name] = values[name].astype(np.float32)


# ---- slim's networks ----------------------------------------------------------------------------------------------


def slim_net(name: str, classes: int = 10, **more: Any) -> Build:
    """One of SLIM by name, as its own code builds it."""
    function, scope, settings = SLIM[name]

    def build(x: Any, is_training: bool = False) -> Any:
        plain = scope in (None, vgg.vgg_arg_scope)
        decay = {} if plain else {"batch_norm_decay": 0.0 if is_training else 0.99}
        with slim.arg_scope(scope(**decay)) if scope else contextlib.nullcontext():
            return function(x, classes, is_training=is_training, **settings, **more)[0]

    return build


def mobilenet_v1(x: Any, classes: int, is_training: bool, width: float = 1.0) -> Any:
    """As in the paper: pairs of a depthwise and a pointwise convolution; slim's own is not in its package."""
    steps = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
    with _normalised(is_training, tf.nn.relu6):
        x = slim.conv2d(x, int(32 * width), 3, 2, scope="Conv2d_0")
        for index, (depth, stride) in enumerate(steps, 1):
            x = slim.separable_conv2d(x, None, 3, 1, stride, scope=f"Conv2d_{index}_depthwise")
            x = slim.conv2d(x, int(depth * width), 1, scope=f"Conv2d_{index}_pointwise")
    x = slim.avg_pool2d(x, x.shape[1:3], padding="VALID", scope="AvgPool_1a")
    x = slim.dropout(x, 0.999, is_training=is_training, scope="Dropout_1b")
    x = slim.conv2d(x, classes, 1, activation_fn=None, scope="Conv2d_1c_1x1")
    return (tf.squeeze(x, [1, 2], name="SpatialSqueeze"),)


def mobilenet_v2(x: Any, classes: int, is_training: bool, width: float = 1.0) -> Any:
    """Inverted residuals, as in the paper."""
    blocks = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    with _normalised(is_training, tf.nn.relu6):
        x = slim.conv2d(x, int(32 * width), 3, 2, scope="Conv")
        for times, depth, repeats, stride in blocks:
            for index in range(repeats):
                place = f"depth_{depth}_{index}"
                y = slim.conv2d(x, int(x.shape[3]) * times, 1, scope=f"{place}_expand") if times > 1 else x
                y = slim.separable_conv2d(y, None, 3, 1, stride if index == 0 else 1, scope=f"{place}_depthwise")
                y = slim.conv2d(y, int(depth * width), 1, activation_fn=None, scope=f"{place}_project")
                x = x + y if x.shape[1:].as_list() == y.shape[1:].as_list() else y
        x = slim.conv2d(x, max(1280, int(1280 * width)), 1, scope="last")
    x = tf.reduce_mean(x, [1, 2], keepdims=True)
    x = slim.conv2d(slim.dropout(x, 0.8, is_training=is_training), classes, 1, activation_fn=None, scope="Logits")
    return (tf.squeeze(x, [1, 2]),)


@contextlib.contextmanager
def _normalised(is_training: bool, activation: Any) -> Iterator[None]:
    norm = {"is_training": is_training, "decay": 0.0 if is_training else 0.99, "scale": True, "epsilon": 1e-3}
    with slim.arg_scope(
        [slim.conv2d, slim.separable_conv2d],
        activation_fn=activation,
        normalizer_fn=slim.batch_norm,
        normalizer_params=norm,
    ):
        yield


SLIM: dict[str, Any] = {
    "inception_v1": (inception.inception_v1, inception.inception_v3_arg_scope, {}),
    "inception_v2": (inception.inception_v2, inception.inception_v3_arg_scope, {}),
    "inception_v3": (inception.inception_v3, inception.inception_v3_arg_scope, {}),
    "resnet_v1_50": (resnet_v1.resnet_v1_50, resnet_v1.resnet_arg_scope, {}),
    "resnet_v2_50": (resnet_v2.resnet_v2_50, resnet_v2.resnet_arg_scope, {}),
    "resnet_v2_152": (resnet_v2.resnet_v2_152, resnet_v2.resnet_arg_scope, {}),
    "vgg_16": (vgg.vgg_16, vgg.vgg_arg_scope, {}),
    "mobilenet_v1": (mobilenet_v1, None, {}),
    "mobilenet_v2": (mobilenet_v2, None, {}),
    "inception_resnet_v2": (inception_resnet_v2, inception.inception_v3_arg_scope, {}),
    "inception_v4": (inception_v4, inception.inception_v3_arg_scope, {}),
}
