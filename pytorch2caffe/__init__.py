"""PyTorch networks to Caffe and back, with proof that nothing was lost on the way."""

# Imported at once: `trace`, `export` and `verify` are also the names of submodules, and the functions must win.
from .codegen import generate, save_torch, to_torch
from .errors import ConversionError, UnsupportedError
from .export import export
from .readers.caffe import load_caffe
from .readers.mmdnn import load_ir
from .readers.tensorflow import load_tensorflow
from .trace import trace
from .verify.verify import verify
from .writers.caffe import save_caffe
from .writers.mmdnn import save_ir
from .writers.ncnn import save_ncnn

__version__ = "0.1.0"

__all__ = [
    "ConversionError",
    "UnsupportedError",
    "export",
    "generate",
    "load_caffe",
    "load_ir",
    "load_tensorflow",
    "save_caffe",
    "save_ir",
    "save_ncnn",
    "save_torch",
    "to_torch",
    "trace",
    "verify",
]
