"""A network to ncnn files in one call, compared in ncnn before they appear.

Without the comparison it needs no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..backends.ncnn.table.table import Table
from ..backends.ncnn.writer import NcnnFiles, save_ncnn
from ..errors import DifferentError
from .network import Network

if TYPE_CHECKING:
    from ..verify.int8_losses import Losses

Arrays = Mapping[str, np.ndarray]
MOST_NAMED = 3


@dataclass(frozen=True)
class Samples:
    """Inputs for the comparison, by the names of the network's inputs, and what they are: "10 images"."""

    arrays: Sequence[Arrays]
    what: str


@dataclass
class Check:
    """How the files run in ncnn. status: the end of a sentence; losses: for int8 files, None if not compared."""

    status: str = "not checked"
    losses: Losses | None = None
    modules: dict[str, str] = field(default_factory=dict)

    @property
    def worst_layers(self) -> str:
        """The layers that lose most in int8, with their modules and what they add, or ""."""
        worst = [layer for layer in (self.losses.worst if self.losses else []) if layer.int8][:MOST_NAMED]
        return ", ".join(f"{self.modules.get(layer.name, layer.name)} {layer.added:.1e}" for layer in worst)


def export_ncnn(
    network: Network,
    prefix: str | Path,
    table: Table | None = None,
    *,
    samples: Samples | None = None,
    fp16: bool = False,
    fold: bool = True,
    all_int8: bool = False,
    tolerance: float = 1e-4,
    written: Callable[[], None] | None = None,
) -> tuple[NcnnFiles, Check]:
    """Writes a network as PREFIX.param and PREFIX.bin, after the files were run in ncnn on the samples.

    table, fp16, fold, all_int8: as for `save_ncnn`.
    samples:   what to run them on; None: do not run them.
    tolerance: of the outputs in float; 1e-2 at least with fp16.
    written:   called when the files are complete and compared, before they appear.

    Raises DifferentError if float files do not give the network's numbers, UnsupportedError and TableError as
    `save_ncnn`; then nothing is written. Int8 files are not judged: their losses are part of the result.
    """
    check = Check(modules={node.name: node.where for node in network.graph.nodes})

    def proof(param: Path, binary: Path, files: NcnnFiles) -> None:
        if samples is not None:
            _check(network, param, binary, files, samples, max(tolerance, 1e-2) if fp16 else tolerance, check)
        if written is not None:
            written()

    files = save_ncnn(network.graph, prefix, table, fp16=fp16, fold=fold, all_int8=all_int8, proof=proof)
    return files, check


def _check(
    network: Network, param: Path, binary: Path, files: NcnnFiles, samples: Samples, tolerance: float, check: Check
) -> None:
    from ..verify.compare_ncnn import compare_outputs
    from ..verify.int8_losses import losses_in_ncnn
    from ..verify.report import verdict
    from ..verify.runtimes import get
    from ..verify.runtimes.ncnn import load_files

    if reason := get("ncnn").unavailable():
        check.status = f"not checked: {reason}"
    elif files.int8:
        references = map(network.reference, samples.arrays)
        check.losses = losses_in_ncnn(references, load_files(param, binary), files.inputs, files.outputs, files.renamed)
        check.status = _int8_status(check.losses, samples.what)
    else:
        for arrays in samples.arrays[:1]:
            comparison = compare_outputs(network.reference(arrays), param, binary, files, tolerance=tolerance)
            if not comparison.equal:
                whose = f"the outputs in ncnn differ from {network.what}'s"
                raise DifferentError(f"{whose}: {verdict(comparison)}", comparison)
            what = samples.what if len(samples.arrays) == 1 else "the first image"
            check.status = f"outputs in ncnn equal {network.what}'s on {what}, {verdict(comparison)}"


def _int8_status(losses: Losses, what: str) -> str:
    count = len(losses.outputs)
    same = f"; the same largest output for {losses.same_top} of {count}" if count > 1 else ""
    return f"runs in ncnn, cosine to the float outputs {losses.cosine} on {what}{same}"
