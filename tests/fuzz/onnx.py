"""Damages ONNX files and reads them: `python -m tests.fuzz.onnx 5000 --seed 1`.

Every case must be read or end in a ConversionError, within seconds and in little memory, and write nothing.
"""

from __future__ import annotations

import random
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper

from pytorch2caffe.frontends.onnx import load_onnx
from pytorch2caffe.frontends.onnx.quantized import QuantizedWarning
from tests.frontends.onnx.nets import FLOAT, node, write
from tests.fuzz.loop import damaged, main, read_or_refused, run_cases

MOST_BYTES = 600e6  # beyond what the process had at its start
NUMBERS = [0, 1, -1, 2, 3, 4, 7, 100, 2**31, -(2**31), 2**40, 2**62, -(2**62)]
WORDS = [
    "",
    "x",
    "constant",
    "SAME_UPPER",
    "../../etc/passwd",
    "reflect",
    "cubic",
    "ij,jk->ik",
    "\udc80".encode("utf-8", "replace").decode(),
]
OTHERS = ["Loop", "Expand", "Tile", "Einsum", "TopK", "Attention", "CenterCropPad", "IsNaN", "CastLike"]


def network(folder: Path) -> bytes:
    """A bit of everything."""
    rng = np.random.default_rng(0)

    def array(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    then, other = (
        helper.make_graph([node(op, "mixed", name)], name, [], [helper.make_tensor_value_info(name, FLOAT, None)])
        for op, name in (("Relu", "yes"), ("Neg", "no"))
    )
    nodes = [
        node("QuantizeLinear", "x step zero", "q"),
        node("DequantizeLinear", "q step zero", "rounded"),
        node("Conv", "rounded w b", "conv", kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1]),
        node("BatchNormalization", "conv s b2 m v", "bn", epsilon=1e-3),
        node("MaxPool", "bn", "pool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=0),
        node("ConvTranspose", "pool wt", "up", kernel_shape=[2, 2], strides=[2, 2]),
        node("Resize", "pool - scales", "resized", mode="linear", coordinate_transformation_mode="half_pixel"),
        node("Split", "bn parts", "left right", axis=1),
        node("Concat", "right left resized up", "joined", axis=1),
        node("Slice", "joined starts ends axes", "cut"),
        node("Pad", "cut pads", "padded", mode="constant"),
        node("Transpose", "padded", "turned", perm=[0, 2, 3, 1]),
        node("Shape", "turned", "shape"),
        node("Gather", "shape first", "batch", axis=0),
        node("Concat", "batch rest", "flat_shape", axis=0),
        node("Reshape", "turned flat_shape", "flat"),
        node("ReduceMean", "flat", "mean", axes=[1], keepdims=0),
        node("MatMul", "mean fc", "product"),
        node("Gemm", "product gw gb", "mixed", alpha=0.5, transB=1),
        node("If", "flag", "chosen", then_branch=then, else_branch=other),
        node("Clip", "chosen low", "clipped"),
        node("LSTM", "sequence W R", "h last"),
        node("Unsqueeze", "clipped first", "sequence"),
        node("Softmax", "h", "y", axis=-1),
    ]
    nodes[-3], nodes[-2] = nodes[-2], nodes[-3]
    nodes[-2].attribute.append(helper.make_attribute("hidden_size", 3))
    constants = {
        "step": np.float32(0.1),
        "zero": np.int8(0),
        "w": array(4, 3, 3, 3),
        "b": array(4),
        **{key: abs(array(4)) for key in ("s", "b2", "m", "v")},
        "wt": array(4, 4, 2, 2),
        "scales": np.array([1, 1, 2, 2], np.float32),
        "parts": np.array([2, 2]),
        "starts": np.array([1]),
        "ends": np.array([7]),
        "axes": np.array([2]),
        "pads": np.array([0, 0, 1, 0, 0, 0, 1, 0]),
        "first": np.array([0]),
        "rest": np.array([-1, 12]),
        "fc": array(12, 6),
        "gw": array(5, 6),
        "gb": array(5),
        "flag": np.array(True),
        "low": np.float32(0),
        "W": array(1, 12, 5),
        "R": array(1, 12, 3),
    }
    return write(folder / "whole.onnx", nodes, ("N", 3, 8, 8), constants=constants).read_bytes()


def changed(content: bytes, rng: random.Random) -> bytes:
    """The model with attributes, edges, types and shapes that do not fit, in a file that is whole."""
    model = ModelProto.FromString(content)
    for _ in range(rng.randint(1, 3)):
        CHANGES[rng.randrange(len(CHANGES))](model, rng)
    return bytes(model.SerializeToString())


def _attribute(model: Any, rng: random.Random) -> None:
    each = rng.choice([n for n in model.graph.node if n.attribute])
    attribute = rng.choice(list(each.attribute))
    name = rng.choice([attribute.name, attribute.name, "axis", "group", "to"])
    value: Any = rng.choice([*NUMBERS, *WORDS, 1e30, [], [0], [1] * 4, [-1] * 4, [2**40] * 2, [1.5]])
    each.attribute.remove(attribute)
    if value != []:
        each.attribute.append(helper.make_attribute(name, value))


def _edge(model: Any, rng: random.Random) -> None:
    each = rng.choice(list(model.graph.node))
    names = [o for n in model.graph.node for o in n.output] + [t.name for t in model.graph.initializer]
    if each.input and rng.random() < 0.8:
        each.input[rng.randrange(len(each.input))] = rng.choice([*names, "", "nothing"])
    else:
        each.output[rng.randrange(len(each.output))] = rng.choice(names)


def _operator(model: Any, rng: random.Random) -> None:
    each = rng.choice(list(model.graph.node))
    each.op_type = rng.choice([*(n.op_type for n in model.graph.node), *OTHERS])


def _constant(model: Any, rng: random.Random) -> None:
    if not model.graph.initializer:
        return
    tensor = rng.choice(list(model.graph.initializer))
    match rng.randrange(5):
        case 0:
            tensor.dims[:] = [rng.choice(NUMBERS) for _ in range(rng.randint(0, 4))]
        case 1:
            tensor.data_type = rng.randrange(30)
        case 2:
            tensor.raw_data = rng.randbytes(rng.choice([0, 4, 8, 64]))
        case 3:
            numbers = np.array([rng.choice(NUMBERS) for _ in range(rng.randint(0, 4))], np.int64)
            tensor.data_type, tensor.raw_data = TensorProto.INT64, numbers.tobytes()
            tensor.dims[:] = [len(numbers)]
        case 4:
            tensor.data_location = TensorProto.EXTERNAL
            for key in ("location", "offset", "length"):
                text = rng.choice(
                    ["/etc/passwd", "../whole.onnx", "whole.onnx", "0", "-1", str(2**62), "", "model.onnx"]
                )
                tensor.external_data.add(key=key, value=text)


def _shape(model: Any, rng: random.Random) -> None:
    if not model.graph.input:
        return
    dims = model.graph.input[0].type.tensor_type.shape.dim
    if dims:
        dims[rng.randrange(len(dims))].dim_value = rng.choice(NUMBERS)
    model.graph.input[0].type.tensor_type.elem_type = rng.choice([1, 1, 1, 7, 9, 10, 8, 17, 99])


def _opset(model: Any, rng: random.Random) -> None:
    model.opset_import[0].version = rng.choice([-1, 0, 1, 6, 7, 9, 11, 13, 18, 21, 99, 2**40])


def _lost(model: Any, rng: random.Random) -> None:
    parts = rng.choice([model.graph.node, model.graph.initializer, model.graph.output, model.graph.input])
    if parts:
        del parts[rng.randrange(len(parts))]


CHANGES = [_attribute, _attribute, _edge, _operator, _constant, _constant, _shape, _opset, _lost]


def case(folder: Path, rng: random.Random, whole: bytes) -> str:
    """One case: "read" or "refused". Raises whatever else comes out."""
    kind = "bytes" if rng.random() < 0.4 else "values"
    path = folder / "model.onnx"
    path.write_bytes(damaged(whole, rng) if kind == "bytes" else changed(whole, rng))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numbers that are not finite
        return f"{kind} {read_or_refused(folder, lambda: load_onnx(path))}"


def fuzz(count: int, seed: int) -> str:
    """Raises AssertionError, with the case's number, at the first case that goes wrong."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = network(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", QuantizedWarning)
            load_onnx(folder / "whole.onnx")
        return run_cases(count, seed, lambda chance: case(folder, chance, whole), MOST_BYTES)


if __name__ == "__main__":
    main(fuzz, __doc__)
