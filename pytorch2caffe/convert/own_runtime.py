"""The consumer of written files itself, as one more check of them: the runtime that a dialect names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..backends.caffe.dialect import Dialect
from ..backends.caffe.dialect_file import dialect
from ..errors import DifferentError
from ..graph.summary import summarise
from ..verify.runtimes import Results, RuntimeFailed, RuntimeUnavailable, get

MOST_MULTIPLY_ADDS = 5 * 10**9  # a few seconds on one core
MOST_BYTES = 300 * 10**6
OFF = "use --no-check-runtime (check_runtime=False) if it runs them elsewhere, for example in another version"


class OwnRuntime:
    """The runtime of a dialect's consumer, if there is one and it is to run the written files.

    dialect: as for `save_caffe`.
    wanted:  True: it must run them. False: it is not used. None: it runs them if it is installed and the network has at
             most 5e9 multiply-adds and 300 MB of weights.
    checks:  {runtime: "" if it ran them, else why it did not}; filled by `is_to_run`.

    Raises RuntimeUnavailable if it is wanted and not known or not installed.
    """

    def __init__(self, target: str, wanted: bool | None) -> None:
        self.dialect: Dialect = dialect(target)
        self.wanted = wanted
        self.checks: dict[str, str] = {}
        self.name = "" if wanted is False else self.dialect.runtime
        if wanted and not self.name:
            raise RuntimeUnavailable(f"no runtime of this package runs files for {target!r}\n  fix: {OFF}")
        if self.name and (reason := get(self.name).unavailable()):
            if wanted:
                raise RuntimeUnavailable(f"{self.name}: {reason}")
            self.name = ""

    def is_to_run(self, prototxt: Path, caffemodels: Sequence[Path]) -> bool:
        """Whether it is to run these files; notes in `checks` why not."""
        if not self.name:
            return False
        self.checks[self.name] = "" if self.wanted else _too_large(prototxt, caffemodels)
        return not self.checks[self.name]

    def of(self, prototxt: Path, caffemodels: Sequence[Path]) -> Callable[[Mapping[str, np.ndarray]], Results]:
        """A function that runs these files on arrays by the names of their inputs."""
        return lambda arrays: get(self.name).run(prototxt, list(caffemodels), arrays)

    def failed(self, error: RuntimeFailed) -> RuntimeFailed:
        """The error for files that it cannot run."""
        return RuntimeFailed(
            f"{self.name}, which reads files for {self.dialect.name!r}, cannot run them: {error}\n"
            f"  fix: change the model, or {OFF}\nnothing was written"
        )

    def different(self, how: str, comparison: object) -> DifferentError:
        """The error for files from which it computes other numbers. how: a verdict."""
        what = f"{self.name}, which reads files for {self.dialect.name!r}, computes other numbers from them"
        return DifferentError(f"{what}: {how}\n  fix: change the model, or {OFF}", comparison)


def _too_large(prototxt: Path, caffemodels: Sequence[Path]) -> str:
    """Why a network is not run unless that is asked for; "" if it is small enough."""
    from ..frontends.caffe.reader import load_caffe  # with it comes torch

    count = sum(path.stat().st_size for path in caffemodels)
    if count > MOST_BYTES:
        return f"{count / 1e6:,.0f} MB of weights"
    work = sum(row.multiply_adds for row in summarise(load_caffe(prototxt, caffemodels)))
    return f"{work / 1e9:.1f} G multiply-adds" if work > MOST_MULTIPLY_ADDS else ""
