"""Keras's own files, .keras and .h5: read by Keras, which exports them as a SavedModel."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import ConversionError
from ...graph.graph import Graph

INSTALL = "Keras is not installed: pip install 'pytorch2caffe[tensorflow]'"


def load_keras(path: str | Path, outputs: str | Sequence[str] | None = None, input_shape: Any = None) -> Graph:
    """Reads a model that Keras saved, .keras or .h5 with its structure; needs keras and tensorflow.

    outputs, input_shape: as for `load_tensorflow`.

    No code of the file runs: Lambda layers, and layers of other modules than Keras, are refused before it is loaded.
    Raises ConversionError for them, for files of weights only and for damaged ones; otherwise as `load_tensorflow`.
    """
    from .read import load_tensorflow

    path = Path(path)
    for kind, module in _classes(_config(path)):
        if kind in ("Lambda", "__lambda__") or module.partition(".")[0] not in ("keras", "tf_keras", "builtins", ""):
            what = f"it has a {kind} of {module or 'the file'}, which runs code of the file"
            raise ConversionError(f"{path}: {what}\n  fix: load it yourself, and use model.export(FOLDER)")
    try:
        import keras
    except ImportError as error:
        raise ConversionError(INSTALL) from error
    try:
        model = keras.saving.load_model(str(path), compile=False, safe_mode=True)
    except (ValueError, TypeError, KeyError, OSError) as error:
        reason = str(error).split("\n")[0][:200]
        raise ConversionError(f"{path}: Keras {keras.__version__} cannot load it: {reason}") from error
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        return load_tensorflow(folder, None, outputs, input_shape)


def _config(path: Path) -> Any:
    """The structure of a model in a file of Keras, as it is in JSON."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return json.loads(archive.read("config.json"))
        import h5py

        with h5py.File(path) as file:
            text = file.attrs.get("model_config")
            if text is None:
                what = "it has weights only"
                raise ConversionError(
                    f"{path}: {what}\n  fix: build the model, load them, and use model.export(FOLDER)"
                )
            return json.loads(text)
    except ImportError as error:
        raise ConversionError(INSTALL) from error
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ConversionError(f"{path}: not a file of Keras: {str(error)[:200]}") from error


def _classes(config: Any) -> Iterator[tuple[str, str]]:
    """The class and the module of every object of a structure."""
    waiting = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if isinstance(part.get("class_name"), str):
                yield part["class_name"], str(part.get("module") or "")
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
