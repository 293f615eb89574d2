"""Random and hand-made messages for the tests."""

import struct

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from caffe_proto import message_class
from caffe_proto.wire import encode_tag, encode_varint
from tests.paths import SHARED

SQUEEZENET = SHARED / "data" / "squeezenet_v1.1"

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def varint_field(number, value):
    return encode_tag(number, VARINT) + encode_varint(value % 2**64)


def bytes_field(number, content):
    content = content.encode() if isinstance(content, str) else content
    return encode_tag(number) + encode_varint(len(content)) + content


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


def doubles(*values):
    return struct.pack(f"<{len(values)}d", *values)


def shape(*dims):
    return bytes_field(7, bytes_field(1, b"".join(encode_varint(dim % 2**64) for dim in dims)))


def layer(*blobs, name="conv", kind="Convolution"):
    """The bytes of a network of one layer with these blobs (each the bytes of a BlobProto)."""
    content = bytes_field(1, name) + bytes_field(2, kind) + b"".join(bytes_field(7, blob) for blob in blobs)
    return bytes_field(100, content)


def with_protobuf(net, blobs):
    """The same network with its weights, made by protobuf alone."""
    full = message_class("NetParameter")()
    full.CopyFrom(net)
    for one, arrays in zip(full.layer, blobs, strict=True):
        for array in arrays:
            blob = one.blobs.add()
            if array.shape:
                blob.shape.dim.extend(array.shape)
            blob.data.extend(np.asarray(array, np.float32).ravel().tolist())
    return full


# Machines that run tests are busy: how long an example takes says nothing.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

names = st.text(max_size=12)
float32 = st.floats(-(2.0**127), 2.0**127, width=32) | st.sampled_from([np.inf, -np.inf])


@st.composite
def networks(draw):
    """NetParameter messages with something of every kind of field in them."""
    net = message_class("NetParameter")(name=draw(names))
    for _ in range(draw(st.integers(0, 4))):
        one = net.layer.add(name=draw(names), type=draw(names))
        one.bottom.extend(draw(st.lists(names, max_size=3)))
        one.loss_weight.extend(draw(st.lists(float32, max_size=3)))
        if draw(st.booleans()):
            one.include.add(phase=draw(st.sampled_from([0, 1])), stage=draw(st.lists(names, max_size=2)))
        if draw(st.booleans()):
            one.convolution_param.pad.extend(draw(st.lists(st.integers(0, 2**32 - 1), max_size=3)))
            one.convolution_param.bias_term = draw(st.booleans())
            one.convolution_param.weight_filler.value = draw(float32)
        if draw(st.booleans()):
            one.input_param.shape.add(dim=draw(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5)))
        if draw(st.booleans()):
            one.pooling_param.pool = draw(st.sampled_from([0, 1, 2]))
            one.pooling_param.ceil_mode = draw(st.booleans())
        if draw(st.booleans()):
            one.flatten_param.SetInParent()
    return net


@st.composite
def networks_with_weights(draw):
    net = draw(networks())
    shapes = st.lists(st.integers(0, 4), max_size=4)
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    return net, [[random.standard_normal(draw(shapes)) for _ in range(draw(st.integers(0, 2)))] for _ in net.layer]
