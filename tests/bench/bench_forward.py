"""CPU seconds of one forward pass of written files in real Caffe, and of the model in PyTorch, on one thread.

The fastest of several passes; CPU time, so that other work on the machine counts less. Prints the table of
docs/speed.md.

OMP_NUM_THREADS=1 python tests/bench/bench_forward.py [NETWORK ...]
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from rich.console import Console

from pytorch2caffe import save_caffe, trace
from pytorch2caffe.verify.runtimes import get
from tests.paths import ROOT
from tests.zoo import build

SIZES = {"vit_b_16": 112}
NETWORKS = (
    *("resnet18", "mobilenet_v2", "mobilenet_v3_large", "efficientnet_b0", "shufflenet_v2_x1_0", "convnext_tiny"),
    *("swin_t", "vit_b_16"),
)
PASSES = 4


def in_pytorch(model: torch.nn.Module, x: torch.Tensor) -> float:
    times = []
    with torch.no_grad():
        for _ in range(PASSES + 1):
            start = time.process_time()
            model(x)
            times.append(time.process_time() - start)
    return min(times)


def row(name: str) -> str:
    side = SIZES.get(name, 224)
    model = build(name, **({"image_size": side} if name.startswith("vit") else {})).eval()
    x = torch.randn(1, 3, side, side)
    caffe = get("caffe")
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "net.prototxt"), Path(folder, "net.caffemodel")
        graph = save_caffe(trace(model, x), *files)
        inputs = {graph.inputs[0].name: x.numpy()}
        timed = caffe.worker.time(files[0].read_text(), files[1].read_bytes(), inputs, repeat=PASSES)
    caffe.close()
    by_type: dict[str, float] = {}
    for _, type, seconds in timed:
        by_type[type] = by_type.get(type, 0.0) + seconds
    total, torch_seconds = sum(by_type.values()), in_pytorch(model, x)
    ranked = sorted(by_type.items(), key=lambda item: -item[1])[:3]
    where = ", ".join(f"{type} {seconds / total:.0%}" for type, seconds in ranked)
    cells = [
        name,
        side,
        len(graph.nodes),
        f"{total:.3f}",
        f"{torch_seconds:.3f}",
        f"{total / torch_seconds:.1f}",
        where,
    ]
    return f"| {' | '.join(map(str, cells))} |"


def main(names: list[str]) -> None:
    torch.set_num_threads(1)
    worker = importlib.import_module("pytorch2caffe.verify.runtimes.worker")
    with tempfile.TemporaryDirectory() as folder:
        by_cpu = Path(folder, "caffe_worker.py")
        by_cpu.write_text(
            (ROOT / "verify" / "caffe_worker.py").read_text().replace("time.time()", "time.process_time()")
        )
        worker.WORKER_FILES = (by_cpu,)
        console = Console(width=200, highlight=False)
        console.print("| network | size | layers | Caffe, CPU s | PyTorch, CPU s | times | where Caffe spends it |")
        console.print("|---|---|---|---|---|---|---|")
        for name in names or NETWORKS:
            console.print(row(name), markup=False)


if __name__ == "__main__":
    main(sys.argv[1:])
