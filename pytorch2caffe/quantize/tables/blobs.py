"""The thresholds of a network's blobs, by the names that other tools read in its Caffe files."""

from __future__ import annotations

from ...errors import Refused
from ...graph.graph import Value
from ..result import JobResult


def blob_thresholds(result: JobResult, tool: str) -> dict[str, float]:
    """The threshold of each blob of the Caffe files that has one, in the order of execution.

    Of the values of a blob that layers overwrite in place, the last is meant.

    Raises Refused if the network did not come from Caffe files, where its blobs have no names yet.
    """
    thresholds: dict[str, float] = {}
    for value in result.graph.values():
        thresholds.pop(blob := name_of(value, tool), None)
        activation = result.calibration.activations.get(value.name)
        if activation is not None and activation.threshold is not None:
            thresholds[blob] = activation.threshold
    return thresholds


def name_of(value: Value, tool: str) -> str:
    """The blob of a value in the Caffe files. Raises Refused if there are none."""
    if not value.top:
        raise Refused(
            f"the table for {tool} names the blobs of Caffe files, and this network has none",
            "export it, then calibrate the files: --proto net.prototxt --model net.caffemodel",
        )
    return value.top
