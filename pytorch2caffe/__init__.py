"""Converts PyTorch networks to Caffe and back, and proves that both compute the same."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import register as register
    from .backends.caffe.writer import save_caffe
    from .backends.mmdnn.writer import save_ir
    from .backends.ncnn.writer import save_ncnn
    from .backends.onnx.writer import save_onnx
    from .backends.torch.generate import generate, to_torch
    from .backends.torch.save import save_torch
    from .convert.export import export
    from .errors import ConversionError, UnsupportedError
    from .frontends.caffe.reader import load_caffe
    from .frontends.mmdnn.reader import load_ir
    from .frontends.onnx.load import load_onnx
    from .frontends.tensorflow import load_tensorflow
    from .frontends.torch import trace
    from .verify.verify import verify

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
    "save_onnx",
    "save_ncnn",
    "save_torch",
    "to_torch",
    "trace",
    "verify",
]

_HOMES = {
    "ConversionError": ".errors",
    "UnsupportedError": ".errors",
    "export": ".convert.export",
    "trace": ".frontends.torch",
    "verify": ".verify.verify",
    "generate": ".backends.torch.generate",
    "save_torch": ".backends.torch.save",
    "to_torch": ".backends.torch.generate",
    "load_caffe": ".frontends.caffe.reader",
    "load_ir": ".frontends.mmdnn.reader",
    "load_onnx": ".frontends.onnx.load",
    "load_tensorflow": ".frontends.tensorflow",
    "save_caffe": ".backends.caffe.writer",
    "save_ir": ".backends.mmdnn.writer",
    "save_onnx": ".backends.onnx.writer",
    "save_ncnn": ".backends.ncnn.writer",
}


class _Package(ModuleType):
    """Keeps the function `verify` where importing the sub-package of that name would replace it."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    """Imports each name when it is used: importing torch takes seconds, and numpy a third of what `--help` may take."""
    if name == "register":
        return import_module(".register", __name__)
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
