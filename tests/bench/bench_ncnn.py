"""ncnn files of this package beside pnnx's: layers, milliseconds in ncnn, the time and memory of the commands.

python -m tests.bench.bench_ncnn [NETWORK ...]    needs pnnx and ncnn; timm for ViT, ultralytics for YOLO

All are run in turn on one thread, in float32, with float16 storage and in int8; the least of 20 runs counts. pnnx has
no calibration of its own: int8, calibrated on four random images, is of this package alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.paths import ROOT

RUNS = 20
TORCHVISION = [
    "resnet18",
    "resnet50",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "shufflenet_v2_x1_0",
    "efficientnet_b0",
    "squeezenet1_1",
    "swin_t",
]
OTHERS = {"unet": 256, "yolov8n": 320, "vit_tiny": 224}
PNNX = """
import sys, torch, pnnx
from tests.bench import ncnn_networks
model, size = ncnn_networks.made(sys.argv[1]), int(sys.argv[2])
x = torch.zeros(1, 3, size, size)
with torch.no_grad():
    model(x)
    torch.jit.trace(model, x, check_trace=False).save("net.pt")
import subprocess
subprocess.run([pnnx.EXEC_PATH, "net.pt", f"inputshape=[1,3,{size},{size}]", "fp16=0"], check=True)
"""


def command(line: list[str], folder: Path) -> tuple[float, float]:
    """Seconds and peak memory, in MB, of a command with its children."""
    paths = os.pathsep.join([str(ROOT), *sys.path])
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, *line],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise SystemExit(errors.read().decode()[-2000:])
    return time.perf_counter() - start, used.ru_maxrss / 1024


def loaded(prefix: Path, half: bool) -> Any:
    """A network in ncnn, or None if it cannot load the files."""
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = 1
    for name in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic"):
        setattr(net.opt, name, half)
    for name in ("use_bf16_storage", "use_bf16_packed"):
        if hasattr(net.opt, name):
            setattr(net.opt, name, False)
    failed = net.load_param(f"{prefix}.param") or net.load_model(f"{prefix}.bin")
    return None if failed else net


def caller(prefix: Path, size: int, half: bool) -> Callable[[], bool] | None:
    """Runs the files once on a random image; whether it worked."""
    import ncnn

    if (net := loaded(prefix, half)) is None:
        return None
    image = ncnn.Mat(np.random.default_rng(0).standard_normal((3, size, size), np.float32)).clone()
    lines = [line.split() for line in Path(f"{prefix}.param").read_text().splitlines()[2:]]
    tops = [name for words in lines for name in words[4 + int(words[2]) : 4 + int(words[2]) + int(words[3])]]
    read = {name for words in lines for name in words[4 : 4 + int(words[2])]}

    def call() -> bool:
        extractor = net.create_extractor()
        extractor.input(tops[0], image)
        return all(extractor.extract(name)[0] == 0 for name in tops if name not in read)

    return call


def least(callers: list[Callable[[], bool] | None]) -> list[float | None]:
    """The least milliseconds of each, run in turn; None for one that does not run."""
    works = [call is not None and call() for call in callers]
    times: list[list[float]] = [[] for _ in callers]
    for _ in range(RUNS):
        for call, ok, own in zip(callers, works, times, strict=True):
            if ok and call is not None:
                start = time.perf_counter()
                call()
                own.append((time.perf_counter() - start) * 1e3)
    return [min(own, default=None) for own in times]


def pair(values: list[float | None], form: str = ".1f") -> str:
    """ours / pnnx, and the ratio."""
    texts = ["does not run" if value is None else format(value, form) for value in values]
    ratio = f" ({values[0] / values[1]:.2f})" if None not in values else ""  # type: ignore[operator]
    return f"{texts[0]} / {texts[1]}{ratio}"


def measured(name: str) -> str:
    """A row of the table."""
    size = OTHERS.get(name, 224)
    shape = f"1,3,{size},{size}"
    model = f"tests.bench.ncnn_networks:made({name!r})"
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        ours = command(
            ["-m", "pytorch2caffe", "ncnn", model, "--input-shape", shape, "--no-check", "-o", "ours"], folder
        )
        theirs = command(["-c", PNNX, name, str(size)], folder)
        (folder / "images").mkdir()
        for index, image in enumerate(np.random.default_rng(1).standard_normal((4, 3, size, size), np.float32)):
            np.save(folder / "images" / str(index), image)
        int8 = ["--int8", "--images", "images", "--no-check", "-o", "int8"]
        whole = command(["-m", "pytorch2caffe", "ncnn", model, "--input-shape", shape, *int8], folder)
        layers = [len(Path(folder / f"{each}.param").read_text().splitlines()) - 2 for each in ("ours", "net.ncnn")]
        kinds = [(each, half) for half in (False, True) for each in ("ours", "net.ncnn")] + [("int8", True)]
        times = least([caller(folder / each, size, half) for each, half in kinds])
    cells = [name, pair([*map(float, layers)], ".0f"), pair(times[:2]), pair(times[2:4])]
    cells.append("does not run" if times[4] is None else f"{times[4]:.1f}")
    cells += [" / ".join(f"{run[part]:.{1 - part}f}" for run in (ours, whole, theirs)) for part in (0, 1)]
    return f"| {' | '.join(cells)} |"


def main(names: list[str]) -> None:
    if len(names) == 1:
        sys.stdout.write(measured(names[0]) + "\n")
        return
    titles = ["network", "layers", "ms, float32", "ms, float16 storage", "ms, int8"]
    titles += ["command, s: float / int8 / pnnx", "peak, MB: float / int8 / pnnx"]
    sys.stdout.write(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}\n")
    for name in names or [*TORCHVISION, *OTHERS]:
        done = subprocess.run([sys.executable, "-m", "tests.bench.bench_ncnn", name], capture_output=True, text=True)
        row = done.stdout.splitlines()[-1:] or [f"| {name} | left out: {done.stderr.strip().splitlines()[-1:]} |"]
        sys.stdout.write(row[0] + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
