"""caffe.proto against the facts about Caffe's schema, and its place in the process."""

import csv
from functools import lru_cache

import numpy as np
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import FieldDescriptor

from caffe_proto import message_class
from caffe_proto.schema import PACKAGE, SOURCE, is_repeated, parse_schema
from tests.paths import SHARED

TYPES = {
    getattr(FieldDescriptor, f"TYPE_{name.upper()}"): name
    for name in ("bool", "bytes", "double", "float", "int32", "int64", "string", "uint32")
}

# Fields whose number BVLC or another fork has for something else: ours have private numbers.
PRIVATE = {"shuffle_channel_param", "reorg_param", "roi_align_param", "psroi_pooling_param"}

SAMPLE = [  # message, field, number, type, default
    ("BlobProto", "data", 5, "float", None),
    ("NetParameter", "layer", 100, "LayerParameter", None),
    ("NetParameter", "layers", 2, "V1LayerParameter", None),
    ("LayerParameter", "blobs", 7, "BlobProto", None),
    ("LayerParameter", "clip_param", 148, "ClipParameter", None),
    ("LayerParameter", "permute_param", 202, "PermuteParameter", None),
    ("BatchNormParameter", "eps", 3, "float", 1e-5),
    ("PoolingParameter", "round_mode", 13, "PoolingParameter.RoundMode", 0),
    ("ReductionParameter", "operation", 1, "ReductionParameter.ReductionOp", 1),
    ("FillerParameter", "type", 1, "string", "constant"),
    ("ConcatParameter", "axis", 2, "int32", 1),
    ("FlattenParameter", "end_axis", 2, "int32", -1),
]


def field_of(message, name):
    return message_class(message).DESCRIPTOR.fields_by_name[name]


def type_of(field):
    inner = field.message_type or field.enum_type
    return TYPES[field.type] if inner is None else inner.full_name.removeprefix(PACKAGE + ".")


@pytest.mark.parametrize(("message", "name", "number", "kind", "default"), SAMPLE)
def test_fields_are_as_caffe_has_them(message, name, number, kind, default):
    field = field_of(message, name)
    assert (field.number, type_of(field)) == (number, kind)
    if default is not None:
        assert field.default_value == pytest.approx(default) if kind == "float" else field.default_value == default


def rows():
    for file in ("caffe_bvlc_schema.tsv", "caffe_ncnn_extensions.tsv"):
        path = SHARED / "facts" / file
        if path.exists():
            with path.open() as stream:
                yield from csv.DictReader(stream, delimiter="\t")


@lru_cache
def parsed():
    """The fields of caffe.proto as our parser has them."""
    file = parse_schema(SOURCE.read_text(encoding="utf-8"))
    return {(message.name, field.name): field for message in file.message_type for field in message.field}


def check_field(row):
    field = field_of(row["message"], row["field"])
    assert type_of(field) == row["type"]
    assert is_repeated(field) == (row["label"] == "repeated")
    assert field.has_default_value == (row["default"] != "")
    ours = parsed()[row["message"], row["field"]]
    assert (ours.label == ours.LABEL_REQUIRED) == (row["label"] == "required")
    assert ours.options.packed == (row["options"] == "packed")
    if row["type"] == "float" and row["default"]:
        assert np.float32(ours.default_value) == np.float32(row["default"])
    else:
        assert ours.default_value == row["default"]
    if row["field"] in PRIVATE:
        assert field.number >= 10_000
    else:
        assert field.number == int(row["number"])


def check_enum_value(row):
    message, _, enum = row["message"].rpartition(".")
    if message:
        values = message_class(message).DESCRIPTOR.enum_types_by_name[enum].values_by_name
    else:
        values = field_of("NetState", "phase").enum_type.values_by_name  # the only one outside a message
    assert values[row["field"]].number == int(row["number"])


def test_every_field_of_bvlc_and_of_the_forks():
    found = list(rows())
    if not found:
        pytest.skip("the tables of facts are not here")
    assert len(found) > 600
    for row in found:
        (check_enum_value if row["label"] == "enum" else check_field)(row)


def test_what_forks_say_in_text_only_has_private_numbers():
    assert field_of("PoolingParameter", "ceil_mode").number >= 10_000
    for name in (*PRIVATE, "upsample_param", "convolution_depthwise_param"):
        assert field_of("LayerParameter", name).number >= 10_000


def test_another_caffe_proto_in_the_process_does_not_clash():
    other = descriptor_pb2.FileDescriptorProto(name="caffe.proto", package="caffe", syntax="proto2")
    other.message_type.add(name="NetParameter").field.add(name="foreign", number=1, type=9, label=1)
    descriptor_pool.Default().AddSerializedFile(other.SerializeToString())
    assert "foreign" not in message_class("NetParameter").DESCRIPTOR.fields_by_name
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindMessageTypeByName(f"{PACKAGE}.NetParameter")


def test_the_classes_are_made_once():
    assert message_class("LayerParameter") is message_class("LayerParameter")
    assert isinstance(message_class("NetParameter")().layer.add(), message_class("LayerParameter"))


def test_a_message_that_is_not_there():
    with pytest.raises(KeyError):
        message_class("Net")


def test_a_type_that_is_not_there():
    with pytest.raises(ValueError, match="A.b: type C is not in caffe.proto"):
        parse_schema("message A { optional C b = 1; }")


def test_numbers_are_used_once():
    for message in parse_schema(SOURCE.read_text()).message_type:
        numbers = [field.number for field in message.field]
        assert len(set(numbers)) == len(numbers), message.name
