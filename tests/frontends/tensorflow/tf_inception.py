"""Inception-ResNet v2 and Inception v4 as slim's model zoo defines them; slim's package lacks both.

For tests/frontends/tensorflow/tf_nets.py, which first makes tf_slim work.
"""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf
import tf_slim as slim

Steps = list[tuple[int, int | tuple[int, int]]]  # (channels, kernel) of convolutions in a row


def inception_resnet_v2(
    x: Any, classes: int, is_training: bool, repeats: tuple[int, int, int] = (10, 20, 9), width: float = 1.0
) -> tuple[Any, Any]:
    """Returns the logits and the auxiliary ones.

    repeats: of the blocks of 35x35, 17x17 and 8x8. width: of all channels, 1 as in the paper.
    """
    net = _Net(width, is_training)
    with tf.variable_scope("InceptionResnetV2"), net.scope():
        x = net.stem(x)
        x = net.pool(net.conv(net.conv(net.pool(x), 80, 1, valid=True), 192, 3, valid=True))
        mean = slim.avg_pool2d(x, 3, 1, "SAME", scope="AvgPool_0a_3x3")
        rows: list[Steps] = [[(96, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)]]
        x = tf.concat([*net.rows(x, rows), net.conv(mean, 64, 1)], 3)
        for _ in range(repeats[0]):
            x = net.residual(x, 0.17, [[(32, 1)], [(32, 1), (32, 3)], [(32, 1), (48, 3), (64, 3)]])
        x = net.reduced(x, [[(384, 3)], [(256, 1), (256, 3), (384, 3)]])
        for _ in range(repeats[1]):
            x = net.residual(x, 0.10, [[(192, 1)], [(128, 1), (160, (1, 7)), (192, (7, 1))]])
        with tf.variable_scope("AuxLogits"):
            aux = net.auxiliary(x, classes)
        x = net.reduced(x, [[(256, 1), (384, 3)], [(256, 1), (288, 3)], [(256, 1), (288, 3), (320, 3)]])
        last: list[Steps] = [[(192, 1)], [(192, 1), (224, (1, 3)), (256, (3, 1))]]
        for _ in range(repeats[2]):
            x = net.residual(x, 0.20, last)
        x = net.conv(net.residual(x, 1.0, last, activation=None), 1536, 1)
        x = slim.avg_pool2d(x, x.shape[1:3], padding="VALID", scope="AvgPool_1a_8x8")
        x = slim.dropout(slim.flatten(x), 0.8, is_training=is_training, scope="Dropout")
        return slim.fully_connected(x, classes, activation_fn=None, scope="Logits"), aux


def inception_v4(
    x: Any, classes: int, is_training: bool, repeats: tuple[int, int, int] = (4, 7, 3), width: float = 1.0
) -> tuple[Any, Any]:
    """Returns the logits and the auxiliary ones; arguments as above."""
    net = _Net(width, is_training)
    with tf.variable_scope("InceptionV4"), net.scope():
        x = net.stem(x)
        x = tf.concat([net.pool(x), net.conv(x, 96, 3, 2, valid=True)], 3)
        a, b = net.rows(x, [[(64, 1)], [(64, 1), (64, (1, 7)), (64, (7, 1))]])
        x = tf.concat([net.conv(a, 96, 3, valid=True), net.conv(b, 96, 3, valid=True)], 3)
        x = tf.concat([net.conv(x, 192, 3, 2, valid=True), net.pool(x)], 3)
        for _ in range(repeats[0]):
            x = net.mixed(x, 96, [[(96, 1)], [(64, 1), (96, 3)], [(64, 1), (96, 3), (96, 3)]])
        x = net.reduced(x, [[(384, 3)], [(192, 1), (224, 3), (256, 3)]])
        long: Steps = [(192, 1), (192, (7, 1)), (224, (1, 7)), (224, (7, 1)), (256, (1, 7))]
        for _ in range(repeats[1]):
            x = net.mixed(x, 128, [[(384, 1)], [(192, 1), (224, (1, 7)), (256, (7, 1))], long])
        with tf.variable_scope("AuxLogits"):
            aux = net.auxiliary(x, classes)
        x = net.reduced(x, [[(192, 1), (192, 3)], [(256, 1), (256, (1, 7)), (320, (7, 1)), (320, 3)]])
        for _ in range(repeats[2]):
            one, two = net.rows(x, [[(384, 1)], [(384, 1), (448, (3, 1)), (512, (1, 3))]])
            forks = [y for both in (one, two) for y in net.rows(both, [[(256, (1, 3))], [(256, (3, 1))]])]
            mean = net.conv(slim.avg_pool2d(x, 3, 1, "SAME"), 256, 1)
            x = tf.concat([net.conv(x, 256, 1), *forks, mean], 3)
        x = slim.avg_pool2d(x, x.shape[1:3], padding="VALID", scope="AvgPool_1a")
        x = slim.flatten(slim.dropout(x, 0.8, is_training=is_training, scope="Dropout_1b"), scope="PreLogitsFlatten")
        return slim.fully_connected(x, classes, activation_fn=None, scope="Logits"), aux


class _Net:
    """What both are made of."""

    def __init__(self, width: float, is_training: bool) -> None:
        self.width = width
        self.is_training = is_training

    def scope(self) -> Any:
        return slim.arg_scope([slim.batch_norm], is_training=self.is_training)

    def conv(self, x: Any, depth: int, kernel: Any, stride: int = 1, valid: bool = False, **more: Any) -> Any:
        return slim.conv2d(x, int(depth * self.width), kernel, stride, "VALID" if valid else "SAME", **more)

    def pool(self, x: Any) -> Any:
        return slim.max_pool2d(x, 3, 2, "VALID")

    def stem(self, x: Any) -> Any:
        return self.conv(self.conv(self.conv(x, 32, 3, 2, valid=True), 32, 3, valid=True), 64, 3)

    def rows(self, x: Any, rows: list[Steps]) -> list[Any]:
        """Branches of convolutions, each in a row."""
        ends = []
        for row in rows:
            y = x
            for depth, kernel in row:
                y = self.conv(y, depth, kernel)
            ends.append(y)
        return ends

    def mixed(self, x: Any, pooled: int, rows: list[Steps]) -> Any:
        mean = slim.avg_pool2d(x, 3, 1, "SAME", scope="AvgPool_0a_3x3")
        return tf.concat([*self.rows(x, rows), self.conv(mean, pooled, 1)], 3)

    def reduced(self, x: Any, rows: list[Steps]) -> Any:
        """Branches whose last convolution halves the plane, beside pooling that does."""
        before = self.rows(x, [row[:-1] for row in rows])
        ends = [self.conv(y, *row[-1], 2, valid=True) for y, row in zip(before, rows, strict=True)]
        return tf.concat([*ends, self.pool(x)], 3)

    def residual(self, x: Any, scale: float, rows: list[Steps], activation: Any = tf.nn.relu) -> Any:
        mixed = tf.concat(self.rows(x, rows), 3)
        x += scale * slim.conv2d(mixed, int(x.shape[3]), 1, normalizer_fn=None, activation_fn=None)
        return activation(x) if activation else x

    def auxiliary(self, x: Any, classes: int) -> Any:
        x = self.conv(slim.avg_pool2d(x, 5, 3, "VALID"), 128, 1)
        x = slim.flatten(self.conv(x, 768, x.shape[1:3], valid=True))
        return slim.fully_connected(x, classes, activation_fn=None, scope="Aux_logits")
