"""What calibration costs on SqueezeNet v1.1: images a second, CPU seconds, memory, and the search per layer.

Each run is a process of its own on one thread of PyTorch, so that its peak memory is its own. The ten photographs of
../shared/data are repeated to the number of images. Start-up (imports, reading the network) is measured apart.

python tests/bench/bench_calibrate.py [IMAGES ...]
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
DATA = ROOT.parent / "shared" / "data"
NET = DATA / "squeezenet_v1.1"
METHODS = ("kl", "mse", "reference", "percentile")


def calibrated(images: int, method: str, passes: int) -> dict[str, float]:
    """One calibration: seconds of wall and CPU without start-up, start-up's CPU seconds, the peak in MB."""
    import torch

    from pytorch2caffe import load_caffe
    from pytorch2caffe.quantize.calibrate import Settings, calibrate
    from pytorch2caffe.quantize.images import Dataset
    from pytorch2caffe.quantize.preprocess import Preprocess

    torch.set_num_threads(1)
    graph = load_caffe(NET / "deploy.prototxt", NET / "squeezenet_v1.1.caffemodel")
    dataset = Dataset([DATA / "images"], graph.inputs, {"data": Preprocess(227, 227, (104.0, 117.0, 123.0))})
    dataset.samples = (dataset.samples * (images // 10 + 1))[:images]
    start_up, wall = time.process_time(), time.perf_counter()
    found = calibrate(graph, dataset, Settings(method, passes=passes))
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - start_up,
        "start": start_up,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "second_pass": len(found.second_pass),
    }


def searched() -> dict[str, float]:
    """Milliseconds of CPU for one search of 2048 bins, the middle one of 18 real activations, each the best of 5."""
    import numpy as np

    from pytorch2caffe import load_caffe
    from pytorch2caffe.quantize.calibrate import Settings, calibrate
    from pytorch2caffe.quantize.images import Dataset
    from pytorch2caffe.quantize.preprocess import Preprocess
    from pytorch2caffe.quantize.thresholds import METHODS as SEARCHES

    graph = load_caffe(NET / "deploy.prototxt", NET / "squeezenet_v1.1.caffemodel")
    dataset = Dataset([DATA / "images"], graph.inputs, {"data": Preprocess(227, 227, (104.0, 117.0, 123.0))})
    ranges = {layer.activation.name: layer.activation.stats for layer in calibrate(graph, dataset, Settings()).layers}
    exact = calibrate(graph, dataset, Settings("reference"))
    whole = {layer.activation.name: layer.activation.stats for layer in exact.layers}
    found = {}
    for method in METHODS:
        times = []
        for name, seen in (whole if method == "reference" else ranges).items():
            tries = []
            for _ in range(5):
                start = time.process_time()
                SEARCHES[method](seen)
                tries.append(time.process_time() - start)
            times.append(min(tries) * 1e3)
        found[method], found[f"{method} most"] = float(np.median(times)), max(times)
    return found


def run(*arguments: object) -> dict[str, float]:
    line = [sys.executable, __file__, "--one", *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main(counts: list[int]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=140)
    table = Table(title="calibration of SqueezeNet v1.1, one thread; CPU without start-up")
    for column in (
        "method",
        "passes",
        "images",
        "images/s",
        "CPU s",
        "CPU ms/image",
        "start-up CPU s",
        "second for",
        "peak MB",
    ):
        table.add_column(column, justify="right")
    for method, passes in (("kl", 0), ("kl", 1), ("kl", 2), ("max", 0), ("reference", 0)):
        for images in counts if passes == 0 and method == "kl" else [count for count in counts if count <= 100]:
            one = run("calibrate", images, method, passes)
            table.add_row(
                method,
                str(passes or "as needed"),
                str(images),
                f"{images / one['wall']:.1f}",
                f"{one['cpu']:.2f}",
                f"{one['cpu'] / images * 1e3:.1f}",
                f"{one['start']:.2f}",
                f"{one['second_pass']:.0f} of 18",
                f"{one['peak']:.0f}",
            )
    console.print(table)
    table = Table(title="search of one histogram of 2048 bins, ms of CPU, over 18 real activations")
    for column in ("method", "middle", "most"):
        table.add_column(column, justify="right")
    found = run("search")
    for method in METHODS:
        table.add_row(method, f"{found[method]:.2f}", f"{found[f'{method} most']:.2f}")
    console.print(table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        kind, *rest = sys.argv[2:]
        figures = searched() if kind == "search" else calibrated(int(rest[0]), rest[1], int(rest[2]))
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        if not NET.exists():
            sys.exit(f"left out: SqueezeNet's files and photographs are not in {DATA}")
        main([int(word) for word in sys.argv[1:]] or [10, 100, 1000])
