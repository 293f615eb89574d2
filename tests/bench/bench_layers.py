"""What each step costs by the number of layers: chains of tiny layers, so that only the handling of the graph counts.

The seconds should grow as the layers do. CPU seconds, one thread, one run each; prints the table of docs/speed.md.

python tests/bench/bench_layers.py [LAYERS ...]
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from torch import nn

from pytorch2caffe import (
    export,
    generate,
    load_caffe,
    save_caffe,
    save_ir,
    save_ncnn,
    to_torch,
    trace,
    verify,
)
from pytorch2caffe.cli import main as run_command

COUNTS = (1000, 5000, 20000)
INPUT = torch.zeros(1, 2, 4, 4)


def chain(layers: int) -> nn.Module:
    """`layers` modules in a row: Conv2d, BatchNorm2d, ReLU, and again."""
    makers: list[Callable[[], nn.Module]] = [lambda: nn.Conv2d(2, 2, 1), lambda: nn.BatchNorm2d(2), nn.ReLU]
    return nn.Sequential(*(makers[index % 3]() for index in range(layers))).eval()


def command(*words: object) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        run_command([str(word) for word in words])


def steps(count: int, folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """The steps in an order in which each finds what it needs."""
    model, files = chain(count), (folder / "net.prototxt", folder / "net.caffemodel")
    yield "trace", lambda: trace(model, INPUT)
    yield "export", lambda: export(model, INPUT, *files)
    yield "verify", lambda: verify(model, *files, INPUT)
    yield "load", lambda: load_caffe(*files)
    graph = load_caffe(*files)
    yield "save_caffe", lambda: save_caffe(graph, folder / "a.prototxt", folder / "a.caffemodel")
    yield "save_ncnn", lambda: save_ncnn(graph, folder / "net")
    yield "save_ir", lambda: save_ir(graph, folder / "net")
    yield "generate", lambda: generate(graph)
    yield "to_torch and a run", lambda: to_torch(graph)(INPUT)
    yield "lower --no-check", lambda: command("lower", *files, "--target", "ncnn", "-o", folder / "l", "--no-check")
    yield "summary", lambda: command("summary", files[0])
    yield "check", lambda: command("check", *files)


def seconds(step: Callable[[], object]) -> float:
    start = time.process_time()
    step()
    return time.process_time() - start


def main(counts: list[int]) -> None:
    torch.set_num_threads(1)
    rows: dict[str, list[float]] = {}
    for count in counts:
        with tempfile.TemporaryDirectory() as name, torch.no_grad():
            for title, step in steps(count, Path(name)):
                rows.setdefault(title, []).append(seconds(step))
    sys.stdout.write("".join(f"| {cell} " for cell in ("layers", *(f"{count:,}" for count in counts))) + "|\n")
    sys.stdout.write("|---" * (len(counts) + 1) + "|\n")
    for title, times in rows.items():
        sys.stdout.write(f"| {title} " + "".join(f"| {time:.1f} " for time in times) + "|\n")


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or list(COUNTS))
