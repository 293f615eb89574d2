"""Damaged and hostile files: one clear error each, soon, in little memory."""

import random
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from caffe_proto import CaffeFormatError, read_caffemodel, read_prototxt, to_text, write_caffemodel
from caffe_proto.wire import encode_tag, encode_varint
from tests.caffe_proto.messages import BYTES, bytes_field, doubles, floats, layer, shape, unhurried, varint_field

NET = {
    "name": "fuzz",
    "layer": [
        {
            "name": "data",
            "type": "Input",
            "top": ["data"],
            "input_param": {"shape": [{"dim": [1, 3, 300, 8]}]},
        },
        {
            "name": "conv",
            "type": "Convolution",
            "bottom": ["data"],
            "convolution_param": {"num_output": 2, "weight_filler": {"std": 0.1}},
        },
    ],
}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The bytes of a small caffemodel, and a path to write others to."""
    path = tmp_path_factory.mktemp("hostile") / "net.caffemodel"
    write_caffemodel(NET, [[], [np.arange(150).reshape(2, 75), np.ones(2)]], path)
    return path.read_bytes(), path


def try_weights(path, content):
    """Whether these bytes are read; CaffeFormatError is the only other way out."""
    path.write_bytes(content)
    try:
        weights = read_caffemodel(path)
        for one in weights.layers:
            for blob in one.blobs:
                blob.sum()
        to_text(weights.net)
        weights.by_name()
    except CaffeFormatError as error:
        assert str(error).startswith(str(path))
        assert "\n" not in str(error)
        assert len(str(error)) < 500
        return False
    return True


def try_text(text):
    try:
        to_text(read_prototxt(text + "\n").net)
    except CaffeFormatError as error:
        assert str(error).startswith("prototxt:")
        return False
    return True


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_truncation_of_a_caffemodel(small):
    content, path = small
    read = [size for size in range(len(content)) if try_weights(path, content[:size])]
    assert len(read) <= 3  # only where a layer ends


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_every_flipped_bit_outside_the_numbers(small):
    content, path = small
    for position in [*range(120), *range(len(content) - 40, len(content))]:
        for bit in range(8):
            damaged = bytearray(content)
            damaged[position] ^= 1 << bit
            try_weights(path, bytes(damaged))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_damage_in_several_places(small):
    content, path = small
    rng = random.Random(1)
    for _ in range(1500):
        damaged = bytearray(content)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(120) if rng.random() < 0.7 else rng.randrange(len(damaged))
            match rng.randrange(4):
                case 0:
                    damaged[place] = rng.randrange(256)
                case 1:
                    del damaged[place : place + rng.randint(1, 9)]
                case 2:
                    damaged[place:place] = rng.randbytes(rng.randint(1, 9))
                case 3:
                    damaged[place:place] = encode_varint(rng.getrandbits(rng.randint(1, 64)))
        try_weights(path, bytes(damaged))


@settings(unhurried, max_examples=500)
@given(st.binary(min_size=1, max_size=200))
def test_any_bytes(small, content):
    try_weights(small[1], content)


TEXT = to_text(
    read_prototxt("""name: "x" input: "data" input_dim: [1, 3, 8, 8]
    layers { name: "a" type: CONVOLUTION blobs_lr: 1 convolution_param { num_output: 3 pad: 0x1 }
      unknown { b: [1] } }
    layers { layer { name: "b" type: "pool" kernelsize: 3 } bottom: "a" }""").net
)


def test_every_truncation_of_a_prototxt():
    read = [size for size in range(len(TEXT)) if try_text(TEXT[:size])]
    assert len(read) < 20  # where a layer or the name ends


def test_damage_in_a_prototxt():
    rng = random.Random(2)
    pieces = [
        "{",
        "}",
        "[",
        "]",
        "<",
        ">",
        ":",
        '"',
        "'",
        "-",
        "#",
        "\n",
        "\\",
        "1e999",
        "layers",
        "9" * 30,
        "\ud800",
    ]
    for _ in range(3000):
        text = TEXT
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(text))
            text = text[:place] + rng.choice([*pieces, chr(rng.randrange(0x250))]) + text[place + rng.randint(0, 4) :]
        try_text(text)


@unhurried
@given(st.text(max_size=80))
@example("layer{name:'\\U00110000'}")
@example("layer{name:'\\ud800'}")
def test_any_text(text):
    try_text(text)


BIG = 2**63
DAMAGED = {  # the bytes of a file: what the message says
    "an empty file": (b"", "an empty file"),
    "field number 0": (b"\x02\x00", "0 is not a field number"),
    "a field number beyond protobuf's": (encode_varint(1 << 32), "is not a field number"),
    "a varint that never ends": (b"\xff" * 20, "more than 64 bits"),
    "a varint of 65 bits": (b"\x08" + b"\xff" * 9 + b"\x02", "more than 64 bits"),
    "a group": (b"\x0b\x0c", "wire type 3"),
    "the end of a group": (b"\x0c", "wire type 4"),
    "wire type 7": (b"\x0f", "wire type 7"),
    "a length beyond the file": (b"\xa2\x06\xff\xff\xff\xff\x0f", "lacks"),
    "a length of 2^64 - 1": (encode_tag(100) + encode_varint(2**64 - 1), "lacks"),
    "a layer that is a number": (varint_field(100, 1), "has wire type 0, not 2"),
    "a blob that is a number": (bytes_field(100, varint_field(7, 1)), "has wire type 0, not 2"),
    "a name that is a number": (bytes_field(100, varint_field(1, 1)), "has wire type 0, not 2"),
    "a name that is no UTF-8": (layer(name=b"\xff\xfe"), "not UTF-8"),
    "a shape that is a number": (layer(varint_field(7, 1)), "layer 'conv', blob 0: byte "),
    "data that is a varint": (layer(varint_field(5, 1)), "has wire type 0, not 5"),
    "data of doubles' width": (layer(encode_tag(5, 1) + doubles(1)), "has wire type 1, not 5"),
    "packed data of 3 bytes": (layer(bytes_field(5, b"abc")), "not a multiple of 4"),
    "too few values": (
        layer(shape(2, 3) + bytes_field(5, floats(1))),
        "holds 1 values; its shape 2x3 has 6",
    ),
    "too many values": (
        layer(shape(1) + bytes_field(5, floats(1, 2))),
        "holds 2 values; its shape 1 has 1",
    ),
    "no values": (layer(b""), "holds 0 values; its shape () has 1"),
    "only a diff": (layer(shape(1) + bytes_field(6, floats(1))), "holds 0 values"),
    "a negative dimension": (
        layer(shape(-1, -1) + bytes_field(5, floats(1))),
        "negative dimension in its shape -1x-1",
    ),
    "a negative legacy dimension": (layer(varint_field(1, -2)), "negative dimension"),
    "dimensions whose product is 0 in 64 bits": (
        layer(shape(1 << 32, 1 << 32)),
        "Caffe counts to 2,147,483,647",
    ),
    "no values, and a vast shape": (layer(shape(0, BIG - 1, BIG - 1)), "Caffe counts to"),
    "33 axes": (layer(shape(*[1] * 33) + bytes_field(5, floats(1))), "more than 32 axes"),
    "raw data of a type unknown": (
        layer(varint_field(10, 3) + bytes_field(12, floats(1))),
        "raw data of type 3",
    ),
    "raw half floats, and a half": (layer(varint_field(10, 2) + bytes_field(12, b"abc")), "not a multiple of 2"),
    "too many layers": (bytes_field(100, b"") * 100_001, "more than 100,000 fields in one message"),
    "too many pieces": (
        layer(bytes_field(5, floats(1)) * 100_001),
        "more than 100,000 fields in one message",
    ),
    "too many blobs": (layer(*[shape(0)] * 60_000) * 2, "more than 100,000 blobs"),
    "a double beyond float32": (layer(bytes_field(8, doubles(1e300))), "beyond the range of float32"),
    "a prototxt": (TEXT.encode(), "this is text: the prototxt"),
    "a pointer to a file": (b"version https://git-lfs.github.com/spec/v1\n", "that was not fetched?"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "an HDF5 file"),
    "a PyTorch checkpoint": (b"PK\x03\x04" + bytes(99), "a PyTorch checkpoint?"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_named(name, tmp_path):
    content, what = DAMAGED[name]
    path = tmp_path / "net.caffemodel"
    path.write_bytes(content)
    with pytest.raises(CaffeFormatError) as caught:
        read_caffemodel(path)
    assert what in str(caught.value)
    assert str(path) in str(caught.value)


def test_what_is_no_file(tmp_path):
    with pytest.raises(CaffeFormatError, match="not a regular file"):
        read_caffemodel(tmp_path)
    with pytest.raises(CaffeFormatError, match="not a regular file"):
        read_caffemodel("/dev/zero")
    with pytest.raises(CaffeFormatError, match="binary"):
        read_prototxt("/dev/zero")
    with pytest.raises(FileNotFoundError):
        read_caffemodel(tmp_path / "missing")


def nested(depth):
    content = b""
    for _ in range(depth):
        content = bytes_field(100, content)
    return content


BOMBS = {  # bytes of about a megabyte that would be much more as objects
    "layers": bytes_field(100, b"") * 400_000,
    "blobs of no values": bytes_field(100, bytes_field(7, shape(0)) * 150_000),
    "axes": layer(bytes_field(7, bytes_field(1, b"\x01" * 1_000_000))),
    "axes, one by one": layer(bytes_field(7, varint_field(1, 1) * 500_000)),
    "shapes": layer(bytes_field(7, varint_field(1, 2**62)) * 90_000),
    "pieces": layer(shape(1) + bytes_field(5, floats(1)) * 170_000),
    "floats and others in turn": layer(shape(1) + (encode_tag(5, 5) + floats(1) + varint_field(77, 1)) * 120_000),
    "messages in messages": nested(3000),
}


@pytest.mark.slow
@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS)
def test_bombs_of_bytes(content, tmp_path):
    path = tmp_path / "net.caffemodel"
    path.write_bytes(content)
    tracemalloc.start()
    started = time.process_time()
    try:
        try_weights(path, content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - started < 20
    assert peak < 100e6


def test_a_bomb_in_the_structure(tmp_path):
    settings_of_a_layer = bytes_field(3, b"x") * 150_000
    path = tmp_path / "net.caffemodel"
    path.write_bytes(bytes_field(100, settings_of_a_layer))
    with pytest.raises(CaffeFormatError, match="more than 100,000 fields in one message"):
        read_caffemodel(path)
    path.write_bytes(bytes_field(100, bytes_field(3, bytes(9_000_000))))
    with pytest.raises(CaffeFormatError, match="bytes without the weights: not a network"):
        _ = read_caffemodel(path).net


TEXT_BOMBS = {
    "braces": "layer {" * 200_000,
    "braces of a field unknown": "layer { x " + "{ y " * 200_000,
    "braces of a field unknown, closed": "x " + "{ y " * 100_000 + ": 1" + " }" * 100_000,
    "brackets": "x: " + "[" * 300_000,
    "fields unknown": "a: 1 " * 200_000 + "{",
    "a number": "layer { loss_weight: " + "9" * 500_000 + " }",
    "a string": 'layer { name: "' + "\\" * 1_000_001 + '" }',
    "a string without its end": 'layer { name: "' + "x" * 1_000_000,
    "a text": "layer {} " * 2_000_000,
}


@pytest.mark.parametrize("text", TEXT_BOMBS.values(), ids=TEXT_BOMBS)
def test_bombs_of_text(text):
    started = time.process_time()
    try_text(text)
    assert time.process_time() - started < 10


def test_constants_of_the_format_used_here():
    assert (BYTES, encode_tag(100)) == (2, b"\xa2\x06")
