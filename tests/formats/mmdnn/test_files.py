"""MMdnn's files: what is read, what is written, what is refused."""

from __future__ import annotations

import contextlib
import json
import pickle
import struct
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytorch2caffe.errors import ConversionError
from pytorch2caffe.formats.mmdnn.errors import IrFormatError
from pytorch2caffe.formats.mmdnn.files import read_ir, write_ir
from pytorch2caffe.formats.mmdnn.node import IrNode
from pytorch2caffe.formats.mmdnn.pickles import read_pickle
from pytorch2caffe.formats.mmdnn.pickling import pickle_parts
from pytorch2caffe.formats.mmdnn.schema import message_class

ATTRS = {
    "i": 5,
    "f": 0.5,
    "yes": True,
    "s": "SAME",
    "dtype": "DT_FLOAT32",
    "shape": (-1, 3),
    "list": [1, 2],
    "none": [],
    "floats": [0.5, 2.0],
    "_output_shapes": [(-1, 3), None, ()],
    "negative": -(2**62),
}
NODES = [
    IrNode("x", "DataInput", [], {"shape": (-1, 3)}),
    IrNode("é/a:b", "Odd", ["x", "x:1"], ATTRS, {"weights": np.arange(6, dtype=np.float32).reshape(2, 3)}),
    IrNode("z", "Odd", ["é/a:b"], {}, {"empty": np.zeros((0, 2)), "one": np.float32(3)}),
]


@pytest.mark.parametrize("suffix", ["json", "pb"])
def test_what_is_written_is_read_back(suffix, tmp_path):
    write_ir(NODES, tmp_path / "net")
    for one, other in zip(NODES, read_ir(tmp_path / f"net.{suffix}", tmp_path / "net.npy"), strict=True):
        assert (one.name, one.op, one.inputs) == (other.name, other.op, other.inputs)
        assert {key: value for key, value in one.attrs.items() if value != []} == {
            key: value for key, value in other.attrs.items() if value != []
        }
        assert one.weights.keys() == other.weights.keys()
        for key, array in one.weights.items():
            np.testing.assert_array_equal(array, other.weights[key])
            assert np.shape(array) == other.weights[key].shape


def test_the_names_of_caffe_s_parser_and_protobuf_text(tmp_path):
    shape = {"dim": [{"size": "-1"}], "unknownRank": False}
    camel = {"node": [{"name": "x", "op": "DataInput", "attr": {"shape": {"shape": shape}}}]}
    (tmp_path / "a.json").write_text(json.dumps(camel))
    text = 'node { name: "x" op: "DataInput" attr { key: "shape" value { shape { dim { size: -1 } } } } }'
    (tmp_path / "a.pb").write_text(text)
    for suffix in ("json", "pb"):
        (node,) = read_ir(tmp_path / f"a.{suffix}")
        assert (node.name, node.op, node.attrs) == ("x", "DataInput", {"shape": (-1,)})


@pytest.mark.parametrize("suffix", ["json", "pb"])
def test_the_largest_floats_are_read_back(suffix, tmp_path):
    largest = float(np.finfo(np.float32).max)
    values = {"a": largest, "b": -largest, "c": [-largest, 0.5, largest], "d": 'f": 3.4028235e+38'}
    write_ir([IrNode("x", "Odd", [], values)], tmp_path / "net")
    assert read_ir(tmp_path / f"net.{suffix}")[0].attrs == values


def test_control_inputs_and_what_is_only_waited_for_are_left_out(tmp_path):
    nodes = [
        IrNode("x", "DataInput"),
        IrNode("side", "Relu", ["x"]),
        IrNode("more", "Relu", ["side"]),
        IrNode("y", "Relu", ["x", "^more"]),
    ]
    write_ir(nodes, tmp_path / "net")
    assert [(n.name, n.inputs) for n in read_ir(tmp_path / "net.json")] == [("x", []), ("y", ["x"])]


def npy(content: bytes, header: str = "{'descr': '|O', 'fortran_order': False, 'shape': (), }") -> bytes:
    text = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + content


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_numpy_s_own_pickles_are_read(protocol, tmp_path):
    weights = {
        "a": {"weights": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "big": np.arange(3, dtype=">f4")},
        b"b": [np.float32([1, 2]), np.float32([3])],
        "c": {"number": 1, "scalar": np.float32(2)},
    }
    whole = np.empty((), object)
    whole[()] = weights
    (tmp_path / "w.npy").write_bytes(npy(pickle.dumps(whole, protocol)))
    write_ir([IrNode(name, "Odd", ["x"] if name != "a" else []) for name in "abc"], tmp_path / "net")
    a, b, c = read_ir(tmp_path / "net.json", tmp_path / "w.npy")
    np.testing.assert_array_equal(a.weights["weights"], weights["a"]["weights"])
    np.testing.assert_array_equal(a.weights["big"], [0, 1, 2])
    np.testing.assert_array_equal(b.weights["0"], [1, 2])
    assert (list(b.weights), c.weights) == (["0", "1"], {})


def test_numpy_reads_what_is_written(tmp_path):
    write_ir(NODES, tmp_path / "net")
    found = np.load(tmp_path / "net.npy", allow_pickle=True).item()
    np.testing.assert_array_equal(found["é/a:b"]["weights"], NODES[1].weights["weights"])
    assert found["é/a:b"]["weights"].dtype == np.float32
    assert found["z"]["one"].shape == ()


class Runs:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code was run')",))


def deep(depth: int) -> bytes:
    return b"\x80\x03" + b")" + b"\x85" * depth + b"."


def array(size: bytes) -> bytes:
    """An array of four bytes that says it is of another size."""
    start = b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01"
    return start + size + b"\x85cnumpy\ndtype\nX\x02\x00\x00\x00f4\x85R\x89C\x04abcdtb."


HOSTILE = {
    "code": (pickle.dumps({"a": Runs()}), "asks for builtins.exec"),
    "code, protocol 0": (pickle.dumps({"a": Runs()}, 0), "truncated|do not need"),
    "a shell": (b"cos\nsystem\n(X\x02\x00\x00\x00lstR.", "asks for os.system"),
    "numpy's own loader": (b"cnumpy\nload\n)R.", "asks for numpy.load"),
    "a name that is a number": (b"K\x01K\x02\x93.", "asks for"),
    "an instance": (b"(i", "do not need"),
    "a persistent id": (b"Pabc\n.", "do not need"),
    "an extension": (b"\x82\x01.", "do not need"),
    "an array of 2^40": (array(b"\x8a\x06\x00\x00\x00\x00\x00\x01"), "1,099,511,627,776"),
    "a negative size": (array(b"J\xff\xff\xff\xff"), "shape or dtype"),
    "objects": (pickle.dumps(np.array([1, "x"], object)), "array of objects"),
    "texts": (pickle.dumps({"a": {"b": np.array(["x"])}}), "weights are numbers"),
    "bytes beyond the file": (b"B\xff\xff\xff\x7f.", "truncated"),
    "bytes far beyond the file": (b"\x8e" + b"\xff" * 8 + b".", "truncated"),
    "a vast number": (b"\x8a\xff" + b"\xff" * 255 + b".", "a number of 255 bytes"),
    "nothing": (b".", "damaged"),
    "no end": (b"\x80\x03}", "truncated"),
    "a list": (b"].", "a list instead"),
    "a key that is a tuple": (b"})K\x01s.", "a key that is a tuple"),
    "a dict within itself": (b"}q\x00X\x01\x00\x00\x00xh\x00s.", None),
    "nested tuples": (deep(400_000), "instead of a dict"),
    "too many operations": (b"]" + b"]0" * 300_000 + b".", "operations"),
    "what was not kept": (b"h\x07.", "nothing was kept"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_weights(name, tmp_path):
    content, what = HOSTILE[name]
    (tmp_path / "w.npy").write_bytes(npy(content))
    write_ir(NODES, tmp_path / "net")
    before = sorted(tmp_path.iterdir())
    tracemalloc.start()
    started = time.process_time()
    try:
        if what is None:
            read_ir(tmp_path / "net.json", tmp_path / "w.npy")
        else:
            with pytest.raises(IrFormatError, match=what) as caught:
                read_ir(tmp_path / "net.json", tmp_path / "w.npy")
            assert str(caught.value).startswith(str(tmp_path / "w.npy"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - started < 60
    assert peak < 200e6
    assert sorted(tmp_path.iterdir()) == before


OTHERS = {
    "an empty file": ("json", b"", "an empty file"),
    "no JSON": ("json", b"{", "damaged, or not a graph"),
    "no UTF-8": ("json", b'{"node": "\xff"}', "not UTF-8"),
    "another JSON": ("json", b'{"layers": []}', "damaged, or not a graph"),
    "no nodes": ("json", b"{}", "has no nodes"),
    "a node without a name": ("json", b'{"node": [{"op": "Relu"}]}', "without a name"),
    "a bomb of brackets": ("json", b'{"node": ' + b"[" * 200_000, "damaged, or not a graph"),
    "a bomb of nodes": ("json", b'{"node": [' + b"{}," * 150_000 + b"{}]}", "more than 100,000"),
    "a vast file": ("json", b" " * (1 << 24) + b"{}", "more than 16,777,216 bytes"),
    "a number too large": (
        "json",
        b'{"node": [{"name": "x", "op": "y", "attr": {"i": {"i": "9999999999999999999"}}}]}',
        "damaged, or not a graph",
    ),
    "a checkpoint": ("pb", b"\x80\x02}q\x00", "field number|wire type|lacks"),
    "a binary that is cut off": ("pb", b"\x0a\xff\x01\x0a", "lacks"),
    "a bomb of nodes in binary": ("pb", b"\x0a\x00" * 200_000, "more than 100,000"),
    "a damaged node": ("pb", b"\x0a\x02\x0a\x05", "a node is damaged"),
    "text that is no graph": ("pb", b"node { nome: 1 }", "damaged, or not a graph"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_hostile_structures(name, tmp_path):
    suffix, content, what = OTHERS[name]
    path = tmp_path / f"net.{suffix}"
    path.write_bytes(content)
    with pytest.raises(IrFormatError, match=what) as caught:
        read_ir(path)
    assert str(caught.value).startswith(str(path))
    assert len(str(caught.value)) < 500


WEIGHTS = {
    "no .npy": (b"hello", "not an .npy file"),
    "numbers": (npy(b"", "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"), "not a dict of weights"),
    "a header that would be code": (npy(b"", "{'descr': __import__('os')}"), "not a dict of weights"),
    "a header without an end": (b"\x93NUMPY\x01\x00\xff\xff{", "not a dict of weights"),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_what_is_no_file_of_weights(name, tmp_path):
    content, what = WEIGHTS[name]
    (tmp_path / "w.npy").write_bytes(content)
    write_ir(NODES, tmp_path / "net")
    with pytest.raises(IrFormatError, match=what):
        read_ir(tmp_path / "net.json", tmp_path / "w.npy")


def test_what_is_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_ir(tmp_path / "missing.json")
    with pytest.raises(IrFormatError, match="not a regular file"):
        read_ir(tmp_path)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_pickle_or_an_error(content):
    with contextlib.suppress(ConversionError):
        read_pickle(memoryview(content))


KEYS = st.text(max_size=5)
ARRAYS = st.lists(st.floats(width=32, allow_nan=False), max_size=4).map(lambda v: np.float32(v))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(KEYS, st.dictionaries(KEYS, ARRAYS, max_size=3), max_size=3))
def test_any_weights_are_written_and_read_back(weights):
    content = b"".join(bytes(part) for part in pickle_parts(weights))
    found, by_pickle = read_pickle(memoryview(content)), pickle.loads(content).item()  # ours: no hostile file
    for other in (found, by_pickle):
        assert {n: list(arrays) for n, arrays in other.items()} == {n: list(arrays) for n, arrays in weights.items()}
        for name, arrays in weights.items():
            for key, array in arrays.items():
                np.testing.assert_array_equal(other[name][key], array)


def test_an_attribute_that_the_ir_cannot_hold_is_an_error_and_nothing_is_written(tmp_path):
    with pytest.raises(IrFormatError, match="node 'x': i = "):
        write_ir([IrNode("x", "Odd", [], {"i": 2**70})], tmp_path / "net")
    assert not list(tmp_path.iterdir())


def test_messages_do_not_collide_with_tensorflow_s():
    assert message_class("GraphDef").DESCRIPTOR.full_name == "pytorch2caffe.ir.GraphDef"
