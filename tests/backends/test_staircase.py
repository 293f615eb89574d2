"""A graph on its way to a file goes down the packages once: a backend enters no package twice."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
import torch
from torch import nn

from pytorch2caffe import save_caffe, save_ir, save_ncnn, trace

# Data that every step reads, and what describes a single layer.
EVERYWHERE = (
    "pytorch2caffe.graph.graph",
    "pytorch2caffe.graph.registry",
    "pytorch2caffe.errors",
    "pytorch2caffe.layers",
    "pytorch2caffe.formats.ncnn",
)


def package(module: str) -> str:
    parts = module.split(".")
    if parts[0] == "caffe_proto":
        return parts[0]
    return ".".join(parts[1:3] if parts[1:2] == ["backends"] else parts[1:2]) if len(parts) > 1 else module


def calls(backend: str, save: Any) -> list[str]:
    """The functions of other packages that `backend` calls while it saves, in order: `passes.express`."""
    found: list[str] = []

    def record(frame: FrameType, event: str, arg: Any) -> None:
        caller = frame.f_back
        if event != "call" or caller is None:
            return
        here, there = frame.f_globals.get("__name__", ""), caller.f_globals.get("__name__", "")
        ours = here.startswith(("pytorch2caffe.", "caffe_proto")) and not here.startswith(EVERYWHERE)
        inside_a_target = caller.f_code.co_name == "takes"
        if ours and not inside_a_target and package(there) == backend and package(here) != backend:
            found.append(f"{package(here)}.{frame.f_code.co_name}")

    sys.setprofile(record)
    try:
        save()
    finally:
        sys.setprofile(None)
    return list(dict.fromkeys(found))


@pytest.fixture
def graph():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU6(), nn.MaxPool2d(3, 2, 1), nn.Flatten())
    return trace(model.eval(), torch.zeros(1, 3, 8, 8))


SAVES = {
    "backends.caffe": lambda graph, folder: save_caffe(graph, folder / "n.prototxt", folder / "n.caffemodel"),
    "backends.ncnn": lambda graph, folder: save_ncnn(graph, folder / "n"),
    "backends.mmdnn": lambda graph, folder: save_ir(graph, folder / "n"),
}


@pytest.mark.parametrize("backend", SAVES)
def test_no_package_is_entered_twice(backend, graph, tmp_path):
    found = calls(backend, lambda: SAVES[backend](graph, tmp_path))
    print("\n".join([backend, *(f"  {name}" for name in found)]))
    steps = [name.rpartition(".")[0] for name in found]
    entered = [step for index, step in enumerate(steps) if index == 0 or step != steps[index - 1]]
    assert "passes.express" in found
    assert len(entered) == len(set(entered)), entered
