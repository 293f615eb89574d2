"""Damages files of MMdnn's IR and reads them: `python -m tests.fuzz.ir 5000 --seed 1`.

Every case must be read or end in a ConversionError, within seconds and in little memory, and write nothing.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import numpy as np

from pytorch2caffe.errors import ConversionError
from pytorch2caffe.formats.mmdnn.files import write_ir
from pytorch2caffe.formats.mmdnn.node import IrNode
from pytorch2caffe.frontends.mmdnn.reader import load_ir
from tests.fuzz.loop import damaged, main, read_or_refused, run_cases

MOST_BYTES = 400e6  # beyond what the process had at its start


def network() -> list[IrNode]:
    """A bit of everything."""
    rng = np.random.default_rng(0)

    def array(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    channels = {key: abs(array(4)) for key in ("mean", "var", "scale", "bias")}
    same = {"pads": [0, 1, 1, 0, 0, 1, 1, 0], "strides": [1, 1, 1, 1]}
    return [
        IrNode("x", "DataInput", [], {"shape": (-1, 8, 6, 3), "_output_shapes": [(-1, 8, 6, 3)]}),
        IrNode(
            "conv",
            "Conv",
            ["x"],
            {**same, "kernel_shape": [3, 3, 3, 4], "auto_pad": "SAME_UPPER"},
            {"weights": array(3, 3, 3, 4), "bias": array(4)},
        ),
        IrNode("bn", "BatchNorm", ["conv"], {"epsilon": 1e-3, "scale": True, "bias": True}, channels),
        IrNode("pool", "Pool", ["bn"], {**same, "pooling_type": "AVG", "kernel_shape": [1, 3, 3, 1]}),
        IrNode(
            "up",
            "ConvTranspose",
            ["pool"],
            {"strides": [1, 2, 2, 1], "_output_shapes": [(-1, 16, 12, 2)]},
            {"weights": array(3, 3, 2, 4)},
        ),
        IrNode("resized", "ResizeBilinear", ["up"], {"size": [8, 6]}),
        IrNode("split", "Split", ["bn"], {"axis": 3, "split": 2}),
        IrNode("joined", "Concat", ["split:1", "split:0", "resized"], {"axis": -1}),
        IrNode(
            "cut",
            "Slice",
            ["joined"],
            {"starts": [0, 1, 0, 0], "ends": [0, 7, 6, 4], "strides": [1, 2, 1, 1], "begin_mask": 1, "end_mask": 1},
        ),
        IrNode("pad", "Pad", ["cut"], {"pads": [0, 1, 1, 0, 0, 0, 1, 0], "mode": "constant"}),
        IrNode("turned", "Transpose", ["pad"], {"perm": [0, 2, 1, 3]}),
        IrNode("one", "Constant", [], {"value": [1.0, 2.0, 3.0, 4.0]}),
        IrNode("sum", "Add", ["turned", "one"]),
        IrNode("mean", "ReduceMean", ["sum"], {"axes": [1], "keepdims": False}),
        IrNode("flat", "Reshape", ["mean"], {"shape": [-1, 16]}),
        IrNode(
            "fc",
            "FullyConnected",
            ["flat"],
            {"units": 5, "use_bias": True},
            {"weights": array(16, 5), "bias": array(5)},
        ),
        IrNode("out", "Softmax", ["fc"]),
    ]


def changed(nodes: list[IrNode], rng: random.Random) -> list[IrNode]:
    """The network with attributes and edges that do not fit, in files that are whole."""
    values = [
        0,
        1,
        -1,
        2,
        3,
        4,
        7,
        2**31,
        2**62,
        -(2**62),
        1e30,
        "x",
        True,
        [],
        [0],
        [1] * 4,
        [-1] * 4,
        [2**40] * 4,
        [1 << 20] * 8,
        (1, 2),
        (2**40,) * 4,
        None,
        [(1, 1 << 40, 1 << 40, 3)],
        [1.5],
    ]
    for _ in range(rng.randint(1, 3)):
        node = rng.choice(nodes)
        match rng.randrange(4):
            case 0 | 1:
                node.attrs[rng.choice([*node.attrs, "axis", "shape", "pads", "group"])] = rng.choice(values)
            case 2:
                node.inputs = [
                    rng.choice([*(n.name for n in nodes), "split:7", "^x", ":", "x:999999999999"])
                    for _ in range(rng.randint(0, 3))
                ]
            case 3:
                node.op = rng.choice(nodes).op
    return nodes


def case(folder: Path, rng: random.Random, whole: dict[str, bytes]) -> str:
    """One case: "read" or "refused". Raises whatever else comes out."""
    suffix = rng.choice(["json", "pb", "npy", "attributes"])
    for name, content in whole.items():
        (folder / f"ir.{name}").write_bytes(damaged(content, rng) if name == suffix else content)
    if suffix == "attributes":
        try:
            write_ir(changed(network(), rng), folder / "ir")
        except ConversionError:
            return "attributes not written"
    structure = folder / ("ir.pb" if suffix == "pb" or suffix != "json" and rng.random() < 0.5 else "ir.json")
    return f"{suffix} {read_or_refused(folder, lambda: load_ir(structure, folder / 'ir.npy'))}"


def fuzz(count: int, seed: int) -> str:
    """Raises AssertionError, with the case's number, at the first case that goes wrong."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_ir(network(), folder / "ir")
        whole = {suffix: (folder / f"ir.{suffix}").read_bytes() for suffix in ("json", "pb", "npy")}
        load_ir(folder / "ir.json", folder / "ir.npy")
        return run_cases(count, seed, lambda chance: case(folder, chance, whole), MOST_BYTES)


if __name__ == "__main__":
    main(fuzz, __doc__)
