"""Writes the folders of toolchains, and overwrites nothing that it has not written."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np

from caffe_proto import atomic_files, replacement_guard

from ..errors import ConversionError, Refused
from ..formats.own_files import OwnFiles, unguarded
from ..frontends.caffe.reader import load_caffe
from ..graph.graph import Graph, Value
from ..quantize.images import Dataset
from ..quantize.pixels import Pixels, preprocess_of
from ..quantize.preprocess import Preprocess
from ..quantize.preprocess_file import load_preprocess, to_json
from . import TOOLCHAINS
from .handover import Handover

MANIFEST = "written-by-pytorch2caffe.json"
PREPROCESS = "preprocess.json"
MOST_IMAGES = 100  # toolchains recommend 20 to 100


def deploy(
    prototxt: str | Path,
    caffemodel: str | Path,
    prefix: str | Path,
    toolchains: Sequence[str],
    pixels: Pixels,
    images: Sequence[str | Path] = (),
) -> list[Path]:
    """Writes what toolchains want beside the files of a network, each into a folder PREFIX.TOOLCHAIN.

    toolchains: of TOOLCHAINS.
    pixels:     how images become inputs; None if no input is an image.
    images:     calibration images, as for `Dataset`; at most the first 100 are copied, as the network sees them.

    Returns the folders. Other files in them are left alone. Raises ConversionError if a toolchain cannot express the
    preprocessing, or a file to be written is there already, unless an earlier call wrote it and nobody changed it;
    then nothing is written.
    """
    graph = load_caffe(prototxt)
    preprocess = preprocess_of(pixels, graph)
    folders = [Path(f"{prefix}.{toolchain}") for toolchain in toolchains]
    pictures = _pictures(graph, preprocess, images)
    inputs = {value.name: value.shape for value in graph.inputs}
    outputs = tuple(value.top or value.name for value in graph.outputs.values())
    listed = {name: list(found) for name, found in pictures.items()}
    contents: list[dict[str, bytes]] = []
    for toolchain, folder in zip(toolchains, folders, strict=True):
        text, weights = (Path(os.path.relpath(path, folder)).as_posix() for path in (prototxt, caffemodel))
        handover = Handover(Path(prefix).name, text, weights, inputs, outputs, preprocess, listed)
        texts = {**texts_of(toolchain, handover), PREPROCESS: to_json(preprocess)}
        content = {name: text.encode() for name, text in texts.items()}
        if _module(toolchain).NEEDS_IMAGES:
            content |= {path: picture for found in pictures.values() for path, picture in found.items()}
        _check_folder(folder, content)
        contents.append(content)
    for folder, content in zip(folders, contents, strict=True):
        _write_folder(folder, content)
    return folders


def rehearse(
    toolchains: Sequence[str], pixels: Pixels, shapes: Sequence[tuple[int, ...]], images: Sequence[str | Path]
) -> None:
    """Raises what `deploy` would, as far as it can be known before there are files.

    shapes: of the network's inputs; of no use with a preprocessing file, which has the inputs' names.
    """
    inputs: dict[str, tuple[int, ...]]
    if isinstance(pixels, (str, Path, Mapping)):
        preprocess = dict(pixels) if isinstance(pixels, Mapping) else load_preprocess(pixels)
        inputs = {name: (1, one.channels, one.height, one.width) for name, one in preprocess.items()}
    else:
        values = [Value(f"data{index}", shape) for index, shape in enumerate(shapes)]
        preprocess = preprocess_of(pixels, Graph(inputs=values))
        inputs = {value.name: value.shape for value in values}
    listed = {name: ["images/001.png"] for name in inputs} if images else {}
    for toolchain in toolchains:
        texts_of(toolchain, Handover("net", "", "", inputs, ("out",), preprocess, listed))


def texts_of(toolchain: str, handover: Handover) -> dict[str, str]:
    """The text files of a toolchain, by name. Raises ConversionError if it cannot express the preprocessing."""
    module = _module(toolchain)
    if module.NEEDS_IMAGES and handover.preprocess and not handover.images:
        raise Refused(f"{toolchain} needs calibration images", "give them with --images")
    try:
        return module.files(handover)
    except Refused as error:
        raise Refused(f"{toolchain}: {error.what}", error.fix) from error


def _module(toolchain: str) -> ModuleType:
    if toolchain not in TOOLCHAINS:
        raise ConversionError(f"there is no toolchain {toolchain!r}\n  fix: use {', '.join(TOOLCHAINS)}")
    return import_module(f".{toolchain}", __package__)


def _pictures(
    graph: Graph, preprocess: Mapping[str, Preprocess], sources: Sequence[str | Path]
) -> dict[str, dict[str, bytes]]:
    """{input: {path in the folder: the resized and cropped image as PNG}}."""
    if not sources:
        return {}
    dataset = Dataset(sources, graph.inputs, preprocess)
    found = {}
    for name, one in preprocess.items():
        folder = "images" if len(graph.inputs) == 1 else f"images-{re.sub('[^A-Za-z0-9]', '_', name)}"
        pictures = [_png(_as_picture(pixels, one)) for pixels in dataset.images(name, MOST_IMAGES)]
        found[name] = {f"{folder}/{index:03}.png": picture for index, picture in enumerate(pictures, 1)}
    return found


def _as_picture(pixels: np.ndarray, preprocess: Preprocess) -> np.ndarray:
    """uint8 [C, H, W] in the network's order as [H, W, 3 or 4] RGB or RGBA, or [H, W] if it is grey."""
    if preprocess.order == "GRAY":
        return pixels[0]
    red_first = [2, 1, 0, 3] if preprocess.order.startswith("BGR") else [0, 1, 2, 3]
    return pixels[red_first[: preprocess.channels]].transpose(1, 2, 0)


def _check_folder(folder: Path, content: Iterable[str]) -> None:
    """Raises ConversionError if a file that is to be written is there, and was not written here or was changed."""
    if folder.exists() and not folder.is_dir():
        raise ConversionError(f"{folder} is not a folder\n  fix: move it, or change -o")
    ours = _ours(folder)
    guard = replacement_guard.get()
    if isinstance(guard, OwnFiles) and guard.force:
        return
    if foreign := [name for name in content if (folder / name).exists() and name not in ours]:
        listed = ", ".join(foreign[:5])
        raise ConversionError(
            f"{folder}: {listed}: not written by pytorch2caffe, or changed since\n"
            "  fix: move it, change -o, or replace it with --force"
        )


def _ours(folder: Path) -> set[str]:
    """The files of a folder that were written here and are unchanged."""
    manifest = folder / MANIFEST
    try:
        hashes = json.loads(manifest.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return set()
    except ValueError as error:
        raise ConversionError(f"{manifest} is damaged: {error}\n  fix: move the folder, or change -o") from error
    return {
        name
        for name, hash in hashes.items()
        if (folder / name).is_file() and _hash((folder / name).read_bytes()) == hash
    }


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write_folder(folder: Path, content: Mapping[str, bytes]) -> None:
    """Writes all files of a folder together, and removes those that an earlier call wrote and this one does not."""
    stale = _ours(folder) - set(content)
    for name in content:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    manifest = json.dumps({name: _hash(data) for name, data in content.items()}, indent=1) + "\n"
    everything = {**content, MANIFEST: manifest.encode()}
    with unguarded(), atomic_files(*(folder / name for name in everything)) as paths:
        for path, data in zip(paths, everything.values(), strict=True):
            path.write_bytes(data)
    for name in stale:
        (folder / name).unlink()


def _png(picture: np.ndarray) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(stream, "png")
    return stream.getvalue()
