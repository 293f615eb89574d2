"""The problems of one trace, in the order of the model; a loop that meets the same ones again and again is left."""

from __future__ import annotations

from collections import Counter

from ...errors import Problem
from .source_location import SourceLocation

MOST_REPEATS = 8  # of one problem at one source location
MOST_CALLS = 100  # of one function at one source location after a problem: what a loop runs over may not be known


class TraceStopped(BaseException):
    """The trace stops here. Not an Exception, so that a model's own `except Exception` does not catch it."""


class Problems(list[Problem]):
    """What cannot be converted. `stopped` says where and why the trace has stopped before the end, or is ""."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped = ""
        self._repeats: Counter[Problem] = Counter()
        self._calls: Counter[tuple[str, SourceLocation]] = Counter()

    def add(self, problem: Problem) -> None:
        """Adds a problem. Raises TraceStopped if it occurred MOST_REPEATS times: a loop over traced values."""
        self.append(problem)
        self._repeats[problem] += 1
        if self._repeats[problem] >= MOST_REPEATS:
            self._stop(problem.where, f"the same problem occurred {MOST_REPEATS} times")

    def count_call(self, name: str, location: SourceLocation, where: str) -> None:
        """Counts a call of a function of torch. Raises TraceStopped if a loop repeats it after a problem."""
        if self:
            self._calls[name, location] += 1
            if self._calls[name, location] > MOST_CALLS:
                self._stop(where, f"{name} was called {MOST_CALLS} times after a problem")

    def _stop(self, where: str, why: str) -> None:
        self.stopped = f"tracing stopped at {where}, where {why}: what follows was not examined"
        raise TraceStopped(self.stopped)
