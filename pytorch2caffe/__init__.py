"""PyTorch networks to Caffe and back, with proof that nothing was lost on the way."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import ConversionError, UnsupportedError

# Imported at once: `trace`, `export` and `verify` are also the names of submodules, and the functions must win.
from .export import export
from .trace import trace
from .verify.verify import verify

if TYPE_CHECKING:
    from .codegen import generate, save_torch, to_torch
    from .readers.caffe import load_caffe
    from .readers.mmdnn import load_ir
    from .readers.tensorflow import load_tensorflow
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

_HOMES = {
    "generate": ".codegen",
    "save_torch": ".codegen",
    "to_torch": ".codegen",
    "load_caffe": ".readers.caffe",
    "load_ir": ".readers.mmdnn",
    "load_tensorflow": ".readers.tensorflow",
    "save_caffe": ".writers.caffe",
    "save_ir": ".writers.mmdnn",
    "save_ncnn": ".writers.ncnn",
}


def __getattr__(name: str) -> Any:
    """Imports the other functions when they are asked for: with them comes torch, which takes more than a second."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
