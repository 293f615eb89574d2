"""The three calls of the older converter, unchanged: trans_net, save_prototxt, save_caffemodel.

>>> import torch
>>> trans_net(torch.nn.Conv2d(3, 4, 1), torch.zeros(1, 3, 8, 8), "tiny")
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from .backends.caffe.writer import Proof, save_caffe
from .convert.export import proof_of
from .errors import ConversionError
from .frontends.torch import trace
from .graph.graph import Graph

_last: Graph | None = None
_proof: Proof | None = None


def trans_net(net: Any, input_var: Any, name: str = "TransferedPytorchModel") -> None:
    """Traces `net` on `input_var` and keeps the result for the two calls below, with the older layer names.

    Raises UnsupportedError listing all that cannot be converted.
    """
    global _last, _proof
    _last = trace(net, input_var, name, naming="legacy")
    _proof = proof_of(net, input_var, "legacy")


def save_prototxt(save_name: str | Path) -> None:
    """Writes the network's prototxt. Raises DifferentError if the files would not give the model's numbers."""
    _save(save_name, 0)


def save_caffemodel(save_name: str | Path) -> None:
    """Writes the network's caffemodel. Raises DifferentError if the files would not give the model's numbers."""
    _save(save_name, 1)


def _save(save_name: str | Path, which: int) -> None:
    if _last is None:
        raise ConversionError("nothing was traced yet: call trans_net(net, input, name) first")
    target = Path(save_name)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".pytorch2caffe-") as folder:
        files = Path(folder) / "net.prototxt", Path(folder) / "net.caffemodel"
        save_caffe(_last, *files, proof=_proof if which else None)
        shutil.move(files[which], target)
