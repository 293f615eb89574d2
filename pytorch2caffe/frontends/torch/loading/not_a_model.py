"""What to write instead of something that does not name a model."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

FORMS = (
    "path/file.py:Net or package.module:Net, with arguments if needed, net.py:make(classes=7); torchvision:NAME, "
    "timm:NAME, hf:FOLDER, ultralytics:NAME.yaml; an exported program FILE.pt2, a TorchScript program FILE.pt, or a "
    "complete model FILE.pth"
)
OTHER_FILES = {
    ".onnx": "an ONNX file: `pytorch2caffe export {spec} -o NAME`, or --from onnx in `convert`",
    ".prototxt": "a Caffe file: `pytorch2caffe convert {spec} NET.caffemodel --from caffe --to pytorch -o NAME`, or "
    "`lower`, `check`, `ncnn`",
    ".caffemodel": "the weights of a Caffe file: give its prototxt first, in `convert --from caffe`, `lower` or `ncnn`",
    ".pb": "a TensorFlow graph or MMdnn IR: --from tensorflow or --from ir in `convert`",
    ".meta": "a TensorFlow graph: --from tensorflow in `convert`",
    ".json": "perhaps MMdnn IR: --from ir in `convert`",
    ".param": "an ncnn file, which is not read: start from the model that it was made from",
    ".tflite": "a TensorFlow Lite file, which is not read: convert it to ONNX first, for example with tf2onnx",
    ".h5": "a Keras file: save it as a SavedModel, and give that to `convert --from tensorflow`",
    ".keras": "a Keras file: save it as a SavedModel, and give that to `convert --from tensorflow`",
    ".safetensors": "a file of weights: name the model, path/file.py:Net, and give it with --weights {spec}",
    ".npz": "a file of weights: name the model, path/file.py:Net, and give it with --weights {spec}",
}


def what_to_write(spec: str) -> str:
    """A sentence that names the obvious next thing.

    >>> what_to_write("models.Net")
    "'models.Net' is not a model: write models:Net, with a colon before the name of the model"
    """
    suffix = Path(spec).suffix.lower()
    if suffix in OTHER_FILES:
        return f"{spec} is {OTHER_FILES[suffix].format(spec=spec)}"
    if suffix == ".py" or Path(f"{spec}.py").is_file():
        names = list(_modules_in(Path(spec if suffix else f"{spec}.py")))
        choice = " or ".join(f"{spec}:{name}" for name in names[:4]) or f"{spec}:Net"
        return f"{spec} is a file: name the model in it too, {choice}"
    if Path(spec).is_dir():
        hub = "it has a config.json: write hf:" + spec if (Path(spec) / "config.json").is_file() else ""
        return f"{spec} is a folder: {hub or 'name the file and the model in it, path/file.py:Net'}"
    if re.fullmatch(r"[a-z]\w*\d*", spec):
        return (
            f"{spec!r} is not a model: write torchvision:{spec} or timm:{spec} for a network of these packages, or "
            f"path/file.py:{spec} for your own"
        )
    if re.fullmatch(r"[^\W\d][\w.]*\.[^\W\d]\w*", spec):
        with_colon = ":".join(spec.rsplit(".", 1))
        return f"{spec!r} is not a model: write {with_colon}, with a colon before the name of the model"
    return f"{spec!r} is not a model: write {FORMS}"


def _modules_in(path: Path) -> Iterator[str]:
    """The classes of a file whose bases look like nn.Module, read without running it; the last first."""
    try:
        body = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError, RecursionError):
        return
    found: list[str] = []
    for node in body:
        if isinstance(node, ast.ClassDef):
            bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
            if any(base in ("Module", "Sequential", *found) for base in bases):
                found.append(node.name)
    yield from reversed(found)
