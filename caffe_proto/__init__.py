"""Caffe's files without Caffe: prototxt and caffemodel, read and written with numpy and protobuf alone."""

from .dicts import from_dict, to_dict
from .errors import CaffeFormatError
from .files import ReplacementGuard, atomic_files, atomic_write, replacement_guard, temporary_folder
from .interrupts import OrderlyInterrupts
from .parse import UnknownField
from .phases import included
from .schema import message_class
from .shards import FilePaths, all_shards, shard_names, stale_shards, unsharded, weight_files
from .text import Prototxt, read_prototxt
from .weights import LayerWeights, Weights, blobs_by_name, read_caffemodel
from .write import MOST_BYTES, caffemodel_bytes, split_layers, to_text, write_caffemodel, write_prototxt

__all__ = [
    "MOST_BYTES",
    "CaffeFormatError",
    "FilePaths",
    "LayerWeights",
    "OrderlyInterrupts",
    "Prototxt",
    "ReplacementGuard",
    "UnknownField",
    "Weights",
    "atomic_files",
    "atomic_write",
    "blobs_by_name",
    "caffemodel_bytes",
    "from_dict",
    "included",
    "stale_shards",
    "message_class",
    "shard_names",
    "read_caffemodel",
    "read_prototxt",
    "replacement_guard",
    "temporary_folder",
    "weight_files",
    "split_layers",
    "to_dict",
    "to_text",
    "unsharded",
    "all_shards",
    "write_caffemodel",
    "write_prototxt",
]
