"""What a file costs by its number of layers: chains of tiny layers, so that only the handling of the graph counts.

The time of each step should double with the number of layers. Prints a table.

python tests/bench/bench_layers.py [LAYERS ...]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from pytorch2caffe import generate, save_caffe, save_ir, save_ncnn, trace
from pytorch2caffe.graph.graph import Graph

COUNTS = (500, 1000, 2000, 4000)
REPEATS = 3


def chain(layers: int) -> Graph:
    """`layers` modules in a row: Conv2d, BatchNorm2d, ReLU, and again."""
    makers: list[Callable[[], nn.Module]] = [lambda: nn.Conv2d(2, 2, 1), lambda: nn.BatchNorm2d(2), nn.ReLU]
    model = nn.Sequential(*(makers[index % 3]() for index in range(layers))).eval()
    return trace(model, torch.zeros(1, 2, 4, 4))


def seconds(step: Callable[[], object], repeats: int = REPEATS) -> float:
    """The fastest of `repeats` runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return min(times)


def main(counts: list[int]) -> None:
    table = Table(title=f"seconds (best of {REPEATS})")
    for column in ("layers", "trace", "save_caffe", "save_ncnn", "save_ir", "generate"):
        table.add_column(column, justify="right")
    for count in counts:
        graph = chain(count)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            steps: list[Callable[[], object]] = [
                lambda count=count: chain(count),
                lambda graph=graph, f=folder: save_caffe(graph, f / "net.prototxt", f / "net.caffemodel"),
                lambda graph=graph, f=folder: save_ncnn(graph, f / "net"),
                lambda graph=graph, f=folder: save_ir(graph, f / "net"),
                lambda graph=graph: generate(graph),
            ]
            table.add_row(str(count), *(f"{seconds(step):.2f}" for step in steps))
    Console(width=120).print(table)


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or list(COUNTS))
