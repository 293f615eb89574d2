"""Converts PyTorch networks to Caffe and back, and proves that both compute the same."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Imported at once: `trace`, `export` and `verify` are also the names of submodules, and the functions must win.
from .convert.export import export
from .errors import ConversionError, UnsupportedError
from .frontends.torch import trace
from .verify.verify import verify

if TYPE_CHECKING:
    from . import register as register
    from .backends.caffe.writer import save_caffe
    from .backends.mmdnn.writer import save_ir
    from .backends.ncnn.writer import save_ncnn
    from .backends.torch.generate import generate, to_torch
    from .backends.torch.save import save_torch
    from .frontends.caffe.reader import load_caffe
    from .frontends.mmdnn.reader import load_ir
    from .frontends.onnx.load import load_onnx
    from .frontends.tensorflow import load_tensorflow

__version__ = "0.1.0"

__all__ = [
    "ConversionError",
    "UnsupportedError",
    "export",
    "generate",
    "load_caffe",
    "load_ir",
    "load_onnx",
    "load_tensorflow",
    "save_caffe",
    "save_ir",
    "save_ncnn",
    "save_torch",
    "to_torch",
    "trace",
    "verify",
]

_HOMES = {
    "generate": ".backends.torch.generate",
    "save_torch": ".backends.torch.save",
    "to_torch": ".backends.torch.generate",
    "load_caffe": ".frontends.caffe.reader",
    "load_ir": ".frontends.mmdnn.reader",
    "load_onnx": ".frontends.onnx.load",
    "load_tensorflow": ".frontends.tensorflow",
    "save_caffe": ".backends.caffe.writer",
    "save_ir": ".backends.mmdnn.writer",
    "save_ncnn": ".backends.ncnn.writer",
}


def __getattr__(name: str) -> Any:
    """Imports the other names when they are used: importing torch takes more than a second."""
    if name == "register":
        return import_module(".register", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
