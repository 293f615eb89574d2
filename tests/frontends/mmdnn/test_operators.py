"""Each operator of the IR, against numpy on tensors that are channels last; axes, shapes and pads are the IR's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pytorch2caffe import ConversionError, to_torch
from pytorch2caffe.formats.mmdnn.node import IrNode
from pytorch2caffe.frontends.mmdnn.reader import graph_of
from tests.layers.conftest import relative_l2

TOLERANCE = 1e-5
RNG = np.random.default_rng(0)


def array(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def first(x):
    return np.ascontiguousarray(np.moveaxis(x, -1, 1)) if x.ndim in (4, 5) else x


def network(op, shapes, attrs, weights=None, source="tensorflow"):
    data = [IrNode(f"x{i}", "DataInput", [], {"shape": (-1, *shape[1:])}) for i, shape in enumerate(shapes)]
    inputs = [node.name for node in data]
    return graph_of([*data, IrNode("y", op, inputs, attrs, weights or {})], source=source)


def check(op, inputs, attrs, expected, weights=None, source="tensorflow"):
    """Also for a batch of two, though the file is read for one."""
    graph = network(op, [x.shape for x in inputs], attrs, weights, source)
    with torch.no_grad():
        found = to_torch(graph)(*(torch.from_numpy(first(x)) for x in inputs))
    found = list(found) if isinstance(found, tuple) else [found]
    expected = expected if isinstance(expected, list) else [expected]
    assert len(found) == len(expected)
    for actual, wanted in zip(found, expected, strict=True):
        assert relative_l2(actual.numpy(), first(np.asarray(wanted, np.float32))) < TOLERANCE


SHAPES = [(2, 5, 4, 6), (2, 6), (2, 3, 6)]
POINTWISE = {
    "Relu": lambda x: np.maximum(x, 0),
    "Relu6": lambda x: np.clip(x, 0, 6),
    "Abs": abs,
    "Neg": np.negative,
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Tanh": np.tanh,
    "Exp": np.exp,
    "Square": np.square,
    "Softplus": lambda x: np.log1p(np.exp(x)),
    "Elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "ELU": lambda x: np.where(x > 0, x, np.expm1(x)),
    "Softsign": lambda x: x / (1 + abs(x)),
    "Selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
    "Softmax": lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
    "Expm1": np.expm1,
    "LogSoftmax": lambda x: x - np.log(np.exp(x).sum(-1, keepdims=True)),
    "Swish": lambda x: x / (1 + np.exp(-x)),
}
POSITIVE = {
    "Log": np.log,
    "Log1p": np.log1p,
    "Sqrt": np.sqrt,
    "Rsqrt": lambda x: x**-0.5,
    "Reciprocal": lambda x: 1 / x,
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("op", POINTWISE)
def test_of_one_tensor(op, shape):
    x = array(*shape)
    check(op, [x], {}, POINTWISE[op](x))


@pytest.mark.parametrize("op", POSITIVE)
def test_of_a_positive_tensor(op):
    x = abs(array(2, 3, 4, 5)) + 0.1
    check(op, [x], {}, POSITIVE[op](x))


def test_leaky_relu():
    x = array(2, 3, 4, 5)
    check("LeakyRelu", [x], {"alpha": 0.2}, np.where(x > 0, x, 0.2 * x))


PER_CHANNEL = {
    "PRelu": (["gamma"], {}, lambda x, g: np.where(x > 0, x, g * x)),
    "Affine": (["0", "1"], {}, lambda x, s, b: x * s + b),
    "Scale": (["scale", "bias"], {}, lambda x, s, b: x * s + b),
    "BiasAdd": (["bias"], {}, lambda x, b: x + b),
    "BatchNorm": (
        ["mean", "var", "scale", "bias"],
        {"epsilon": 0.01},
        lambda x, m, v, s, b: (x - m) / np.sqrt(v + 0.01) * s + b,
    ),
}


@pytest.mark.parametrize("shape", [*SHAPES, (2, 3, 4, 3, 6)], ids=str)
@pytest.mark.parametrize("op", PER_CHANNEL)
def test_of_each_channel(op, shape):
    keys, attrs, expected = PER_CHANNEL[op]
    x, weights = array(*shape), {key: abs(array(shape[-1])) + 0.1 for key in keys}
    check(op, [x], attrs, expected(x, *weights.values()), weights)


TWO = {
    "Add": np.add,
    "AddV2": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "RealDiv": np.divide,
    "Div": np.divide,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "Max": np.maximum,
    "SquaredDifference": lambda a, b: (a - b) ** 2,
}
PAIRS = [
    ((2, 3, 4, 5), (2, 3, 4, 5)),
    ((2, 3, 4, 5), (2, 1, 1, 5)),
    ((2, 3, 4, 5), (2, 3, 4, 1)),
    ((2, 5), (2, 5)),
    ((2, 3, 5), (2, 1, 5)),
]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
@pytest.mark.parametrize("op", TWO)
def test_of_two_tensors(op, pair):
    a, b = array(*pair[0]), abs(array(*pair[1])) + 0.1
    check(op, [a, b], {}, TWO[op](a, b))


CONSTANTS = [(), (5,), (4, 5), (4, 1), (3, 1, 1), (1, 3, 4, 5)]


@pytest.mark.parametrize("shape", CONSTANTS, ids=str)
@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "RealDiv", "Maximum"])
def test_with_an_operand_among_the_weights(op, shape):
    x, operand = array(2, 3, 4, 5), abs(array(*shape)) + 0.1
    check(op, [x], {"feed_weights": True}, TWO[op](x, operand), {"weights": operand})


@pytest.mark.parametrize("shape", CONSTANTS, ids=str)
@pytest.mark.parametrize("in_front", [True, False])
def test_with_a_constant(shape, in_front):
    x, operand = array(2, 3, 4, 5), abs(array(*shape)) + 0.1
    nodes = [
        IrNode("x", "DataInput", [], {"shape": (-1, 3, 4, 5)}),
        IrNode("c", "Constant", [], {}, {"value": operand}),
        IrNode("y", "Sub", ["c", "x"] if in_front else ["x", "c"]),
    ]
    found = to_torch(graph_of(nodes))(torch.from_numpy(first(x))).detach().numpy()
    assert relative_l2(found, first(operand - x if in_front else x - operand)) < TOLERANCE


def test_three_are_added_and_one_is_added_to_itself():
    x = [array(2, 3, 4, 5) for _ in range(3)]
    check("Add", x, {}, sum(x))
    check("AddN", x, {}, sum(x))
    check("Add", x[:1], {}, 2 * x[0])


REDUCED = {"ReduceMean": np.mean, "Mean": np.mean, "Sum": np.sum, "Max": np.max, "Min": np.min, "Prod": np.prod}


@pytest.mark.parametrize("axes", [(1, 2), (3,), (-1,), (1,), (2, 3), (1, 2, 3)], ids=str)
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("op", REDUCED)
def test_over_axes(op, keep, axes):
    x = array(2, 3, 4, 5)
    check(op, [x], {"axes": list(axes), "keepdims": keep}, REDUCED[op](x, axis=axes, keepdims=keep))


@pytest.mark.parametrize("axis", [1, 2, 3, -1])
def test_arg_max(axis):
    x = array(2, 3, 4, 5)
    check("ArgMax", [x], {"axis": axis}, x.argmax(axis))


def test_joined_and_cut():
    x, y = array(2, 3, 4, 6), array(2, 3, 4, 2)
    check("Concat", [x, y], {"axis": -1}, np.concatenate([x, y], -1))
    check("Concat", [x, x], {"axis": 1}, np.concatenate([x, x], 1))
    check("Split", [x], {"axis": -1, "split": 3}, np.split(x, 3, -1))
    check("SplitV", [x], {"axis": 3, "size_splits": [1, -1, 2]}, np.split(x, [1, 4], 3))
    for axis in (1, 2, 3):
        check("Unstack", [x], {"axis": axis}, [np.squeeze(p, axis) for p in np.split(x, x.shape[axis], axis)])
        check("Pack", [x, x], {"axis": axis}, np.stack([x, x], axis))
    rows = array(2, 3)
    check("Pack", [rows, rows], {"axis": -1}, np.stack([rows, rows], -1))


RESHAPES = [
    ((2, 3, 4, 6), (-1, 72)),
    ((2, 3, 4, 6), (-1, 12, 6)),
    ((2, 3, 4, 6), (-1, 6, 2, 6)),
    ((2, 12), (-1, 2, 2, 3)),
    ((2, 3, 4), (-1, 1, 12)),
    ((2, 1, 1, 6), (-1, 6)),
    ((2, 3, 4, 6), (-1, 3, 2, 2, 6)),
]


@pytest.mark.parametrize(("before", "after"), RESHAPES, ids=str)
def test_reshaped(before, after):
    x = array(*before)
    check("Reshape", [x], {"shape": list(after)}, x.reshape(after))


def test_in_a_file_of_caffe_s_numbers_keep_caffe_s_order():
    x = array(2, 3, 4, 6)
    check("Reshape", [x], {"shape": [1, 6, 12]}, first(x).reshape(2, 6, 12), source="caffe")
    check("Flatten", [x], {}, first(x).reshape(2, -1), source="caffe")
    check("Flatten", [x], {}, x.reshape(2, -1))


def test_axes_of_size_one_come_and_go():
    x = array(2, 1, 4, 1)
    check("Squeeze", [x], {"axes": [1]}, x.squeeze(1))
    check("Squeeze", [x], {"axes": [-1]}, x.squeeze(3))
    check("Squeeze", [x], {}, x.squeeze((1, 3)))
    for axis in (1, 2, 3, -1):
        y = array(2, 3, 4)
        check("Unsqueeze", [y], {"axes": [axis]}, np.expand_dims(y, axis))


@pytest.mark.parametrize("order", [(0, 3, 1, 2), (0, 2, 3, 1), (0, 2, 1, 3), (0, 1, 3, 2)], ids=str)
def test_transposed(order):
    x = array(2, 3, 4, 6)
    check("Transpose", [x], {"perm": list(order)}, x.transpose(order))


def test_transposed_with_other_ranks():
    x = array(2, 3, 4)
    check("Transpose", [x], {"perm": [0, 2, 1]}, x.transpose(0, 2, 1))


SLICES = {
    "tf.slice": ({"starts": [0, 1, 2, 0], "ends": [-1, 3, 4, 5]}, np.s_[:, 1:3, 2:4, :5]),
    "to the end": ({"starts": [0, 1, 2, 1], "ends": [-1, 0, 1, 0]}, np.s_[:, 1:, 2:, 1:]),
    "steps": (
        {"starts": [0, 0, 1, 0], "ends": [0, 3, 4, 6], "strides": [1, 2, 1, 3], "begin_mask": 1, "end_mask": 1},
        np.s_[:, 0:3:2, 1:4, 0:6:3],
    ),
    "shrinking": (
        {
            "starts": [0, 1, 0, 2],
            "ends": [0, 2, 0, 3],
            "strides": [1] * 4,
            "begin_mask": 5,
            "end_mask": 5,
            "shrink_axis_mask": 10,
        },
        np.s_[:, 1, :, 2],
    ),
    "a new axis": (
        {
            "starts": [0, 0, 1],
            "ends": [0, 0, 2],
            "strides": [1] * 3,
            "begin_mask": 3,
            "end_mask": 3,
            "new_axis_mask": 2,
        },
        np.s_[:, None, 1:2],
    ),
    "an ellipsis": ({"starts": [0, 2], "ends": [0, 4], "strides": [1] * 2, "ellipsis_mask": 1}, np.s_[..., 2:4]),
    "from the end": (
        {"starts": [0, -2], "ends": [0, -1], "strides": [1] * 2, "begin_mask": 1, "end_mask": 1},
        np.s_[:, -2:-1],
    ),
}


@pytest.mark.parametrize(("attrs", "index"), SLICES.values(), ids=SLICES)
def test_sliced(attrs, index):
    x = array(2, 3, 4, 6)
    check("Slice", [x], attrs, x[index])


def test_padded():
    x = array(2, 3, 4, 5)
    pads = [(0, 0), (1, 2), (0, 1), (1, 1)]
    ends = [b for b, _ in pads] + [e for _, e in pads]
    check("Pad", [x], {"pads": ends, "mode": "constant"}, np.pad(x, pads))
    check("Pad", [x], {"pads": ends, "mode": "constant", "constant_values": 2.5}, np.pad(x, pads, constant_values=2.5))
    for mode in ("reflect", "symmetric"):
        flat = [n for pair in pads for n in pair]
        check("MirrorPad", [x], {"pads": flat, "mode": mode.upper()}, np.pad(x, pads, mode))


def test_repeated():
    x = array(2, 3, 4, 5)
    check("Tile", [x], {"multiples": [1, 2, 1, 3]}, np.tile(x, (1, 2, 1, 3)))


def test_blocks_of_pixels_and_channels():
    """tf.nn.depth_to_space: the channels of a pixel are the block's rows, its columns, then the channels."""
    x = array(2, 3, 4, 12)
    blocks = x.reshape(2, 3, 4, 2, 2, 3).transpose(0, 1, 3, 2, 4, 5).reshape(2, 6, 8, 3)
    check("DepthToSpace", [x], {"block_size": 2}, blocks)
    check("SpaceToDepth", [blocks], {"blocksize": 2}, x)


def resized(x, size, mode, corners=False, half=False):
    """As TensorFlow's documentation says, one number after the other."""
    out = np.zeros((x.shape[0], *size, x.shape[3]))
    for i in range(size[0]):
        for j in range(size[1]):
            rows, columns = (
                _taps(n, k, m, mode, corners, half) for n, k, m in ((i, x.shape[1], size[0]), (j, x.shape[2], size[1]))
            )
            out[:, i, j] = sum(a * b * x[:, r, c] for r, a in rows for c, b in columns)
    return out


def _taps(place, size, out, mode, corners, half):
    scale = (size - 1) / (out - 1) if corners and out > 1 else size / out
    at = (place + 0.5) * scale - 0.5 if half else place * scale
    if mode == "nearest":
        at = (place + 0.5) * scale if half else place * scale
        return [(min(int(np.floor(at + 0.5) if corners else np.floor(at)), size - 1), 1.0)]
    low = int(np.floor(max(at, 0)))
    share = max(at, 0) - low
    return [(min(low, size - 1), 1 - share), (min(low + 1, size - 1), share)]


@pytest.mark.parametrize("size", [(10, 8), (3, 9), (5, 4), (1, 1)], ids=str)
@pytest.mark.parametrize("how", [{}, {"align_corners": True}, {"half_pixel_centers": True}], ids=str)
@pytest.mark.parametrize("op", ["ResizeBilinear", "ResizeNearestNeighbor"])
def test_resized(op, how, size):
    x = array(2, 5, 4, 3)
    mode = "linear" if op == "ResizeBilinear" else "nearest"
    expected = resized(x, size, mode, how.get("align_corners", False), how.get("half_pixel_centers", False))
    check(op, [x], {"size": list(size), **how}, expected)
    if not how:
        check(op, [x], {"_output_shapes": [(-1, *size, 3)]}, expected)


def test_up_sampling():
    x = array(2, 3, 4, 5)
    check("UpSampling2D", [x], {"scales": [2, 3]}, x.repeat(2, 1).repeat(3, 2))


def test_fully_connected():
    for shape in SHAPES:
        x, weight, bias = array(*shape), array(6, 4), array(4)
        check("FullyConnected", [x], {"units": 4}, x @ weight + bias, {"weights": weight, "bias": bias})
    x, weight = array(2, 2, 3, 4), array(24, 5)
    check("FullyConnected", [x], {"units": 5}, x.reshape(2, -1) @ weight, {"weights": weight})


def test_products_of_two_tensors():
    a, b = array(2, 3, 4), array(2, 4, 5)
    check("MatMul", [a, b], {}, a @ b)
    check("MatMul", [a, b.transpose(0, 2, 1).copy()], {"adj_y": True}, a @ b)
    c, d = array(2, 6, 3, 4), array(2, 6, 4, 5)
    check("MatMul", [c, d], {}, c @ d)
    check("MatMul", [c, d.transpose(0, 1, 3, 2).copy()], {"transpose_b": True}, c @ d)


def test_local_response_normalisation():
    x = array(2, 3, 4, 8)
    total = sum(np.pad(x**2, [(0, 0)] * 3 + [(2, 2)])[..., i : i + 8] for i in range(5))
    attrs = {"size": 5, "alpha": 0.5, "beta": 0.75, "bias": 2.0}
    check("LRN", [x], attrs, x / (2 + 0.5 / 5 * total) ** 0.75)


def test_rows_of_a_table():
    x, table = np.float32([[1, 0, 2], [2, 2, 1]]), array(3, 4)
    check("Embedding", [x], {"input_dim": 3, "output_dim": 4}, table[x.astype(int)], {"weights": table})


def test_instance_norm():
    x, scale, bias = array(2, 3, 4, 5), array(5), array(5)
    normal = (x - x.mean((1, 2), keepdims=True)) / np.sqrt(x.var((1, 2), keepdims=True) + 0.01)
    check("InstanceNorm", [x], {"epsilon": 0.01}, normal * scale + bias, {"scale": scale, "bias": bias})


def test_one_axis_of_space():
    """As Keras' Conv1D and its poolings are written."""
    x, weight, bias = array(2, 9, 4), array(3, 4, 5), array(5)
    windows = np.stack([np.pad(x, [(0, 0), (1, 1), (0, 0)])[:, i : i + 9 : 2] for i in range(3)], 2)
    attrs = {"kernel_shape": [3, 4, 5], "strides": [1, 2, 1], "dilations": [1, 1, 1], "pads": [0, 1, 0, 0, 1, 0]}
    expected = np.einsum("nlkc,kco->nlo", windows, weight) + bias
    check("Conv", [x], attrs, expected, {"weights": weight, "bias": bias})
    attrs = {"pooling_type": "MAX", "kernel_shape": [1, 3, 1], "strides": [1, 3, 1], "pads": [0] * 6}
    check("Pool", [x], attrs, x.reshape(2, 3, 3, 4).max(2))
    check("Pool", [x], {"pooling_type": "AVG", "global_pooling": True, "strides": [1, 1, 1]}, x.mean(1, keepdims=True))


def test_keras_operators():
    x, y = array(2, 6, 7, 3), array(2, 6, 7, 3)
    check("Crop", [x], {"border": [1, 2, 0, 3]}, x[:, 1:-2, :-3])
    check("HardSigmoid", [x], {}, np.clip(0.2 * x + 0.5, 0, 1))
    check("Avg", [x, y], {}, (x + y) / 2)
    check("Relu", [3 * x], {"max_value": 1.5}, np.clip(3 * x, 0, 1.5))


def test_in_a_file_of_caffe_s_axes_of_a_concat_are_counted_backwards():
    x = array(2, 3, 4, 6)
    for axis, stored in ((3, 3), (1, 1), (2, 0)):
        shape = [*x.shape]
        shape[axis] *= 2
        attrs = {"axis": stored, "_output_shapes": [(-1, *shape[1:])]}
        check("Concat", [x, x], attrs, np.concatenate([x, x], axis), source="caffe")
    rows = array(2, 3)
    check("Concat", [rows, rows], {"axis": 3}, np.concatenate([rows, rows], 1), source="caffe")


def test_in_a_file_of_caffe_s_a_row_meets_its_sample():
    x, row = array(2, 3, 4, 6), array(2, 6)
    check("Mul", [x, row], {}, x * row[:, None, None], source="caffe")


REFUSED = {
    "channels first": ("Conv", [(1, 3, 4, 5)], {"data_format": "NCHW"}, "is channels first"),
    "a reduction without axes": ("Max", [(1, 3, 4, 5)], {}, "without its axes"),
    "a transposition without an order": ("Transpose", [(1, 3, 4, 5)], {}, "lacks its attribute 'perm'"),
    "an order of other axes": ("Transpose", [(1, 3, 4, 5)], {"perm": [0, 1, 2, 2]}, "name each axis once"),
    "a slice that lost its mask": (
        "Slice",
        [(1, 3, 4)],
        {
            "starts": [0, 1, 0],
            "ends": [0, 2, 0],
            "begin_mask": 5,
            "end_mask": 5,
            "strides": [1] * 3,
            "_output_shapes": [(-1, 4)],
        },
        "shrink_axis_mask",
    ),
    "a slice backwards": ("Slice", [(1, 3)], {"starts": [0, 2], "ends": [1, 0], "strides": [1, -1]}, "forwards"),
    "a squeeze of a full axis": ("Squeeze", [(1, 3, 4, 5)], {"axes": [1]}, "Squeeze of axes"),
    "a size that is lost": ("ResizeBilinear", [(1, 3, 4, 5)], {"size": [2]}, "unknown size"),
    "a resizing to the moon": ("ResizeBilinear", [(1, 3, 4, 5)], {"size": [10**9, 10**9]}, "smaller size|numbers"),
    "a split that does not fit": ("Split", [(1, 3, 4, 5)], {"axis": 3, "split": 2}, "into 2 parts"),
    "a padding of an unknown kind": ("Pad", [(1, 3)], {"pads": [0, 1, 0, 1], "mode": "circular"}, "mode 'circular'"),
    "a fill to the moon": ("Fill", [(1, 3)], {"shape": [10**6, 10**6], "value": 1.0}, "Fill of shape"),
}


@pytest.mark.parametrize(("op", "shapes", "attrs", "what"), REFUSED.values(), ids=REFUSED)
def test_it_refuses(op, shapes, attrs, what):
    with pytest.raises(ConversionError, match=what):
        network(op, shapes, attrs)


def test_a_batch_norm_along_another_axis_is_refused():
    weights = {"mean": array(3), "var": abs(array(3))}
    with pytest.raises(ConversionError, match="axis 1, which is not the channels"):
        network("BatchNorm", [(1, 3, 4, 5)], {"epsilon": 0.1, "axis": 1}, weights)


@pytest.mark.parametrize("key", ["mean", "var", "scale", "bias"])
def test_a_batch_norm_with_weights_for_other_channels_is_refused(key):
    weights = {name: abs(array(4)) for name in ("mean", "var", "scale", "bias")} | {key: abs(array(1))}
    for shape in ((1, 3, 5, 4), (2, 6, 4)):
        with pytest.raises(ConversionError, match=r"BatchNorm of 4 channels with weights for \[1, 4\]"):
            network("BatchNorm", [shape], {"epsilon": 0.1}, weights)
