"""Networks exported at one size, edited in the prototxt, and run in real Caffe at other batches and sizes.

Each is right, wrong, or does not load, which is better than wrong. YOLOv8n needs the package ultralytics.

python tests/bench/bench_sizes.py [NETWORK ...]
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from pytorch2caffe import save_caffe, trace
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.graph.other_sizes import freedom
from pytorch2caffe.runtime.infer import infer
from pytorch2caffe.verify.runtimes import RuntimeFailed, get
from tests.end_to_end.peers import UNet as AlignedUNet
from tests.sweep.fault_networks import UNet
from tests.zoo import build

TOLERANCE = 1e-4
EXPORTED_AT = (1, 3, 128, 128)
OTHERS = ((4, 3, 128, 128), (1, 3, 160, 160), (1, 3, 192, 96), (1, 3, 117, 139))


TORCHVISION = ("resnet18", "resnet50", "mobilenet_v2", "shufflenet_v2_x1_0", "densenet121", "vgg11")


def yolov8n() -> nn.Module:
    from ultralytics import YOLO

    return YOLO("yolov8n.yaml").model


def first_output(outputs: Any) -> torch.Tensor:
    while not isinstance(outputs, torch.Tensor):
        outputs = outputs[0]
    return outputs


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    **{name: partial(build, name) for name in TORCHVISION},
    "UNet": UNet,
    "UNet, aligned corners": AlignedUNet,
    "yolov8n": yolov8n,
}


def result(model: nn.Module, graph: Graph, files: tuple[Path, Path], shape: tuple[int, ...]) -> str:
    """What real Caffe gives for the files edited to `shape`, compared with the model."""
    edited, dims = files[0].with_name("edited.prototxt"), iter(shape)
    edited.write_text(re.sub(r"(?<=dim: )\d+", lambda _: str(next(dims)), files[0].read_text(), count=4))
    x = torch.randn(shape)
    try:
        with torch.no_grad():
            expected = first_output(model(x)).numpy()
    except RuntimeError:
        expected = None
    try:
        blobs = {top: array for (_, top), array in get("caffe").run(edited, files[1], {"data": x.numpy()}).items()}
    except RuntimeFailed:
        return "does not load" if expected is not None else "does not load, nor does the model"
    if expected is None:
        return "loads, the model does not"
    actual = blobs[next(iter(graph.outputs.values())).name]
    if actual.shape != expected.shape:
        return f"WRONG: {actual.shape}"
    error = float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))
    return f"right ({error:.0e})" if error < TOLERANCE else f"WRONG by {error:.0e}"


def main(names: list[str]) -> None:
    table = Table(title=f"exported at {'x'.join(map(str, EXPORTED_AT))}")
    for column in ("network", "layers", *("x".join(map(str, shape)) for shape in OTHERS), "sizes"):
        table.add_column(column)
    for name in names or NETWORKS:
        torch.manual_seed(0)
        model = NETWORKS[name]().eval()
        with tempfile.TemporaryDirectory() as folder:
            files = Path(folder) / "net.prototxt", Path(folder) / "net.caffemodel"
            graph = save_caffe(trace(model, torch.randn(EXPORTED_AT)), *files)
            results = [result(model, graph, files, shape) for shape in OTHERS]
        table.add_row(name, str(len(graph.nodes)), *results, freedom(graph, infer))
    Console(width=200).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
