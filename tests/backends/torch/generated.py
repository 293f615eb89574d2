"""docs/generated: torchvision's networks as Caffe's, and these as PyTorch again.

python -m tests.backends.torch.generated
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

import caffe_proto
from pytorch2caffe import generate, load_caffe, trace
from pytorch2caffe.backends.caffe.dialect_file import dialect
from pytorch2caffe.backends.caffe.lower import lower
from pytorch2caffe.backends.caffe.writer import net_of
from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.runtime.infer import infer
from tests.paths import ROOT

FOLDER = ROOT / "docs" / "generated"
NAMES = ("resnet50", "squeezenet1_1")


def graph_of(name: str) -> Graph:
    """The network read from its prototxt, which was written from torchvision's module; weights all 0."""
    model = torchvision_models().get_model(name, weights=None).eval()
    graph = trace(model, torch.zeros(1, 3, 224, 224))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.prototxt"
        caffe_proto.write_prototxt(net_of(lower(graph, dialect("caffe"), infer)), path)
        return load_caffe(path)


def source_of(name: str) -> str:
    """The file as it should stand in docs/generated."""
    return generate(graph_of(name))[0]


if __name__ == "__main__":
    for each in NAMES:
        (FOLDER / f"{each}.py").write_text(source_of(each), encoding="utf-8")
