"""The networks of TensorFlow-Slim, built by the tf_slim package: a pretrained slim checkpoint has weights only."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ConversionError
from ...frontends.tensorflow.package import without_log_lines


@dataclass(frozen=True)
class SlimNet:
    """A network of tf_slim: its module under tf_slim.nets, its arg_scope, height and width, number of classes."""

    module: str
    function: str
    scope: str
    size: int
    classes: int


NETS = {
    "inception_v1": SlimNet("inception_v1", "inception_v1", "inception_v1_arg_scope", 224, 1001),
    "inception_v3": SlimNet("inception_v3", "inception_v3", "inception_v3_arg_scope", 299, 1001),
    "resnet_v1_50": SlimNet("resnet_v1", "resnet_v1_50", "resnet_arg_scope", 224, 1000),
    "resnet_v1_101": SlimNet("resnet_v1", "resnet_v1_101", "resnet_arg_scope", 224, 1000),
    "resnet_v1_152": SlimNet("resnet_v1", "resnet_v1_152", "resnet_arg_scope", 224, 1000),
    "resnet_v2_50": SlimNet("resnet_v2", "resnet_v2_50", "resnet_arg_scope", 299, 1001),
    "resnet_v2_101": SlimNet("resnet_v2", "resnet_v2_101", "resnet_arg_scope", 299, 1001),
    "resnet_v2_152": SlimNet("resnet_v2", "resnet_v2_152", "resnet_arg_scope", 299, 1001),
    "vgg16": SlimNet("vgg", "vgg_16", "vgg_arg_scope", 224, 1000),
    "vgg19": SlimNet("vgg", "vgg_19", "vgg_arg_scope", 224, 1000),
}
OUTPUT = "MMdnn_Output"


def load_slim() -> tuple[Any, Any]:
    """(tensorflow.compat.v1, tf_slim). tf_slim imports modules that current Keras has under another name."""
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with without_log_lines():
            tf = importlib.import_module("tensorflow.compat.v1")
        for part in ("", ".base", ".convolutional", ".core", ".normalization", ".pooling"):
            module = importlib.import_module(f"tf_keras.src.legacy_tf_layers{part}")
            sys.modules.setdefault(f"tf_keras.legacy_tf_layers{part}", module)
        return tf, importlib.import_module("tf_slim")
    except ImportError as error:
        raise ConversionError(f"{error}; needed: pip install tensorflow tf_keras tf_slim") from error


def build(name: str) -> Any:
    """A tf.Graph of a network for inference: from the placeholder `input`, N,H,W,3, to MMdnn_Output, N,classes."""
    tf, slim = load_slim()
    net = NETS[name]
    module = importlib.import_module(f"tf_slim.nets.{net.module}")
    scope = getattr(module, net.scope, None) or getattr(importlib.import_module("tf_slim.nets.inception"), net.scope)
    graph = tf.Graph()
    with graph.as_default():
        x = tf.placeholder(tf.float32, [None, net.size, net.size, 3], name="input")
        with slim.arg_scope(scope()):
            logits, _ = getattr(module, net.function)(x, num_classes=net.classes, is_training=False)
        squeezed = len(logits.shape) == 2
        tf.identity(logits, name=OUTPUT) if squeezed else tf.squeeze(logits, [1, 2], name=OUTPUT)
    return graph


def write_checkpoint(name: str, weights: str | Path, prefix: str | Path) -> None:
    """Writes PREFIX.meta, .index and .data: a network's graph together with pretrained weights, NAME.ckpt.

    Raises ConversionError if the weights are not those of the network.
    """
    tf, _ = load_slim()
    graph = build(name)
    with graph.as_default(), tf.Session(graph=graph) as session:
        saver = tf.train.Saver()
        try:
            saver.restore(session, str(weights))
        except (tf.errors.OpError, ValueError) as error:
            raise ConversionError(f"{weights} are not the weights of {name}: {str(error).splitlines()[0]}") from error
        saver.save(session, str(prefix), write_state=False)
