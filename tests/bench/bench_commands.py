"""CPU seconds and peak memory of the commands, each in a process of its own, beside `import torch`: docs/speed.md.

python -m tests.bench.bench_commands [--page]    --page writes the table into the page; else it is printed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.paths import ROOT

PAGE = ROOT / "docs" / "speed.md"
RUNS = 3
MODEL = """
from torch import nn


def small():
    head = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), *head)
"""
SMALL, MOBILENET = ("small.prototxt", "small.caffemodel"), ("mobilenet.prototxt", "mobilenet.caffemodel")
SHAPE = ("--input-shape", "1,3,32,32")
TORCH_MOBILENET = ("torchvision:mobilenet_v2", "--input-shape", "1,3,224,224")
# What is measured -> the code of `python -c`, or the arguments of pytorch2caffe.
COMMANDS: dict[str, str | tuple[str, ...]] = {
    "`import numpy`": "import numpy",
    "`import torch`": "import torch",
    "`--help`": ("--help",),
    "`export --help`": ("export", "--help"),
    "`layers`": ("layers",),
    "`layers --where relu`": ("layers", "--where", "relu"),
    "`summary`, 6 layers": ("summary", SMALL[0]),
    "`summary`, mobilenet_v2": ("summary", MOBILENET[0]),
    "`check`, mobilenet_v2": ("check", MOBILENET[0]),
    "`check` with weights, mobilenet_v2": ("check", *MOBILENET),
    "`table check`": ("table", "check", "small.table", "--proto", SMALL[0]),
    "`export`, 6 layers": ("export", "model.py:small", *SHAPE, "-o", "new", "--no-check-runtime"),
    "`export --no-check`, 6 layers": ("export", "model.py:small", *SHAPE, "-o", "new", "--no-check"),
    "`verify`, 6 layers, built-in runtime": ("verify", "model.py:small", *SMALL, "--runtime", "builtin"),
    "`lower --no-check`, mobilenet_v2": ("lower", *MOBILENET, "--target", "opencv", "-o", "new", "--no-check"),
    "`ncnn --no-check`, mobilenet_v2": ("ncnn", *MOBILENET, "-o", "new", "--no-check"),
    "`ncnn MODEL --no-check`, mobilenet_v2": ("ncnn", *TORCH_MOBILENET, "-o", "new", "--no-check"),
    "`ncnn MODEL --int8 --no-check`, mobilenet_v2, 10 images": (
        *("ncnn", *TORCH_MOBILENET, "--int8", "--images", "images", "-o", "new", "--no-check"),
    ),
    "`calibrate`, mobilenet_v2, 10 images": (
        *("calibrate", "--proto", MOBILENET[0], "--model", MOBILENET[1], "--images", "images", "-o", "new.table"),
    ),
    "`convert --to ir`, 6 layers": ("convert", *SMALL, "--from", "caffe", "--to", "ir", "-o", "converted"),
    "`convert --to pytorch`, 6 layers": ("convert", *SMALL, "--from", "caffe", "--to", "pytorch", "-o", "converted"),
}


def write_files(folder: Path) -> None:
    """The networks, and a calibration table, that the commands read."""
    (folder / "model.py").write_text(MODEL)
    (folder / "small.table").write_text("0_param_0 " + "1 " * 8 + "\n5_param_0 " + "1 " * 5 + "\n0 1\n5 1\n")
    (folder / "images").mkdir()
    for index, image in enumerate(np.random.default_rng(0).standard_normal((10, 3, 224, 224), np.float32)):
        np.save(folder / "images" / str(index), image)
    for model, size, files in (("model.py:small", "32", SMALL), ("torchvision:mobilenet_v2", "224", MOBILENET)):
        prefix = files[0].removesuffix(".prototxt")
        options = ("--input-shape", f"1,3,{size},{size}", "--no-check", "-o", prefix)
        measure(("export", model, *options), folder)


def measure(command: str | tuple[str, ...], folder: Path) -> tuple[float, float, int]:
    """CPU seconds, user and system, peak memory in MB, and the exit code of a command run in `folder`."""
    line = ["-c", command] if isinstance(command, str) else ["-m", "pytorch2caffe", *command]
    child = os.fork()
    if not child:
        os.chdir(folder)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        paths = os.pathsep.join([str(ROOT), str(folder)])
        os.execve(sys.executable, [sys.executable, *line], {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"})
    _, status, used = os.wait4(child, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6, os.waitstatus_to_exitcode(status)


def table() -> str:
    """The table in markdown: the run of each that took the least CPU time."""
    lines = ["| command | CPU s | peak MB |", "|---|---|---|"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder)
        for title, command in COMMANDS.items():
            seconds, memory, code = min(measure(command, folder) for _ in range(RUNS))
            lines.append(f"| {title} | {seconds:.2f} | {memory:.0f} |" + (f" exit code {code}" if code else ""))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    measured = table()
    if sys.argv[1:] == ["--page"]:
        head, _, _ = PAGE.read_text(encoding="utf-8").partition("| command |")
        PAGE.write_text(head + measured, encoding="utf-8")
    else:
        sys.stdout.write(measured)
