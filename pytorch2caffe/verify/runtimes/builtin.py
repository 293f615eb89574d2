"""No Caffe needed: the files are read back into PyTorch and run there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from .base import Results, Runtime


class BuiltinRuntime(Runtime):
    """The reader of this package, and PyTorch."""

    name = "builtin"

    def unavailable(self) -> str | None:
        """Always there."""
        return None

    def _run(
        self, prototxt: Path, caffemodels: list[Path], inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None
    ) -> Results:
        from ...frontends.caffe.reader import load_caffe
        from ...runtime.run import run

        return run(load_caffe(prototxt, caffemodels), inputs, wanted)
