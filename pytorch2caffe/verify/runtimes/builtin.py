"""The built-in runtime: reads the files into a Graph and runs it in PyTorch. Needs no Caffe."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from .base import Results, Runtime


class BuiltinRuntime(Runtime):
    """The Caffe reader of this package, and PyTorch."""

    name = "builtin"

    def unavailable(self) -> str | None:
        """None: it is always available."""
        return None

    def _run(
        self, prototxt: Path, caffemodels: list[Path], inputs: Mapping[str, np.ndarray], wanted: Collection[str] | None
    ) -> Results:
        from ...frontends.caffe.reader import load_caffe
        from ...runtime.run import run

        return run(load_caffe(prototxt, caffemodels), inputs, wanted)
