"""ncnn files against the network that they were written from, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..errors import ConversionError
from ..verify.int8_losses import Losses, losses_in_ncnn
from ..verify.runtimes.ncnn import load_files
from .network import Network


def compare_ncnn_files(
    network: Network, param: str | Path, binary: str | Path, samples: Sequence[Mapping[str, np.ndarray]]
) -> Losses:
    """Runs .param and .bin files, in float or int8, on samples and compares each blob with the network's value.

    network: what the files are compared with, in float.
    samples: arrays by the names of the network's inputs.

    Blobs are matched by name, inputs and outputs with other names in their order; layers whose names the network does
    not have are left out. Raises ConversionError if their numbers differ, RuntimeUnavailable if ncnn is not installed,
    RuntimeFailed if it cannot run the files.
    """
    files = load_files(Path(param), Path(binary))
    inputs = [value.name for value in network.graph.inputs]
    outputs = list(network.graph.outputs)
    for what, own, theirs in (("inputs", files.inputs, inputs), ("outputs", files.outputs, outputs)):
        if len(own) != len(theirs):
            raise ConversionError(
                f"{param} has {len(own)} {what} ({', '.join(own)}), and {network.what} {len(theirs)} "
                f"({', '.join(theirs)}): they are not files of this network"
            )
    values = [value.name for value in network.graph.outputs.values()]
    blobs = values if set(values) == set(files.outputs) else files.outputs
    names = dict(zip(inputs, files.inputs, strict=True)), dict(zip(outputs, blobs, strict=True))
    return losses_in_ncnn(map(network.reference, samples), files, *names)
