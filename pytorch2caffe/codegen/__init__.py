"""Graph to PyTorch: readable source with a state_dict, and running that same source."""

from .build import arity, build, infer, source_of
from .generate import generate, load, to_torch
from .names import class_name, identifier
from .probe import random_inputs
from .run import run
from .save import save_torch

__all__ = [
    "arity",
    "build",
    "class_name",
    "generate",
    "identifier",
    "infer",
    "load",
    "random_inputs",
    "run",
    "save_torch",
    "source_of",
    "to_torch",
]
