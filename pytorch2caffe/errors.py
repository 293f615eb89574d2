"""What goes wrong, said once: where, what, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ConversionError(Exception):
    """Anything that stops a conversion: the model, the files or the settings are at fault, not this package."""


@dataclass(frozen=True)
class Refusal:
    """Why something cannot be expressed: what was asked for, and the shortest way to do without it."""

    what: str
    fix: str = ""


class Refused(ConversionError):
    """One layer or call cannot be expressed. Raised where it is noticed; whoever knows the place makes a Problem of it.

    what: what was asked for and why it is impossible.
    fix:  the shortest way round.
    """

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(f"{what}\n  fix: {fix}" if fix else what)
        self.what = what
        self.fix = fix


@dataclass(frozen=True)
class Problem:
    """One thing that cannot be converted: `where` is the module and the line of the model, or the layer of a file."""

    where: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f"\n     fix: {self.fix}" if self.fix else "")


class UnsupportedError(ConversionError):
    """A model that cannot be converted: every problem found, in the order of the model. Nothing was written."""

    def __init__(self, problems: Sequence[Problem], target: str) -> None:
        self.problems = list(dict.fromkeys(problems))
        self.target = target
        count = len(self.problems)
        parts = "1 part" if count == 1 else f"{count} parts"
        lines = [f"{parts} of this model cannot be {target}:"]
        lines += [f"  {number}. {problem}" for number, problem in enumerate(self.problems, 1)]
        super().__init__("\n".join(lines))


class DifferentError(ConversionError):
    """The files were read back and do not give the model's numbers. `comparison` says where they part."""

    def __init__(self, message: str, comparison: object) -> None:
        super().__init__(message)
        self.comparison = comparison


class InvalidGraphError(Exception):
    """A graph that breaks the rules of `Graph.validate`: a mistake in this package, not in the model or the files."""
