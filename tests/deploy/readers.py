"""Reads each toolchain's files as its user guide describes them, and computes the network's input from an image."""

from __future__ import annotations

import argparse
import configparser
import json
import os
import runpy
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from PIL import Image


def rgb(path: Path) -> np.ndarray:
    """A picture as float [H, W, 3], RGB, or [H, W, 1] if it is grey."""
    pixels = np.asarray(Image.open(path), np.float64)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def chw(pixels: np.ndarray, order: str) -> np.ndarray:
    return (pixels[..., ::-1] if order == "BGR" else pixels).transpose(2, 0, 1)


def affine(x: np.ndarray, means: Any, factors: Any) -> np.ndarray:
    means, factors = (np.reshape(np.array(values, np.float64), (-1, 1, 1)) for values in (means, factors))
    return (x - means) * factors


def mapper_cfg(folder: Path) -> dict[str, list[str]]:
    """nnie_mapper: lines of [key] value; a key may be repeated, once per input."""
    found: dict[str, list[str]] = {}
    for line in (folder / "mapper.cfg").read_text().splitlines():
        key, value = line.split(maxsplit=1)
        assert key[0] == "[" and key[-1] == "]", line
        found.setdefault(key[1:-1], []).append(value)
    return found


def nnie(folder: Path) -> np.ndarray:
    cfg = mapper_cfg(folder)
    assert cfg["image_type"] == ["1"]
    images = (folder / cfg["image_list"][0]).read_text().splitlines()
    x = chw(rgb(folder / images[0]), cfg.get("RGB_order", ["BGR"])[0])
    norm_type, scale = int(cfg["norm_type"][0]), float(cfg.get("data_scale", ["0.00390625"])[0])
    means = np.loadtxt(folder / cfg["mean_file"][0], ndmin=1) if norm_type in (2, 5) else np.zeros(1)
    assert cfg["mean_file"] != ["null"] or norm_type in (0, 3)
    assert scale > 1 / 4096
    return affine(x, means, scale if norm_type in (3, 5) else 1)


# The fields that are written here, with the types of Ascend's public insert_op.proto.
AIPP = {
    "int32": ["src_image_size_w", "src_image_size_h", "load_start_pos_w", "load_start_pos_h", "crop_size_w"],
    "uint32": ["related_input_rank"],
    "bool": ["crop", "csc_switch", "rbuv_swap_switch"],
    "float": ["min_chn_0", "min_chn_1", "min_chn_2"],
}
AIPP["int32"] += ["crop_size_h", "mean_chn_0", "mean_chn_1", "mean_chn_2"]
ENUMS = {"aipp_mode": ["undefined", "static", "dynamic"], "input_format": ["UNDEFINED", "YUV400_U8", "RGB888_U8"]}


def aipp_message() -> Any:
    """A message with repeated aipp_op, whose text format AIPP's configuration is."""
    Field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="aipp.proto", package="aipp", syntax="proto2")
    op = file.message_type.add(name="Op")
    numbers = iter(range(1, 100))
    for kind, names in AIPP.items():
        for name in names:
            op.field.add(name=name, number=next(numbers), type=getattr(Field, f"TYPE_{kind.upper()}"), label=1)
    for name in ("var_reci_chn_0", "var_reci_chn_1", "var_reci_chn_2"):
        op.field.add(name=name, number=next(numbers), type=Field.TYPE_FLOAT, label=3)
    for name, values in ENUMS.items():
        enum = op.enum_type.add(name=name.title())
        for index, value in enumerate(values):
            enum.value.add(name=value, number=index)
        op.field.add(
            name=name, number=next(numbers), type=Field.TYPE_ENUM, type_name=f".aipp.Op.{name.title()}", label=1
        )
    ops = file.message_type.add(name="Ops")
    ops.field.add(name="aipp_op", number=1, type=Field.TYPE_MESSAGE, type_name=".aipp.Op", label=3)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("aipp.Ops"))()


def ascend(folder: Path, source: np.ndarray) -> np.ndarray:
    """source: the image as it comes to AIPP, [H, W, C] RGB."""
    (op,) = text_format.Parse((folder / "aipp.cfg").read_text(), aipp_message()).aipp_op
    assert (op.aipp_mode, op.related_input_rank, op.csc_switch) == (1, 0, False)
    assert source.shape[:2] == (op.src_image_size_h, op.src_image_size_w)
    x = chw(source, "BGR" if op.rbuv_swap_switch else "RGB")
    if op.crop:
        top, left = op.load_start_pos_h, op.load_start_pos_w
        x = x[:, top : top + op.crop_size_h, left : left + op.crop_size_w]
    channels = range(x.shape[0])
    means = [getattr(op, f"mean_chn_{c}") + getattr(op, f"min_chn_{c}") for c in channels]
    return affine(x, means, [getattr(op, f"var_reci_chn_{c}")[0] for c in channels])


def rknn(folder: Path, monkeypatch: Any) -> np.ndarray:
    """Runs convert.py with a toolkit that records its calls."""
    calls: dict[str, dict[str, Any]] = {}

    class Recorder:
        def __getattr__(self, name: str) -> Any:
            return lambda *args, **kwargs: calls.update({name: {"args": args, **kwargs}})

    api = types.ModuleType("rknn.api")
    api.RKNN = Recorder  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rknn", types.ModuleType("rknn"))
    monkeypatch.setitem(sys.modules, "rknn.api", api)
    monkeypatch.setattr(sys, "argv", ["convert.py", "rv1126"])
    here = Path.cwd()
    try:
        runpy.run_path(str(folder / "convert.py"))
    finally:
        os.chdir(here)
    assert list(calls) == ["config", "load_caffe", "build", "export_rknn", "release"]
    for key in ("model", "blobs"):
        assert (folder / calls["load_caffe"][key]).exists()
    config = calls["config"]
    images = (folder / calls["build"]["dataset"]).read_text().splitlines()
    x = rgb(folder / images[0]).transpose(2, 0, 1)
    x = x[[int(i) for i in config["reorder_channel"].split()]] if x.shape[0] == 3 else x
    return affine(x, config["mean_values"][0], 1 / np.array(config["std_values"][0]))


def commands(script: Path, *tools: str, **environment: str) -> dict[str, argparse.Namespace]:
    """Runs a script whose tools only print their arguments. Returns {tool: {option: value}}."""
    folder = script.parent / ".bin"
    folder.mkdir()
    for tool in tools:
        (folder / tool).write_text('#!/bin/sh\nprintf "%s\\0" "$(basename "$0")" "$@"; printf "\\n"\n')
        (folder / tool).chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    done = subprocess.run(["sh", str(script)], env={"PATH": path, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {}
    for line in done.stdout.splitlines():
        tool, *arguments = line.rstrip("\0").split("\0")
        options: dict[str, Any] = {"arguments": []}
        words = [part for word in arguments for part in (word.split("=", 1) if word.startswith("--") else [word])]
        while words:
            word = words.pop(0)
            if word.startswith("-"):
                options[word.lstrip("-")] = words.pop(0)
            else:
                options["arguments"].append(word)
        found[tool] = argparse.Namespace(**options)
    return found


def sophgo(folder: Path) -> np.ndarray:
    names = "model_transform.py", "run_calibration.py", "model_deploy.py"
    found = commands(folder / "convert.sh", *names, PROCESSOR="bm1684x")
    transform, calibration, last = (found[name] for name in names)
    assert (folder / transform.model_def).exists() and (folder / transform.model_data).exists()
    assert calibration.arguments == [transform.mlir] == [last.mlir] and calibration.o == last.calibration_table
    images = sorted((folder / calibration.dataset).glob("*.png"))
    assert len(images) == int(calibration.input_num)
    means, scales = (list(map(float, word.split(","))) for word in (transform.mean, transform.scale))
    return affine(chw(rgb(images[0]), transform.pixel_format.upper()), means, scales)


def sigmastar(folder: Path, source: np.ndarray) -> np.ndarray:
    config = configparser.ConfigParser()
    config.read(folder / "input_config.ini")
    section = {key: value.strip(";") for key, value in config["INPUT_CONFIG"].items()}
    assert section["input_formats"] == section["training_input_formats"] and section["quantizations"] == "TRUE"
    order = section["training_input_formats"]
    colors = ("blue", "green", "red") if order == "BGR" else ("red", "green", "blue")
    return affine(
        chw(source, order), [float(section[f"mean_{color}"]) for color in colors], 1 / float(section["std_value"])
    )


def openvino(folder: Path, source: np.ndarray, order: str) -> np.ndarray:
    (found,) = commands(folder / "convert.sh", "mo").values()
    assert (folder / found.input_proto).exists() and (folder / found.input_model).exists()
    means, scales = (
        list(map(float, word.removeprefix("data[").removesuffix("]").split(",")))
        for word in (found.mean_values, found.scale_values)
    )
    return affine(chw(source, order), means, 1 / np.array(scales))


def mnn(folder: Path) -> np.ndarray:
    found = commands(folder / "convert.sh", "MNNConvert", "quantized.out")
    assert (folder / found["MNNConvert"].prototxt).exists() and (folder / found["MNNConvert"].modelFile).exists()
    source, _, name = found["quantized.out"].arguments
    assert source == found["MNNConvert"].MNNModel
    settings = json.loads((folder / name).read_text())
    images = sorted((folder / settings["path"]).glob("*.png"))
    assert len(images) == settings["used_image_num"]
    x = chw(rgb(images[0]), settings["format"])
    assert x.shape[1:] == (settings["height"], settings["width"])
    return affine(x, settings["mean"], settings["normal"])
