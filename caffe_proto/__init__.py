"""Caffe's files without Caffe: prototxt and caffemodel, read and written with numpy and protobuf alone."""

from .dicts import from_dict, to_dict
from .errors import CaffeFormatError
from .files import atomic_files, atomic_write
from .schema import message_class
from .text import Prototxt, read_prototxt
from .weights import LayerWeights, Weights, read_caffemodel
from .write import to_text, write_caffemodel, write_prototxt

__all__ = [
    "CaffeFormatError",
    "LayerWeights",
    "Prototxt",
    "Weights",
    "atomic_files",
    "atomic_write",
    "from_dict",
    "message_class",
    "read_caffemodel",
    "read_prototxt",
    "to_dict",
    "to_text",
    "write_caffemodel",
    "write_prototxt",
]
