"""The preprocessing of a network's inputs as a JSON file beside its table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

from caffe_proto.files import atomic_write

from ..errors import ConversionError, reading
from .preprocess import Preprocess

MOST_SIDE = 1 << 16  # pixels
REQUIRED = {"height", "width"}
LISTS = ("mean", "norm", "resize", "fill")
WORDS = ("order", "fit", "interpolation", "tensors")
SINCE = ("fit", "fill", "stride", "interpolation", "tensors")  # written only if they are not the default


def preprocess_path(table: str | Path) -> Path:
    """The path of the preprocessing file that belongs to a table."""
    return Path(f"{table}.preprocess.json")


def save_preprocess(inputs: Mapping[str, Preprocess], path: str | Path) -> None:
    """Writes the preprocessing of each input of a network, by the name of the input, as JSON."""
    with atomic_write(path, "w", encoding="utf-8") as stream:
        stream.write(to_json(inputs))


def to_json(inputs: Mapping[str, Preprocess]) -> str:
    """The text of the preprocessing file."""
    return json.dumps({name: _entry(one) for name, one in inputs.items()}, indent=1) + "\n"


def _entry(one: Preprocess) -> dict[str, Any]:
    defaults = {field.name: field.default for field in fields(one) if field.default is not MISSING}
    settings = asdict(one)
    return {
        key: value
        for key, value in settings.items()
        if key not in SINCE or value != defaults[key] or key == "fill" and one.fit != "stretch"
    }


def load_preprocess(path: str | Path) -> dict[str, Preprocess]:
    """Reads a file written by `save_preprocess`. Raises ConversionError if it is not such a file."""
    with reading(path, "a preprocessing file"):
        entries = json.loads(Path(path).read_text(encoding="utf-8"))
        if not isinstance(entries, dict) or not entries:
            raise ConversionError("it must be a JSON object with an entry for each input")
        return {name: _read(path, name, entry) for name, entry in entries.items()}


def _read(path: str | Path, name: str, entry: Any) -> Preprocess:
    known = {field.name for field in fields(Preprocess)}
    if not isinstance(entry, dict) or not REQUIRED <= set(entry) <= known:
        raise ConversionError(
            f"{path}: input {name!r} must have height and width, and may have {', '.join(sorted(known))}"
        )
    for key in LISTS:
        value = entry.get(key)
        if value is not None and not (isinstance(value, Sequence) and all(isinstance(v, (int, float)) for v in value)):
            raise ConversionError(f"{path}: input {name!r}: {key} must be a list of numbers")
    for key in ("height", "width", "stride"):
        if type(entry.get(key, 0)) is not int or entry.get(key, 0) > MOST_SIDE:
            raise ConversionError(f"{path}: input {name!r}: {key} must be an integer of at most {MOST_SIDE}")
    for side in entry.get("resize") or ():
        if type(side) is not int or side > MOST_SIDE:
            raise ConversionError(f"{path}: input {name!r}: resize must be integers of at most {MOST_SIDE}")
    for key in WORDS:
        if not isinstance(entry.get(key, ""), str):
            raise ConversionError(f"{path}: input {name!r}: {key} must be a word")
    lists = {key: tuple(entry[key]) for key in LISTS if entry.get(key) is not None}
    return Preprocess(**{**entry, **lists})
