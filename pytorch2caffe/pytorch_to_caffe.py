"""The three calls of PytorchToCaffe, with its names and arguments: trans_net, save_prototxt, save_caffemodel.

>>> import torch
>>> trans_net(torch.nn.Conv2d(3, 4, 1), torch.zeros(1, 3, 8, 8), "tiny")
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from caffe_proto import temporary_folder

from .backends.caffe.writer import Proof, save_caffe
from .convert.export import proof_of
from .errors import ConversionError
from .frontends.torch import trace
from .graph.graph import Graph

__all__ = ["save_caffemodel", "save_prototxt", "trans_net"]


@dataclass
class _Network:
    """What trans_net traced. proof: compares written files with the model; None once they were found equal."""

    graph: Graph
    proof: Proof | None


_last: _Network | None = None


def trans_net(net: Any, input_var: Any, name: str = "TransferedPytorchModel") -> None:
    """Traces `net` on `input_var` and keeps the network for the two calls below, with PytorchToCaffe's layer names.

    net, input_var, name: as `model`, `inputs` and `name` of `pytorch2caffe.trace`.

    Raises UnsupportedError listing all that cannot be converted.
    """
    global _last
    _last = _Network(trace(net, input_var, name, naming="legacy"), proof_of(net, input_var, "legacy"))


def save_prototxt(save_name: str | Path) -> None:
    """Writes the network's prototxt.

    Raises DifferentError, and writes nothing, if both files together do not give the model's numbers on a random input;
    ConversionError if `trans_net` was not called before.
    """
    _save(save_name, 0)


def save_caffemodel(save_name: str | Path) -> None:
    """Writes the network's caffemodel. Raises as `save_prototxt`."""
    _save(save_name, 1)


def _save(save_name: str | Path, index: int) -> None:
    if _last is None:
        raise ConversionError("no network was traced: call trans_net(net, input, name) first")
    target = Path(save_name)
    with temporary_folder(target.parent) as folder, torch.random.fork_rng(devices=[]):
        files = folder / "net.prototxt", folder / "net.caffemodel"
        save_caffe(_last.graph, *files, proof=_last.proof)
        _last.proof = None  # the same graph gives the same files: one comparison proves those of both calls
        shutil.move(files[index], target)
