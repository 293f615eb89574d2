"""Reading caffemodels: every way in which numbers have been stored."""

import mmap

import numpy as np
import pytest

from caffe_proto import CaffeFormatError, message_class, read_caffemodel, to_dict
from tests.caffe_proto.messages import (
    FIXED32,
    FIXED64,
    SQUEEZENET,
    bytes_field,
    doubles,
    encode_tag,
    encode_varint,
    floats,
    layer,
    shape,
    varint_field,
)


def read(tmp_path, content):
    path = tmp_path / "net.caffemodel"
    path.write_bytes(content)
    return read_caffemodel(path)


def blob_of(tmp_path, content):
    """The only blob, of a network of one layer with a blob of these bytes."""
    (one,) = read(tmp_path, layer(content)).layers
    (blob,) = one.blobs
    assert (one.name, one.type) == ("conv", "Convolution")
    assert blob.dtype == np.float32
    assert not blob.flags.writeable
    return blob


def root(array):
    while isinstance(array, np.ndarray):
        array = array.base
    return array.obj if isinstance(array, memoryview) else array


PACKED = bytes_field(5, floats(1, 2, 3, 4, 5, 6))
SINGLE = [encode_tag(5, FIXED32) + floats(value) for value in range(1, 7)]
SINGLE_DOUBLES = [encode_tag(8, FIXED64) + doubles(value) for value in range(1, 7)]
LONG_TAG = b"\xad\x80\x00"  # field 5, fixed 32 bits, in three bytes where one would do

STORED = {
    "packed": PACKED,
    "packed, an empty piece first": bytes_field(5, b"") + PACKED,
    "packed, in two pieces": bytes_field(5, floats(1, 2)) + bytes_field(5, floats(3, 4, 5, 6)),
    "unpacked": b"".join(SINGLE),
    "unpacked, other fields between": SINGLE[0] + SINGLE[1] + varint_field(77, 3) + b"".join(SINGLE[2:]),
    "packed, then unpacked": bytes_field(5, floats(1, 2, 3)) + b"".join(SINGLE[3:]),
    "unpacked, then packed": b"".join(SINGLE[:3]) + bytes_field(5, floats(4, 5, 6)),
    "unpacked, long tags": b"".join(LONG_TAG + floats(value) for value in range(1, 7)),
    "doubles": bytes_field(8, doubles(1, 2, 3, 4, 5, 6)),
    "doubles, unpacked": b"".join(SINGLE_DOUBLES),
    "doubles, and floats that Caffe ignores": bytes_field(5, floats(9)) + bytes_field(8, doubles(1, 2, 3, 4, 5, 6)),
    "raw doubles": bytes_field(12, doubles(1, 2, 3, 4, 5, 6)),
    "raw floats": varint_field(10, 1) + bytes_field(12, floats(1, 2, 3, 4, 5, 6)),
    "raw half floats": bytes_field(12, np.arange(1, 7, dtype="<f2").tobytes()) + varint_field(10, 2),
    "with a diff": PACKED + bytes_field(6, floats(7, 7)) + bytes_field(9, doubles(7)),
    "with fields of a fork": varint_field(99, 1) + PACKED + bytes_field(1000, b"anything") + LONG_TAG[:0],
}


@pytest.mark.parametrize("content", STORED.values(), ids=STORED)
@pytest.mark.parametrize("shape_first", [True, False])
def test_however_the_numbers_are_stored(content, shape_first, tmp_path):
    content = shape(2, 3) + content if shape_first else content + shape(2, 3)
    np.testing.assert_array_equal(blob_of(tmp_path, content), [[1, 2, 3], [4, 5, 6]])


SHAPES = {
    "packed": (shape(2, 3), (2, 3)),
    "unpacked": (bytes_field(7, varint_field(1, 2) + varint_field(1, 3)), (2, 3)),
    "in two messages": (bytes_field(7, varint_field(1, 2)) + bytes_field(7, varint_field(1, 3)), (2, 3)),
    "legacy": (b"".join(varint_field(n, dim) for n, dim in ((1, 1), (2, 3), (3, 2), (4, 1))), (1, 3, 2, 1)),
    "legacy besides the shape": (shape(6) + varint_field(1, 1) + varint_field(4, 6), (6,)),
    "six axes": (shape(1, 2, 1, 3, 1, 1), (1, 2, 1, 3, 1, 1)),
}


@pytest.mark.parametrize(("content", "expected"), SHAPES.values(), ids=SHAPES)
def test_however_the_shape_is_stored(content, expected, tmp_path):
    assert blob_of(tmp_path, content + PACKED).shape == expected


def test_scalars_and_empty_blobs(tmp_path):
    assert blob_of(tmp_path, bytes_field(5, floats(7))).shape == ()
    assert blob_of(tmp_path, shape() + bytes_field(5, floats(7))) == 7
    assert blob_of(tmp_path, shape(0, 3)).shape == (0, 3)


@pytest.mark.parametrize("padding", range(4))
def test_packed_floats_are_views_on_the_file_wherever_they_lie(tmp_path, padding):
    content = bytes_field(1, "x" * padding) + layer(PACKED + shape(6))
    (blob,) = read(tmp_path, content).layers[0].blobs
    assert isinstance(root(blob), mmap.mmap)
    np.testing.assert_array_equal(blob * 2, [2, 4, 6, 8, 10, 12])
    assert blob.sum() == 21
    assert (blob.reshape(2, 3) @ np.ones(3, np.float32)).tolist() == [6, 15]
    assert np.require(blob, requirements="A").ctypes.data % 4 == 0


def test_views_outlive_the_weights_and_the_file(tmp_path):
    (blob,) = read(tmp_path, layer(PACKED + shape(6))).layers[0].blobs
    (tmp_path / "net.caffemodel").unlink()
    assert blob.tolist() == [1, 2, 3, 4, 5, 6]


def test_long_runs_of_unpacked_floats(tmp_path):
    values = np.arange(100_000, dtype="<f4")
    rows = np.empty((values.size, 5), np.uint8)
    rows[:, 0] = 0x2D
    rows[:, 1:] = values.view(np.uint8).reshape(-1, 4)
    np.testing.assert_array_equal(blob_of(tmp_path, rows.tobytes() + shape(values.size)), values)


def test_a_file_of_more_than_4_gib(tmp_path):
    values = 2**28 + 8
    blob = shape(values) + encode_tag(5) + encode_varint(4 * values)  # and zeros, which take no room on disk
    head = bytes_field(1, "big") + encode_tag(7) + encode_varint(len(blob) + 4 * values) + blob
    path = tmp_path / "big.caffemodel"
    with path.open("wb") as stream:
        for _ in range(5):
            stream.write(encode_tag(100) + encode_varint(len(head) + 4 * values) + head)
            stream.seek(4 * values, 1)
        stream.truncate()
    assert path.stat().st_size > 5 * 2**30
    layers = read_caffemodel(path).layers
    assert [one.blobs[0].size for one in layers] == [values] * 5
    assert layers[-1].blobs[0][-1] == 0


@pytest.mark.skipif(not SQUEEZENET.exists(), reason="the sample network is not here")
def test_a_published_caffemodel():
    path = SQUEEZENET / "squeezenet_v1.1.caffemodel"
    weights = read_caffemodel(path)
    net = message_class("NetParameter").FromString(path.read_bytes())
    assert [one.name for one in weights.layers] == [one.name for one in net.layer]
    for ours, theirs in zip(weights.layers, net.layer, strict=True):
        assert ours.type == theirs.type
        for blob, proto in zip(ours.blobs, theirs.blobs, strict=True):
            assert blob.shape == tuple(proto.shape.dim)
            np.testing.assert_array_equal(blob.ravel(), np.array(proto.data, np.float32))
        theirs.ClearField("blobs")
    assert weights.net == net
    assert weights.by_name()["conv1"][0].shape == (64, 3, 3, 3)
    assert weights.by_name()["relu_conv1"] == ()


def v1_layer(kind, *blobs, name="old"):
    content = bytes_field(2, "data") + bytes_field(4, name) + varint_field(5, kind) + varint_field(999, 1)
    return bytes_field(2, content + b"".join(bytes_field(6, blob) for blob in blobs))


def test_v1(tmp_path):
    content = bytes_field(3, "data") + b"".join(varint_field(4, dim) for dim in (1, 3, 8, 8))
    weights = read(tmp_path, content + v1_layer(4, PACKED + shape(6)) + v1_layer(99, name="unknown"))
    assert [(one.name, one.type) for one in weights.layers] == [
        ("old", "Convolution"),
        ("unknown", "V1 type 99"),
    ]
    assert weights.by_name()["old"][0].tolist() == [1, 2, 3, 4, 5, 6]
    assert to_dict(weights.net)["layer"] == [
        {"name": "data", "type": "Input", "top": ["data"], "input_param": {"shape": [{"dim": [1, 3, 8, 8]}]}},
        {"name": "old", "type": "Convolution", "bottom": ["data"]},
        {"name": "unknown", "bottom": ["data"]},
    ]


def test_v0(tmp_path):
    legacy = b"".join(varint_field(n, dim) for n, dim in ((1, 1), (2, 1), (3, 2), (4, 3)))
    settings = bytes_field(1, "old") + bytes_field(2, "innerproduct") + varint_field(3, 2)
    content = bytes_field(1, settings + bytes_field(50, PACKED + legacy)) + bytes_field(3, "top")
    weights = read(tmp_path, bytes_field(2, content))
    assert [(one.name, one.type) for one in weights.layers] == [("old", "InnerProduct")]
    assert weights.layers[0].blobs[0].shape == (1, 1, 2, 3)
    assert to_dict(weights.net)["layer"] == [
        {"name": "old", "type": "InnerProduct", "top": ["top"], "inner_product_param": {"num_output": 2}}
    ]


def test_fields_that_forks_number_differently(tmp_path):
    def one(kind, number, content):
        return bytes_field(100, bytes_field(2, kind) + bytes_field(number, content))

    net = read(
        tmp_path,
        one("ShuffleChannel", 145, varint_field(1, 3))
        + one("Reorg", 147, varint_field(1, 2))
        + one("ROIAlign", 148, varint_field(1, 7))
        + one("Swish", 147, encode_tag(1, FIXED32) + floats(0.5))
        + one("Yolo", 147, b"\xff\xff"),
    ).net
    assert to_dict(net)["layer"] == [
        {"type": "ShuffleChannel", "shuffle_channel_param": {"group": 3}},
        {"type": "Reorg", "reorg_param": {"stride": 2}},
        {"type": "ROIAlign", "roi_align_param": {"pooled_h": 7}},
        {"type": "Swish", "swish_param": {"beta": 0.5}},
        {"type": "Yolo"},
    ]


def test_layers_of_one_name(tmp_path):
    one, same, other = (layer(bytes_field(5, floats(value)), name="a") for value in (1, 1, 2))
    weights = read(tmp_path, layer(name="a", kind="Data") + one + same + layer(name="a"))
    assert len(weights.layers) == 4
    assert weights.by_name()["a"][0] == 1
    with pytest.raises(CaffeFormatError, match=r"net.caffemodel: two layers 'a' with different weights"):
        read(tmp_path, one + other).by_name()


def test_not_a_number_is_equal_to_itself_in_layers_of_one_name(tmp_path):
    nan = layer(bytes_field(5, floats(float("nan"))), name="a")
    assert np.isnan(read(tmp_path, nan + nan).by_name()["a"][0])
