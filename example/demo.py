"""Converts AlexNet and ResNet-18 from torchvision to Caffe, and compares them with PyTorch in every runtime."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from rich.text import Text

import pytorch2caffe
from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
from pytorch2caffe.verify.report import verdict
from pytorch2caffe.verify.runtimes import get, names


def main() -> int:
    """Returns 0 if all installed runtimes agree with PyTorch, else 1."""
    folder = Path("demo-out")
    folder.mkdir(exist_ok=True)
    torch.manual_seed(0)
    table = Table(title="PyTorch against the written Caffe files", title_justify="left")
    for column in ("network", "runtime", "verdict", "relative L2 of the output"):
        table.add_column(column, overflow="fold")
    all_equal = True
    for name in ("alexnet", "resnet18"):
        model = torchvision_models().get_model(name, weights=None).eval()
        files = folder / f"{name}.prototxt", folder / f"{name}.caffemodel"
        pytorch2caffe.export(model, torch.randn(1, 3, 224, 224), *files)
        for runtime in names():
            if reason := get(runtime).unavailable():
                table.add_row(name, runtime, Text(reason), "")
                continue
            comparison = pytorch2caffe.verify(model, *files, torch.randn(1, 3, 224, 224), runtime)
            all_equal = all_equal and comparison.equal
            table.add_row(name, runtime, verdict(comparison), f"{comparison.rows[-1].relative_l2:.1e}")
    Console(width=120).print(table)
    print(f"the files are in {folder}/")
    return 0 if all_equal else 1


if __name__ == "__main__":
    sys.exit(main())
