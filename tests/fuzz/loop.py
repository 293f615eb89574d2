"""Case after case, each within seconds and in little memory."""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable

MOST_SECONDS = 10.0  # of the processor: the machine may have other work


def run_cases(count: int, seed: int, case: Callable[[random.Random], str], most_bytes: float) -> str:
    """Runs so many cases; returns what came of them, the slowest and the memory.

    case:       says what came of one. Whatever it raises is wrong.
    most_bytes: beyond what the process had at its start.

    Raises AssertionError, with the case's number, at the first case that goes wrong.
    """
    found: Counter[str] = Counter()
    slowest, start = 0.0, _memory()
    for number in range(count):
        began = time.process_time()
        try:
            found[case(random.Random(f"{seed} {number}"))] += 1
        except BaseException as error:
            raise AssertionError(f"case {number} of seed {seed}: {error!r}") from error
        took = time.process_time() - began
        slowest = max(slowest, took)
        assert took < MOST_SECONDS, f"case {number} of seed {seed} took {took:.1f} s"
        assert _memory() - start < most_bytes, f"case {number} of seed {seed} took {_memory() - start:.0f} bytes"
    counts = ", ".join(f"{found[kind]} {kind}" for kind in sorted(found))
    return f"{count} cases: {counts}; slowest {slowest:.2f} s; {(_memory() - start) / 1e6:.0f} MB more than before"


def _memory() -> float:
    """The most bytes that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def main(fuzz: Callable[[int, int], str], description: str | None) -> None:
    """Runs a fuzzer as the command line asks, and prints what it returns."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    sys.stdout.write(fuzz(arguments.count, arguments.seed) + "\n")
