"""Calibration of SqueezeNet v1.1 on 1, 2 and 4 Dask workers of this machine, beside one process; one killed midway.

python -m tests.bench.bench_cluster [IMAGES]

Times are without the start of the workers, which is given apart. A worker is a process of one thread; its memory is its
peak at the end. The ten photographs of ../shared/data are repeated.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from contextlib import ExitStack
from typing import Any

from tests.paths import SHARED

NET = SHARED / "data" / "squeezenet_v1.1"


def peak() -> float:
    """MB of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def calibrated(images: int, workers: int, kill: bool = False) -> tuple[Any, list[str]]:
    """The table, and a row: start, seconds, images a second, CPU seconds and MB of the workers."""
    import torch

    from pytorch2caffe import load_caffe
    from pytorch2caffe.quantize.calibrate import Settings, calibrate
    from pytorch2caffe.quantize.cluster import Cluster
    from pytorch2caffe.quantize.cluster_workers import connected
    from pytorch2caffe.quantize.images import Dataset
    from pytorch2caffe.quantize.preprocess import Preprocess

    torch.set_num_threads(1)
    graph = load_caffe(NET / "deploy.prototxt", NET / "squeezenet_v1.1.caffemodel")
    dataset = Dataset([SHARED / "data" / "images"], graph.inputs, {"data": Preprocess(227, 227, (104.0, 117.0, 123.0))})
    dataset.samples = (dataset.samples * (images // 10 + 1))[:images]
    start, engine, killed = time.perf_counter(), None, []
    with ExitStack() as stack:
        if workers:
            client = stack.enter_context(connected(f"local:{workers}"))
            engine = Cluster(client, graph, dataset)

        def progress(done: int, total: int, step: str) -> None:
            if kill and not killed:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        begin, cpu = time.perf_counter(), time.process_time()
        found = calibrate(graph, dataset, Settings(), progress=progress, engine=engine)
        seconds = time.perf_counter() - begin
        used = client.run(time.process_time).values() if workers else [time.process_time() - cpu]
        memory = client.run(peak).values() if workers else [peak()]
    row = [
        f"{begin - start:.1f}",
        f"{seconds:.1f}",
        f"{images / seconds:.1f}",
        f"{sum(used):.1f}",
        f"{max(memory):.0f}",
    ]
    return found.table, row


def main(images: int) -> None:
    titles = ["workers", "start, s", "calibration, s", "images/s", "CPU s", "peak of a worker, MB", "table"]
    sys.stdout.write(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}\n")
    first = None
    for workers, kill in ((0, False), (1, False), (2, False), (4, False), (2, True)):
        table, row = calibrated(images, workers, kill)
        first = first or table
        same = table.activations == first.activations and all(
            (table.weights[name] == scales).all() for name, scales in first.weights.items()
        )
        name = f"{workers or 'none: one process'}{', one killed' if kill else ''}"
        sys.stdout.write(f"| {' | '.join([name, *row, 'same bits' if same else 'DIFFERENT'])} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if not NET.exists():
        sys.exit(f"left out: SqueezeNet's files and photographs are not in {SHARED / 'data'}")
    main(int(sys.argv[1]) if sys.argv[1:] else 1000)
