"""python -m tests.sweep.classification [NAME ...]: every classification network of torchvision, in real Caffe.

Each is exported for the dialect `caffe` at the size its own weights were trained for, in a process of its own, which
proves it in the built-in runtime blob by blob; then real Caffe runs the files. All of them: writes
docs/classification.md.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click
import numpy as np
import torch
from rich.console import Console

from pytorch2caffe import UnsupportedError, export, verify
from pytorch2caffe.errors import ConversionError
from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
from pytorch2caffe.verify.runtimes import get
from pytorch2caffe.verify.runtimes.caffe import map_file
from tests.lively import make_lively
from tests.paths import ROOT
from tests.zoo import SETTINGS

PAGE = ROOT / "docs" / "classification.md"
SMALLER = {  # height and width that do where the usual ones, 600, 384, 518 and 224, take more memory than 24 GB
    "efficientnet_b7": 416,
    "regnet_y_128gf": 224,
    "vit_h_14": 112,
    "vit_l_16": 160,
}
TOLERANCE = 1e-4

WHY = (
    "The table gives the layers that take the time. The reasons are in Caffe's implementation, on one thread:",
    "",
    "- Sigmoid: SiLU is x times its Sigmoid, and Caffe calls tanh for each number; PyTorch computes eight at once.",
    "- Power: GELU is three Powers and an Exp on the largest blobs, and Caffe calls pow for each number.",
    "- Pooling: the product of two computed tensors (attention) is a blob of all products, summed by a pooling; the",
    "  sums of a softmax and of a LayerNorm are poolings too. Caffe's loops over windows are not vectorised.",
    "- Convolution: with groups (depthwise) Caffe multiplies a small matrix for each group.",
)


@dataclass
class Result:
    """What became of one network. seconds: of one forward pass on one thread; error: relative L2 of the output.

    Of one with several caffemodels, their bytes; the blobs compared in Caffe, and the largest of their differences;
    the most memory that this process and Caffe's took, in GB.
    """

    name: str
    size: int
    layers: int = 0
    megabytes: float = 0.0
    error: float = float("nan")
    caffe_seconds: float = float("nan")
    torch_seconds: float = float("nan")
    slowest: str = ""
    refused: str = ""
    files: list[int] = field(default_factory=list)
    blobs: int = 0
    worst: float = float("nan")
    gigabytes: tuple[float, float] = (float("nan"), float("nan"))


def names() -> list[str]:
    """The classification networks of torchvision.models."""
    models = torchvision_models()
    found = models.list_models(module=models)
    return [name for name in found if not name.startswith("quantized_")]


def usual_size(name: str) -> int:
    """Height and width in pixels, as the network's own first weights want them."""
    if name in SMALLER:
        return SMALLER[name]
    first = next(iter(torchvision_models().get_model_weights(name)))
    return int(first.transforms().crop_size[0])


def build(name: str, size: int) -> torch.nn.Module:
    torch.manual_seed(0)
    settings = {"image_size": size} if name.startswith("vit") else SETTINGS.get(name, {})
    model = torchvision_models().get_model(name, weights=None, **settings)
    return make_lively(model, torch.randn(1, 3, size, size))


def examine(name: str) -> Result:
    """Exports a network and runs it in real Caffe."""
    torch.set_num_threads(1)
    size = usual_size(name)
    model, x = build(name, size), torch.randn(1, 3, size, size)
    result = Result(name, size)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "net.prototxt", Path(folder) / "net.caffemodel"
        try:
            graph = export(model, x, *files, split_weights=True)
        except (UnsupportedError, ConversionError) as error:
            result.refused = str(error)
            return result
        inputs = {graph.inputs[0].name: x.numpy()}
        weights = graph.caffemodels
        result.layers, result.megabytes = len(graph.nodes), sum(path.stat().st_size for path in weights) / 1e6
        output = next(iter(graph.outputs.values())).name
        result.torch_seconds, expected = _forward(model, x)
        caffe = get("caffe")
        if len(weights) > 1:
            _blob_by_blob(result, model, x, files[0], weights)
            del model, graph
        else:
            del model, graph
            found = caffe.run(files[0], weights, inputs, {output})
            actual = next(array for (_, top), array in reversed(list(found.items())) if top == output)
            result.error = float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))
        text = files[0].read_text(encoding="utf-8")
        timed = caffe.worker.time(text, [map_file(path) for path in weights], inputs, repeat=2)
        result.caffe_seconds = sum(seconds for *_, seconds in timed)
        result.slowest = _by_type(timed)
        result.gigabytes = _most_memory(os.getpid()), _most_memory(caffe.worker.pid)
        caffe.close()
    return result


def _most_memory(pid: int | None) -> float:
    """The most memory in GB that a process ever held, mapped files included; nan where Linux does not tell."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 / 1e9 for line in lines if line.startswith("VmHWM")), float("nan"))


def _blob_by_blob(result: Result, model: torch.nn.Module, x: torch.Tensor, prototxt: Path, weights: list[Path]) -> None:
    comparison = verify(model, prototxt, weights, x, "caffe", tolerance=TOLERANCE)
    result.files, result.blobs = [path.stat().st_size for path in weights], len(comparison.rows)
    result.worst = max(row.relative_l2 for row in comparison.rows)
    result.error = max(row.relative_l2 for row in comparison.rows if row.output)
    if not comparison.equal:
        result.error = float("inf")


def _forward(model: torch.nn.Module, x: torch.Tensor) -> tuple[float, np.ndarray]:
    times = []
    with torch.no_grad():
        for _ in range(3):
            start = time.perf_counter()
            output = model(x)
            times.append(time.perf_counter() - start)
    return min(times), output.numpy()


def _by_type(timed: Sequence[tuple[str, str, float]]) -> str:
    """Which types of layers take the time: `Convolution 61 %, Eltwise 20 %`."""
    total = sum(seconds for *_, seconds in timed)
    by_type: dict[str, float] = {}
    for _, type, seconds in timed:
        by_type[type] = by_type.get(type, 0.0) + seconds
    ranked = sorted(by_type.items(), key=lambda item: -item[1])
    return ", ".join(f"{type} {seconds / total:.0%}" for type, seconds in ranked[:3])


def row(r: Result) -> str:
    """A line of the table."""
    if r.refused:
        return f"| {r.name} | {r.size} | | | refused | | | | |"
    ratio = r.caffe_seconds / r.torch_seconds
    return (
        f"| {r.name} | {r.size} | {r.layers} | {r.megabytes:.0f} | {r.error:.1e} | {r.caffe_seconds:.2f} "
        f"| {r.torch_seconds:.3f} | {ratio:.1f} | {r.slowest} |"
    )


def several_files(results: Sequence[Result]) -> list[str]:
    """The section on networks whose weights Caffe cannot read in one file."""
    lines = [
        "## Weights in several files",
        "",
        "More weights than Caffe reads in one file, 2,147,483,647 bytes: exported with `--split-weights`, and every",
        "blob of the model compared in Caffe too. Memory is the most that each process held, mapped files included.",
        "",
        "| network | size | caffemodels, bytes | blobs | the worst | this package with PyTorch, GB | Caffe, GB |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for r in results:
        files, (own, caffe) = " + ".join(f"{size:,}" for size in r.files), r.gigabytes
        lines.append(f"| {r.name} | {r.size} | {files} | {r.blobs} | {r.worst:.1e} | {own:.1f} | {caffe:.1f} |")
    return lines


def page(results: Sequence[Result]) -> str:
    """The page in Markdown."""
    equal = [r for r in results if r.error <= TOLERANCE]
    refused = [r for r in results if r.refused]
    worst = max((r.error for r in equal), default=float("nan"))
    lines = [
        "# torchvision's classification networks in real Caffe",
        "",
        "Generated by `python -m tests.sweep.classification`: each network with rescaled random weights, at the size",
        "that its own weights were trained for, exported for the dialect `caffe` (BVLC 1.0), compared in the built-in",
        f"runtime, then run in BVLC Caffe. Equal means a relative L2 difference of the output up to {TOLERANCE:g}.",
        f"Smaller, because of limited memory (24 GB): {', '.join(SMALLER)}.",
        "",
        f"{len(results)} networks: {len(equal)} equal (the worst {worst:.1e}), {len(refused)} refused, "
        f"{len(results) - len(equal) - len(refused)} wrong.",
        "",
        "Times are of one forward pass of one image on one thread.",
        "",
        "| network | size | layers | MB | difference | Caffe, s | PyTorch, s | times | where Caffe spends it |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    lines += map(row, results)
    if large := [r for r in results if r.files]:
        lines += ["", *several_files(large)]
    slow = [f"{r.name} {r.caffe_seconds / r.torch_seconds:.1f}" for r in equal if r.caffe_seconds > 3 * r.torch_seconds]
    lines += ["", "## Where Caffe takes more than three times as long", "", f"{', '.join(slow)}.", "", *WHY]
    if refused:
        lines += ["", "## Refused", "", *(f"- `{r.name}`: {r.refused}" for r in refused)]
    return "\n".join(lines) + "\n"


def _work(name: str, out: str) -> None:
    Path(out).write_text(json.dumps(asdict(examine(name))), encoding="utf-8")


@click.command()
@click.argument("networks", nargs=-1)
@click.option("--json", "kept", type=Path, help="where the results are kept; what is there already is not run again")
def main(networks: tuple[str, ...], kept: Path | None) -> None:
    """Prints a line for each network; fails if one is neither equal nor refused."""
    console, context = Console(highlight=False), multiprocessing.get_context("spawn")
    done = json.loads(kept.read_text(encoding="utf-8")) if kept and kept.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        for name in networks or names():
            out = Path(folder) / name
            if name not in done:
                process = context.Process(target=_work, args=(name, str(out)))
                process.start()
                process.join()
                failed = asdict(Result(name, usual_size(name), slowest=f"process ended with {process.exitcode}"))
                done[name] = json.loads(out.read_text(encoding="utf-8")) if out.exists() else failed
                if kept:
                    kept.write_text(json.dumps(done, indent=1), encoding="utf-8")
            console.print(json.dumps(done[name]))
    results = [Result(**done[name]) for name in networks or names()]
    if not networks:
        PAGE.write_text(page(results), encoding="utf-8")
    raise SystemExit(any(not r.refused and not r.error <= TOLERANCE for r in results))


if __name__ == "__main__":
    main()
