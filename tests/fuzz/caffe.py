"""Damaged and hostile Caffe files, from text to generated module: an error or a module, soon, in little memory.

python -m tests.fuzz.caffe --cases 20000 --seed 1

A case is a pair of files: one of the hand-written networks of tests/frontends/caffe, damaged at random. A reader may
only raise ConversionError; what it generates must be Python that names nothing but torch; nothing may run, nothing
may be written. Each case has SECONDS, the process MEMORY. A case that fails is kept for a second look.
"""

from __future__ import annotations

import argparse
import ast
import random
import re
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from pytorch2caffe import ConversionError, generate, load_caffe
from pytorch2caffe.backends.caffe.writer import write
from pytorch2caffe.backends.torch.generate import load
from pytorch2caffe.graph.graph import Graph
from tests.frontends.caffe.caffe_cases import BUILT
from tests.frontends.caffe.caffe_networks import NETWORKS
from tests.layers.conftest import caffe_text

SECONDS = 10.0
MEMORY = 3 << 30  # bytes of address space beyond what the process has at the start
WHOLE = ("Siamese", "LSTM", "FCN", "VGG of 2014")
NUMBERS = [
    *("0", "-1", "1", "2", "3", "7", "65536", "1000000", "2147483647", "4294967295", "-2147483648", "1000000000000"),
    *("9223372036854775807", "1e38", "-1e38", "nan", "inf", "1e-45", "0.5"),
]
CODE = [
    r"\"); import os; os.system('touch {0}') #",
    "__import__('os').system('touch {0}')",
    r"\"\"\"\nimport os\nos.system('touch {0}')\n",
    r"x): pass\nimport os\nos.system('touch {0}')\nclass",
    *("{{}}", "{0}", "{module}", "self", "x", "nn", "torch", "F", "forward", "__init__", "__class__", "class"),
    *("lambda", "super", "zip", "float", "del", "type", "match", "caffe_lstm", "é中文", r"\000", r"\\", "a b", "1", ""),
    *("x_1", "conv1.weight", "A" * 5000),
]


def corpus() -> list[str]:
    """The texts to damage: every layer type in its settings, and whole networks."""
    texts = [caffe_text(layers, **shapes) for cases in BUILT.values() for layers, shapes in cases]
    return [*texts, *(NETWORKS[name]() for name in WHOLE)]


def weights_of(graph: Graph, folder: Path) -> bytes:
    """A caffemodel for a network, all of it random."""
    numbers = np.random.default_rng(0)
    for node in graph.nodes:
        node.blobs = tuple(numbers.standard_normal(blob.shape).astype(np.float32) for blob in node.blobs)
    write(graph, folder / "seed.prototxt", folder / "seed.caffemodel")
    return (folder / "seed.caffemodel").read_bytes()


def damaged_text(text: str, chance: random.Random, sentinel: Path) -> str:
    """One to four things wrong with a prototxt."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
        text = chance.choice(TEXT)(text, chance, str(sentinel))
    return text


def _cut(text: str, chance: random.Random, _: str) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _flip(text: str, chance: random.Random, _: str) -> str:
    data = bytearray(text.encode("utf-8", "surrogateescape"))
    for _ in range(chance.choice((1, 1, 2, 8)) if data else 0):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data.decode("utf-8", "surrogateescape")


def _at(pattern: str) -> Callable[[str, random.Random], tuple[int, int]]:
    def find(text: str, chance: random.Random) -> tuple[int, int]:
        places = [match.span() for match in re.finditer(pattern, text)]
        return chance.choice(places) if places else (0, 0)

    return find


def _number(text: str, chance: random.Random, _: str) -> str:
    start, stop = _at(r"(?<=[ :])-?\d+(?:\.\d+)?")(text, chance)
    return text[:start] + chance.choice(NUMBERS) + text[stop:] if stop else text


def _name(text: str, chance: random.Random, sentinel: str) -> str:
    """One name, everywhere or in one place, becomes another or code."""
    start, stop = _at(r'(?<=")[^"\n]+(?=")')(text, chance)
    if not stop:
        return text
    names = re.findall(r'(?<=")[^"\n ]+(?=")', text) or ["x"]
    new = chance.choice(CODE).replace("{0}", sentinel) if chance.random() < 0.7 else chance.choice(names)
    if chance.random() < 0.5:
        return text.replace(f'"{text[start:stop]}"', f'"{new}"')
    return text[:start] + new + text[stop:]


def _type(text: str, chance: random.Random, _: str) -> str:
    start, stop = _at(r'(?<=type: ")\w+(?=")')(text, chance)
    return text[:start] + chance.choice(list(BUILT)) + text[stop:] if stop else text


def _piece(text: str, chance: random.Random, _: str) -> str:
    """A field or a layer left out, or twice."""
    start, stop = _at(r"\w+: [^ ]+ ?|layer \{.*?\}\n|\w+_param \{[^{}]*\}")(text, chance)
    return text[:start] + text[start:stop] * chance.choice((0, 0, 2)) + text[stop:]


TEXT = (_cut, _flip, _number, _number, _number, _name, _name, _type, _piece, _piece)


def damaged_bytes(data: bytes, chance: random.Random) -> bytes:
    """One to three things wrong with a caffemodel."""
    content = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        if not content:
            break
        place, kind = chance.randrange(len(content)), chance.randrange(5)
        head = min(place, chance.randrange(200))  # most of a file is numbers; the rest is where it hurts
        if kind == 0:
            del content[place:]
        elif kind == 1:
            content[head] ^= 1 << chance.randrange(8)
        elif kind == 2:
            content[place] ^= 1 << chance.randrange(8)
        elif kind == 3:
            content[head : head + chance.randrange(1, 9)] = chance.randbytes(chance.randrange(9))
        else:
            content[place:place] = content[head : head + chance.randrange(1, 64)]
    return bytes(content)


def check_source(source: str) -> None:
    """Asserts that generated source is one class, at most some functions of ours, and names nothing but torch."""
    tree = ast.parse(source)
    for node in tree.body:
        assert isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)), ast.unparse(node)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            line = ast.unparse(node)
            assert line in ("import torch", "import torch.nn.functional as F", "from torch import nn"), line
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id in CALLED, node.func.id
        if isinstance(node, ast.Attribute):
            assert not node.attr.startswith("__") or node.attr == "__init__", node.attr
    assert source.isascii()


CALLED = {"super", "float", "zip", "caffe_lstm", "caffe_lstm_unit", "caffe_rnn", "places_and_values"}


def one_case(prototxt: Path, caffemodel: Path | None) -> str:
    """What became of a pair of files: "refused", or "built" into a module."""
    try:
        source, state = generate(load_caffe(prototxt, caffemodel))
    except ConversionError as error:
        assert len(str(error)) < 100_000
        return "refused"
    check_source(source)
    load(source, state)
    return "built"


def run(cases: int, seed: int, keep: Path | None = None) -> Counter[str]:
    """Runs so many cases; what becomes of them, counted. Raises AssertionError at the first that fails."""
    counts: Counter[str] = Counter()
    chance = random.Random(seed)
    texts = corpus()
    with tempfile.TemporaryDirectory() as name, limited():
        folder = Path(name)
        sentinel, prototxt, caffemodel = folder / "ran", folder / "net.prototxt", folder / "net.caffemodel"
        models: dict[int, bytes] = {}
        for case in range(cases):
            index = chance.randrange(len(texts)) if chance.random() < 0.9 else len(texts) - 1 - chance.randrange(4)
            text, data = texts[index], b""
            mode = chance.choice(("text", "text", "weights", "both"))
            if mode != "text":
                if index not in models:
                    prototxt.write_text(text)
                    models[index] = weights_of(load_caffe(prototxt), folder)
                whole = mode == "both" and chance.random() < 0.2
                data = models[index] if whole else damaged_bytes(models[index], chance)
            text = text if mode == "weights" else damaged_text(text, chance, sentinel)
            prototxt.write_bytes(text.encode("utf-8", "surrogateescape"))
            caffemodel.write_bytes(data)
            files = {path.name for path in folder.iterdir()}
            try:
                with deadline():
                    counts[one_case(prototxt, caffemodel if data else None)] += 1
                assert not sentinel.exists(), "code in a name was run"
                assert {path.name for path in folder.iterdir()} == files, "a file was written"
            except BaseException as error:
                if keep:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / "net.prototxt").write_bytes(prototxt.read_bytes())
                    (keep / "net.caffemodel").write_bytes(data)
                raise AssertionError(f"case {case} of seed {seed} ({mode}): {type(error).__name__}: {error}") from error
    return counts


@contextmanager
def limited() -> Iterator[None]:
    """The address space of the process held to what it has and MEMORY more."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


class TooSlow(BaseException):
    """A case took longer than SECONDS; nothing catches it on the way."""


@contextmanager
def deadline() -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TooSlow(f"longer than {SECONDS} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def main() -> None:
    import logging

    logging.getLogger("caffe_proto").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a folder for the files of a case that fails")
    options = parser.parse_args()
    start = time.perf_counter()
    counts = run(options.cases, options.seed, options.keep)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    words = ", ".join(f"{count:,} {word}" for word, count in sorted(counts.items()))
    sys.stdout.write(
        f"{options.cases:,} cases, seed {options.seed}: {words}; {time.perf_counter() - start:.0f} s, "
        f"at most {peak:.0f} MiB\n"
    )


if __name__ == "__main__":
    main()
