"""ONNX to Graph, without running anything of the file but what numpy and our own runtime compute.

files.py opens a file, order.py sorts its nodes, reader.py reads them one by one: an operator on constants is computed
(fold.py, fold_arrays.py), any other goes to the function registered for it with `from_onnx`, beside those of
`from_torch` and `from_ir` in layers/. types.py knows what types outputs have, names.py the modules that nodes come
from. Start with load.py, `load_onnx`.
"""

from __future__ import annotations

from .load import load_onnx

__all__ = ["load_onnx"]
