"""What every runtime offers: say whether it can be used, and run a pair of files."""

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
"""What a network computed: (layer name, top name) -> array, in the order the layers ran."""


class RuntimeUnavailable(ConversionError):  # noqa: N818 - a state, not a mistake
    """The runtime is not installed, or cannot be started. Says why, and what to install."""


class RuntimeFailed(ConversionError):  # noqa: N818 - its pair
    """The runtime is there and could not run these files. Carries its own last lines."""


class Runtime(ABC):
    """Something that runs a network's files."""

    name: str

    @abstractmethod
    def unavailable(self) -> str | None:
        """None if it can be used; otherwise the reason and what to install. Looked up once."""

    @abstractmethod
    def _run(
        self, prototxt: Path, caffemodels: list[Path], inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None
    ) -> Results:
        """As `run`; the runtime is there and the inputs are contiguous float32."""

    def run(
        self,
        prototxt: Path,
        caffemodel: FilePaths,
        inputs: Mapping[str, np.ndarray],
        wanted: Collection[str] | None = None,
    ) -> Results:
        """Everything the network computes, each blob read the moment a layer has written it (also in place).

        prototxt:   the network.
        caffemodel: its weights, as for `load_caffe`.
        inputs:     input blob name -> array of the shape to run with; converted to float32.
        wanted:     the tops of interest; all of them unless given.

        Returns (layer, top) -> float32 array, in the order of execution.
        Raises RuntimeUnavailable if the runtime cannot be used, RuntimeFailed if it cannot run these files.
        """
        if reason := self.unavailable():
            raise RuntimeUnavailable(f"{self.name}: {reason}")
        arrays = {name: np.require(array, np.float32, "C") for name, array in inputs.items()}
        return self._run(Path(prototxt), weight_files(caffemodel), arrays, wanted)


class ModuleRuntime(Runtime):
    """A runtime that is a Python module, imported when it is asked for."""

    module: str
    help: str  # what to install

    def unavailable(self) -> str | None:
        """None if the module is there and of use; otherwise the reason and what to install."""
        return self._reason

    @cached_property
    def _reason(self) -> str | None:
        try:
            lack = self._lack(import_module(self.module))
        except ImportError as error:
            lack = str(error)
        return lack and f"{lack}; {self.help}"

    @abstractmethod
    def _lack(self, module: Any) -> str | None:
        """Why the module, which is there, is of no use; None if it is."""
