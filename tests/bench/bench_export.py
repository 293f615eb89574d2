"""What an export costs beside a forward pass, and beside torch.onnx.export in the same run.

Each measurement runs in a process of its own, so that its peak memory is its own. Prints a table.

python tests/bench/bench_export.py [NETWORK ...]
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from rich.console import Console
from rich.table import Table

STEPS = ("forward", "trace", "write", "raw write", "export", "load", "torch.onnx.export")


def build(name: str) -> tuple[torch.nn.Module, torch.Tensor]:
    from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models

    torch.manual_seed(0)
    return torchvision_models().get_model(name, weights=None).eval(), torch.randn(1, 3, 224, 224)


def measure(name: str, step: str, folder: Path) -> dict[str, Any]:
    """Seconds (the best of three where it is quick) and the peak of memory above the model itself, in MB."""
    import pytorch2caffe

    files = folder / f"{name}.prototxt", folder / f"{name}.caffemodel"
    if step == "load":
        before = peak()
        start = time.perf_counter()
        graph = pytorch2caffe.load_caffe(*files)
        touched = sum(float(blob.sum()) for node in graph.nodes for blob in node.blobs)
        return {"seconds": time.perf_counter() - start, "memory": peak() - before, "touched": touched}
    model, x = build(name)
    weights = sum(p.numel() * 4 for p in model.parameters()) / 1e6
    with torch.no_grad():
        for _ in range(2):
            model(x)
    graph = None
    if step == "write":
        pytorch2caffe.trace(torch.nn.Conv2d(3, 4, 1), torch.zeros(1, 3, 4, 4))
        graph = pytorch2caffe.trace(model, x)
    if step == "trace":
        pytorch2caffe.trace(torch.nn.Conv2d(3, 4, 1), torch.zeros(1, 3, 4, 4))  # imports
    data = (folder / f"{name}.caffemodel").read_bytes() if step == "raw write" else b""
    before = peak()
    start = time.perf_counter()
    if step == "forward":
        with torch.no_grad():
            model(x)
    elif step == "trace":
        pytorch2caffe.trace(model, x)
    elif step == "write":
        pytorch2caffe.save_caffe(graph, *files)
    elif step == "raw write":
        with (folder / "raw").open("wb") as out:
            out.write(data)
    elif step == "export":
        pytorch2caffe.export(model, x, *files, check=False)
    elif step == "torch.onnx.export":
        torch.onnx.export(model, (x,), folder / f"{name}.onnx", dynamo=True, verbose=False)
    return {"seconds": time.perf_counter() - start, "memory": peak() - before, "weights": weights}


def peak() -> float:
    """The most memory this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 * 1.048576


def main(names: list[str]) -> None:
    table = Table(title="seconds, and peak memory above the model in MB (best of three processes)")
    for column in ("network", "weights MB", *STEPS):
        table.add_column(column)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            found = {}
            for step in ("export", "forward", "trace", "write", "raw write", "load", "torch.onnx.export"):
                runs = []
                for _ in range(3):
                    line = [sys.executable, __file__, "--one", name, step, folder]
                    done = subprocess.run(line, capture_output=True, text=True)
                    if done.returncode:
                        runs.append({"seconds": float("nan"), "memory": float("nan"), "error": done.stderr[-300:]})
                        continue
                    runs.append(json.loads(done.stdout.splitlines()[-1]))
                found[step] = min(runs, key=lambda run: run["seconds"])
            weights = found["forward"]["weights"]
            cells = [f"{found[s]['seconds']:.2f} s, {found[s]['memory']:.0f} MB" for s in STEPS]
            table.add_row(name, f"{weights:.0f}", *cells)
    Console(width=160).print(table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        sys.stdout.write(json.dumps(measure(sys.argv[2], sys.argv[3], Path(sys.argv[4]))) + "\n")
    else:
        main(sys.argv[1:] or ["resnet50", "vgg16"])
