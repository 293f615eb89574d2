"""Damages every other kind of file that is read, and reads it: `python -m tests.fuzz.files 5000 --seed 1`.

Weights, complete models and programs of PyTorch, arrays, pictures, settings, tables, dialects, a worker's replies.
Every case must be read or end in an error that names the file, within seconds and in little memory, and write nothing.
"""

from __future__ import annotations

import io
import json
import logging
import pickle
import random
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from caffe_proto import read_caffemodel, read_prototxt
from pytorch2caffe.backends.caffe.dialect_file import dialect
from pytorch2caffe.backends.ncnn.table.file import parse
from pytorch2caffe.errors import ConversionError
from pytorch2caffe.formats.npy import read_npy, read_npz
from pytorch2caffe.frontends.torch.loading.checkpoints import load_weights
from pytorch2caffe.frontends.torch.loading.models import load_model
from pytorch2caffe.quantize.image_files import decode
from pytorch2caffe.quantize.preprocess import Preprocess
from pytorch2caffe.quantize.preprocess_file import load_preprocess, to_json
from pytorch2caffe.verify.runtimes import RuntimeFailed
from pytorch2caffe.verify.runtimes.process import WorkerProcess
from pytorch2caffe.verify.runtimes.worker import CaffeWorker
from tests.fuzz.loop import damaged, main, run_cases

MOST_BYTES = 600e6  # beyond what the process had at its start
NETWORK = """layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 1 dim: 4 dim: 4 } } }
layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 2 kernel_size: 3 } }
"""


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x).reshape(x.shape[0], -1)


def _of_save(item: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(item, stream, **options)
    return stream.getvalue()


def _of_numpy(save: Callable[..., Any], *arrays: Any, **named: Any) -> bytes:
    stream = io.BytesIO()
    save(stream, *arrays, **named)
    return stream.getvalue()


def _picture(form: str) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (8, 9, 3), np.uint8)
    Image.fromarray(pixels).save(stream, form)
    return stream.getvalue()


def _program() -> bytes:
    stream = io.BytesIO()
    size = torch.export.Dim("n", min=2, max=8)
    torch.export.save(
        torch.export.export(Net().eval(), (torch.zeros(2, 1, 4, 4),), dynamic_shapes=({0: size},)), stream
    )
    return stream.getvalue()


def _script() -> bytes:
    stream = io.BytesIO()
    torch.jit.save(torch.jit.trace(Net().eval(), torch.zeros(1, 1, 4, 4)), stream)
    return stream.getvalue()


def _safetensors() -> bytes:
    from safetensors.torch import save

    return save(Net().state_dict())


def _caffemodel() -> bytes:
    from caffe_proto import write_caffemodel

    with tempfile.TemporaryDirectory() as folder:
        blobs = [[], [np.ones((2, 1, 3, 3), np.float32), np.zeros(2, np.float32)]]
        write_caffemodel(
            read_prototxt(_written(Path(folder) / "net.prototxt", NETWORK.encode())).net, blobs, Path(folder) / "a"
        )
        return (Path(folder) / "a").read_bytes()


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _weights(path: Path) -> Any:
    return load_weights(Net(), path)


class _Replies(WorkerProcess):
    """A worker whose replies are bytes that are given."""

    def __init__(self, reply: bytes) -> None:
        self.command_line, self._stderr_lines = "worker", []  # type: ignore[assignment]
        self._input, self._output = io.BytesIO(), io.BufferedReader(io.BytesIO(reply))  # type: ignore[arg-type]

    def _limited_to(self, timeout: float, error: Any, banner: Any) -> Any:
        return _invalid(error)

    def has_ended(self) -> bool:
        return False

    def close(self) -> None:
        return None


class _invalid:
    def __init__(self, error: type[Exception]) -> None:
        self.error = error

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, _: Any) -> None:
        from pytorch2caffe.verify.runtimes.process import INVALID

        if isinstance(error, (*INVALID, MemoryError)):
            raise self.error("invalid") from error


def _reply(path: Path) -> Any:
    worker = CaffeWorker(["worker"])
    worker._process = _Replies(path.read_bytes())
    return worker.run("", b"", {})


REPLY = b'{"results": [["conv", "c"], ["relu", "r"]], "shapes": [[1, 2], [3]], "sizes": [8, 12]}\n' + bytes(20)
# kind -> (suffix, a whole file, what reads it)
READERS: dict[str, tuple[str, Callable[[], bytes], Callable[[Path], Any]]] = {
    "prototxt": (".prototxt", NETWORK.encode, read_prototxt),
    "caffemodel": (".caffemodel", _caffemodel, lambda path: list(read_caffemodel(path).layers)),
    "state_dict": (".pth", lambda: _of_save(Net().state_dict()), _weights),
    "state_dict before torch 1.6": (
        ".pth",
        lambda: _of_save(Net().state_dict(), _use_new_zipfile_serialization=False),
        _weights,
    ),
    "checkpoint": (".pth", lambda: _of_save({"model": Net().state_dict(), "epoch": 3, "args": {"lr": 0.1}}), _weights),
    "plain pickle": (
        ".pkl",
        lambda: pickle.dumps({"conv.weight": np.ones((2, 1, 3, 3)), "conv.bias": np.ones(2)}),
        _weights,
    ),
    "weights .npz": (
        ".npz",
        lambda: _of_numpy(np.savez, **{"conv.bias": np.ones(2), "conv.weight": np.ones((2, 1, 3, 3))}),
        _weights,
    ),
    "safetensors": (".safetensors", _safetensors, _weights),
    "complete model": (
        ".pth",
        lambda: _of_save(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())),
        lambda path: load_model(str(path)),
    ),
    "exported program": (".pt2", _program, lambda path: load_model(str(path))),
    "TorchScript": (".pt", _script, lambda path: load_model(str(path))),
    "array": (
        ".npy",
        lambda: _of_numpy(np.save, np.ones((3, 4), np.float32)),
        lambda path: read_npy(path.read_bytes()),
    ),
    "arrays": (
        ".npz",
        lambda: _of_numpy(np.savez_compressed, a=np.ones((3, 4))),
        lambda path: read_npz(path.read_bytes()),
    ),
    "PNG": (".png", lambda: _picture("PNG"), lambda path: decode(path.read_bytes())),
    "JPEG": (".jpg", lambda: _picture("JPEG"), lambda path: decode(path.read_bytes())),
    "GIF": (".gif", lambda: _picture("GIF"), lambda path: decode(path.read_bytes())),
    "TIFF": (".tif", lambda: _picture("TIFF"), lambda path: decode(path.read_bytes())),
    "WebP": (".webp", lambda: _picture("WEBP"), lambda path: decode(path.read_bytes())),
    "preprocessing": (
        ".json",
        lambda: to_json({"x": Preprocess(4, 4, (1.0,), (2.0,), "RGB", (5,))}).encode(),
        load_preprocess,
    ),
    "table": (".table", lambda: b"conv_param_0 1.5 2.5\nconv 3.5\n", parse),
    "dialect": (
        ".toml",
        lambda: (Path("pytorch2caffe/backends/caffe/dialects/opencv.toml")).read_bytes(),
        lambda path: dialect(str(path)),
    ),
    "a worker's reply": (".reply", lambda: REPLY, _reply),
}
SLOW = {"exported program", "TorchScript", "dialect"}  # a tenth as many of these
REFUSALS = (ConversionError, RuntimeFailed)
OF_BYTES = {"array", "arrays"}  # functions of bytes, whose callers name the file


def _rezipped(content: bytes, chance: random.Random) -> bytes:
    """An archive with one damaged member: bytes that are damaged at random break the checksums of an archive first."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    chosen = chance.choice(source.namelist())
    with zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            data = source.read(name)
            archive.writestr(zipfile.ZipInfo(name), damaged(data or b"0", chance) if name == chosen else data)
    return target.getvalue()


def _json_changed(content: bytes, chance: random.Random) -> bytes:
    """A JSON text in which one value is of another kind."""
    head, _, rest = content.partition(b"\n")
    text = content if content[:2] == b"{\n" else head
    data = json.loads(text)
    places: list[tuple[Any, Any]] = []

    def collect(item: Any) -> None:
        for key in item if isinstance(item, dict) else range(len(item)) if isinstance(item, list) else ():
            places.append((item, key))
            collect(item[key])

    collect(data)
    if places:
        holder, key = chance.choice(places)
        holder[key] = chance.choice([None, "x", -1, 2**40, 1.5, [], {}, True, [[]], "1"])
    return json.dumps(data).encode() + (b"\n" + rest if text is head else b"")


def one(folder: Path, kind: str, whole: bytes, chance: random.Random) -> str:
    """One case of one reader: "read" or "refused". Raises whatever else comes out."""
    suffix, _, read = READERS[kind]
    content = whole
    if whole[:2] == b"PK" and chance.random() < 0.7:
        content = _rezipped(whole, chance)
    elif whole[:1] == b"{" and chance.random() < 0.7:
        content = _json_changed(whole, chance)
    else:
        content = damaged(whole, chance)
    path = folder / f"case{suffix}"
    path.write_bytes(content)
    before = sorted(folder.rglob("*"))
    try:
        read(path)
    except REFUSALS as error:
        assert str(error)
        result = "refused"
    except ValueError as error:
        assert kind in OF_BYTES or type(error).__name__ == "CaffeFormatError", repr(error)
        result = "refused"
    else:
        result = "read"
    assert sorted(folder.rglob("*")) == before, "a file was written"
    return result


def fuzz(count: int, seed: int, kinds: list[str] | None = None) -> str:
    """A line for each reader. Raises AssertionError, with the case's number, at the first case that goes wrong."""
    logging.disable(logging.CRITICAL)
    lines = []
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in kinds or READERS:
            folder = Path(name) / kind.replace(" ", "_")
            folder.mkdir()
            torch.manual_seed(0)
            whole = READERS[kind][1]()
            cases = max(count // 10, 1) if kind in SLOW else count
            case = lambda chance, kind=kind, folder=folder, whole=whole: one(folder, kind, whole, chance)  # noqa: E731
            lines.append(f"{kind}: {run_cases(cases, seed, case, MOST_BYTES)}")
    logging.disable(logging.NOTSET)
    return "\n".join(lines)


if __name__ == "__main__":
    main(fuzz, __doc__)
