"""Networks that MXNet 1.9.1 has written and run: `make_networks.py` makes data/."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from pytorch2caffe import ConversionError, UnsupportedError, to_torch
from pytorch2caffe.frontends.mxnet import load_mxnet
from pytorch2caffe.frontends.mxnet.files import read_params
from tests.layers.conftest import relative_l2
from tests.layers.forks import in_plain_layers

DATA = Path(__file__).parent / "data"
NETWORKS = sorted(path.stem for path in DATA.glob("*.npz"))
TOLERANCE = 1e-5


def loaded(name, **settings):
    """A network of data/, its inputs and MXNet's outputs."""
    arrays = dict(np.load(DATA / f"{name}.npz"))
    inputs = {key: array for key, array in arrays.items() if not key.startswith("output")}
    shapes = {key: array.shape for key, array in inputs.items()}
    files = DATA / f"{name}-symbol.json", DATA / f"{name}-0000.params"
    graph = load_mxnet(*files, input_shapes=shapes, **settings)
    return graph, inputs, [arrays[key] for key in sorted(set(arrays) - set(inputs))]


@pytest.mark.parametrize("name", NETWORKS)
def test_gives_what_mxnet_gave(name):
    graph, inputs, expected = loaded(name)
    with torch.no_grad():
        found = to_torch(graph)(*(torch.from_numpy(inputs[value.name]) for value in graph.inputs))
    found = found if isinstance(found, tuple) else (found,)
    assert len(found) == len(expected)
    for array, wanted in zip(found, expected, strict=True):
        assert array.shape == wanted.shape
        assert relative_l2(array.numpy(), wanted) < TOLERANCE


@pytest.mark.parametrize("runtime", ["caffe", "opencv", "ncnn"])
@pytest.mark.parametrize("name", ["face", "detector"])
def test_runs_in(name, runtime, tmp_path, real_caffe):
    graph, inputs, expected = loaded(name)
    in_plain_layers(runtime, graph, tmp_path, inputs, expected)


def test_a_part(tmp_path):
    graph, _, _ = loaded("detector", end=["box_t", "c2_output"])
    assert list(graph.outputs) == ["box_t", "c2"]
    assert "score" not in {node.name for node in graph.nodes}


def test_labels_are_no_inputs():
    graph, _, _ = loaded("resnet")
    assert [value.name for value in graph.inputs] == ["data"]
    assert list(graph.outputs) == ["softmax"]


def written(form, name="arg:w", dtype=np.float32):
    """A .params of one array [2, 3], in one of MXNet's four forms."""
    array = np.arange(6, dtype=dtype).reshape(2, 3)
    flag = {np.float32: 0, np.float64: 1, np.float16: 2, np.uint8: 3, np.int64: 6}[dtype]
    shape = {
        "of 2015": struct.pack("<III", 2, 2, 3),
        "V1": struct.pack("<IIqq", 0xF993FAC8, 2, 2, 3),
        "V2": struct.pack("<IiIqq", 0xF993FAC9, 0, 2, 2, 3),
        "V3": struct.pack("<IiIqq", 0xF993FACA, 0, 2, 2, 3),
    }[form]
    body = shape + struct.pack("<iii", 1, 0, flag) + array.tobytes()
    text = name.encode()
    return struct.pack("<QQQ", 0x112, 0, 1) + body + struct.pack("<QQ", 1, len(text)) + text


@pytest.mark.parametrize("form", ["of 2015", "V1", "V2", "V3"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.uint8, np.int64])
def test_every_form_of_arrays(form, dtype, tmp_path):
    path = tmp_path / "a.params"
    path.write_bytes(written(form, dtype=dtype))
    (array,) = read_params(path).values()
    assert array.dtype == np.float32
    assert array.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_damaged_files(tmp_path):
    path, content = tmp_path / "a.params", written("V2")
    for length in range(0, len(content), 3):
        path.write_bytes(content[:length])
        with pytest.raises(ConversionError, match="it ends at byte|entries in"):
            read_params(path)
    path.write_bytes(content.replace(struct.pack("<I", 0xF993FAC9), struct.pack("<I", 0xF993FAC0)))
    with pytest.raises(ConversionError, match="axes"):
        read_params(path)
    path.write_bytes(struct.pack("<QQQ", 0x112, 0, 1 << 60))
    with pytest.raises(ConversionError, match="entries in 24 bytes"):
        read_params(path)


def symbol(tmp_path, *nodes, heads=None, key="attrs"):
    """A symbol.json of nodes (op, name, inputs, attributes)."""
    entries = [
        {"op": op, "name": name, "inputs": [[i, 0, 0] for i in inputs], key: more} for op, name, inputs, more in nodes
    ]
    path = tmp_path / "n-symbol.json"
    path.write_text(json.dumps({"nodes": entries, "arg_nodes": [0], "heads": heads or [[len(nodes) - 1, 0, 0]]}))
    return path


VARIABLE = ("null", "data", [], {})


@pytest.mark.parametrize("key", ["param", "attr", "attrs"])
def test_attributes_of_every_version(key, tmp_path):
    path = symbol(
        tmp_path, ("null", "data", [], {"__shape__": "(1, 2)"}), ("_MulScalar", "y", [0], {"scalar": "3"}), key=key
    )
    assert torch.equal(to_torch(load_mxnet(path))(torch.ones(1, 2)), torch.full((1, 2), 3.0))


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (("Custom", "y", [0], {"op_type": "mine"}), "Custom 'y': it is not supported"),
        (("Activation", "y", [0], {"act_type": "odd"}), "act_type=odd"),
        (("Activation", "y", [0], {"act_type": "relu", "strange": "1"}), "strange, which may change"),
        (("Pooling", "y", [0], {"pool_type": "sum", "kernel": "(2, 2)"}), "pool_type=sum"),
        (("transpose", "y", [0], {"axes": "(2, x)"}), "not a list of integers"),
        (("BatchNorm", "y", [0], {}), "it has 1 inputs"),
        (("SoftmaxOutput", "y", [0], {}), "SoftmaxOutput of 4 axes without an axis"),
        (("Cast", "y", [0], {"dtype": "int32"}), "a cast to int32"),
        (
            (
                "Pooling",
                "y",
                [0],
                {"kernel": "(2, 2)", "pad": "(1, 1)", "stride": "(4, 4)", "pooling_convention": "full"},
            ),
            "outside",
        ),
    ],
)
def test_what_is_refused(node, message, tmp_path):
    path = symbol(tmp_path, VARIABLE, node, ("negative", "z", [1], {}))
    with pytest.raises(UnsupportedError, match=message) as caught:
        load_mxnet(path, input_shapes=(1, 2, 6, 6))
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(
    ("nodes", "settings", "message"),
    [
        ([VARIABLE, ("negative", "y", [0], {})], {}, "the shape of input 'data' is not in the file"),
        (
            [VARIABLE, ("null", "c_weight", [], {}), ("dot", "y", [0, 1], {})],
            {"input_shapes": (1, 2)},
            "no weights 'c_weight'",
        ),
        ([VARIABLE, ("negative", "y", [2], {})], {}, "reads a node that is not before it"),
        ([VARIABLE, ("negative", "y", [0], {})], {"end": ["z"]}, "--end z: there is no such node"),
    ],
)
def test_files_that_do_not_match(nodes, settings, message, tmp_path):
    with pytest.raises(ConversionError, match=message):
        load_mxnet(symbol(tmp_path, *nodes), **settings)


def test_another_json(tmp_path):
    path = tmp_path / "x-symbol.json"
    for text in ("{}", "[]", "not json", '{"nodes": [{}], "heads": []}'):
        path.write_text(text)
        with pytest.raises(ConversionError, match="not a symbol.json of MXNet"):
            load_mxnet(path)
