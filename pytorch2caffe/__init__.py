"""PyTorch networks to Caffe and back, with proof that nothing was lost on the way."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .verify.verify import verify  # at once: it must win the name over the subpackage

if TYPE_CHECKING:
    from .codegen import generate, to_torch
    from .errors import ConversionError, UnsupportedError
    from .export import export
    from .readers.caffe import load_caffe
    from .trace import trace
    from .writers.caffe import save_caffe

__version__ = "0.1.0"

_HOMES = {
    "ConversionError": "errors",
    "UnsupportedError": "errors",
    "export": "export",
    "generate": "codegen",
    "load_caffe": "readers.caffe",
    "save_caffe": "writers.caffe",
    "to_torch": "codegen",
    "trace": "trace",
}

__all__ = [
    "ConversionError", "UnsupportedError", "export", "generate", "load_caffe", "save_caffe", "to_torch", "trace",
    "verify",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Imports what is asked for when it is asked for: the checker of files needs no tracer."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
