"""The interface of a runtime: whether it can be used, and running a network's files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from caffe_proto import FilePaths, weight_files

from ...errors import ConversionError

Results = dict[tuple[str, str], np.ndarray]
"""The arrays that a network computed: (layer name, top name) -> array, in the order of execution."""


class RuntimeUnavailable(ConversionError):  # noqa: N818 - a state, not a mistake
    """The runtime is not installed or cannot be started. The message gives the reason and what to install."""


class RuntimeFailed(ConversionError):  # noqa: N818 - the same
    """The runtime could not run these files. The message contains its own last lines of output."""


class Runtime(ABC):
    """Something that runs a network's files."""

    name: str
    only_outputs: bool = False  # whether `run` returns the outputs of the network and no inner blobs

    @abstractmethod
    def unavailable(self) -> str | None:
        """None if it can be used; otherwise the reason and what to install. Determined once."""

    @abstractmethod
    def _run(
        self, prototxt: Path, caffemodels: list[Path], inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None
    ) -> Results:
        """As `run`; the runtime is available and the inputs are contiguous float32 arrays."""

    def run(
        self,
        prototxt: Path,
        caffemodel: FilePaths,
        inputs: Mapping[str, np.ndarray],
        wanted: Collection[str] | None = None,
    ) -> Results:
        """Runs the network and returns every blob as it is right after its layer, even if it is overwritten in place.

        prototxt:   the network.
        caffemodel: its weights, as for `load_caffe`.
        inputs:     name of the input blob -> array, whose shape is used; converted to float32.
        wanted:     the tops to return; all unless given.

        Returns {(layer, top): float32 array}, in the order of execution.
        Raises RuntimeUnavailable if the runtime cannot be used, RuntimeFailed if it cannot run these files.
        """
        if reason := self.unavailable():
            raise RuntimeUnavailable(f"{self.name}: {reason}")
        arrays = {name: np.require(array, np.float32, "C") for name, array in inputs.items()}
        return self._run(Path(prototxt), weight_files(caffemodel), arrays, wanted)


def only_caffemodel(caffemodels: list[Path], consumer: str) -> Path:
    """The one file of weights, for a consumer that reads one. Raises RuntimeFailed if there are several."""
    if len(caffemodels) != 1:
        raise RuntimeFailed(f"{consumer} reads one caffemodel, not {len(caffemodels)}")
    return caffemodels[0]


class ModuleRuntime(Runtime):
    """A runtime that is a Python module, imported on first use.

    module:       its name.
    install_hint: how to install it.
    """

    module: str
    install_hint: str

    def unavailable(self) -> str | None:
        """None if the module can be used; otherwise the reason and what to install."""
        return self._cached_reason

    @cached_property
    def _cached_reason(self) -> str | None:
        try:
            reason = self._unusable_reason(import_module(self.module))
        except ImportError as error:
            reason = str(error)
        return reason and f"{reason}; {self.install_hint}"

    @abstractmethod
    def _unusable_reason(self, module: Any) -> str | None:
        """Why the imported module cannot be used; None if it can."""
