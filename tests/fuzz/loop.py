"""Damaged files, one after another, each read within seconds and in little memory."""

from __future__ import annotations

import argparse
import random
import resource
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pytorch2caffe.errors import ConversionError

MOST_SECONDS = 10.0  # of the processor: the machine may have other work

TOKENS = [
    b"\xff" * 9 + b"\x01",
    b"\x00",
    b"\x80",
    b"9" * 30,
    b"-1",
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"1e999",
    b"true",
    b"NaN",
    b"\\ud800",
    b"_output_shapes",
    b"R",
    b"cos\nsystem\n",
    b"\x93",
    b"\x8e",
    b"B",
    b"b",
    b"0",
    struct.pack("<I", 0x7FFFFFFF),
    struct.pack("<q", 1 << 40),
    b"4611686018427387904",
]


def damaged(content: bytes, rng: random.Random) -> bytes:
    """A file cut off, or with bits flipped, bytes lost, doubled, moved or put in."""
    if rng.random() < 0.1:
        return content[: rng.randrange(len(content))]
    data = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(data) or 1)
        match rng.randrange(6):
            case 0 | 1:
                data[place : place + 1] = bytes([data[place] ^ 1 << rng.randrange(8)]) if data else b""
            case 2:
                del data[place : place + rng.randint(1, 20)]
            case 3:
                data[place:place] = rng.choice(TOKENS)
            case 4:
                part = data[place : place + rng.randint(1, 60)]
                other = rng.randrange(len(data) + 1)
                data[other:other] = part
            case 5:
                data[place : place + 4] = rng.randbytes(4)
    return bytes(data)


def read_or_refused(folder: Path, read: Callable[[], object]) -> str:
    """What became of a damaged file: "read", or "refused" with a ConversionError. Raises whatever else comes out.

    Raises AssertionError if a file was written in `folder`.
    """
    before = sorted(folder.rglob("*"))
    try:
        read()
    except ConversionError as error:
        assert str(error)
        result = "refused"
    else:
        result = "read"
    assert sorted(folder.rglob("*")) == before, "a file was written"
    return result


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
