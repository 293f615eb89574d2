"""PyTorch networks to Caffe and back, with proof that nothing was lost on the way."""

# Imported at once: `trace`, `export` and `verify` are also the names of submodules, and the functions must win.
from .codegen import generate, to_torch
from .errors import ConversionError, UnsupportedError
from .export import export
from .readers.caffe import load_caffe
from .trace import trace
from .verify.verify import verify
from .writers.caffe import save_caffe

__version__ = "0.1.0"

__all__ = [
    "ConversionError",
    "UnsupportedError",
    "export",
    "generate",
    "load_caffe",
    "save_caffe",
    "to_torch",
    "trace",
    "verify",
]
