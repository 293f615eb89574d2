"""What one reader of Caffe files takes, read from a TOML file."""

from __future__ import annotations

import difflib
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import ConversionError
from ..registry import Layer

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent


@dataclass(frozen=True, eq=False)
class Dialect:
    """A reader of Caffe files.

    layers:   the fields it takes, by layer type.
    summary:  who that is; rests_on: how we know.
    """

    name: str
    summary: str
    rests_on: str
    layers: dict[str, frozenset[str]]

    def lacks(self, layer: Layer) -> str | None:
        """Why this reader cannot take `layer` as it stands, or None if it can."""
        fields = self.layers.get(layer.type)
        if fields is None:
            return f"no layer {layer.type}"
        unknown = [name for name in layer.to_caffe() if name not in fields]
        return f"no {', '.join(unknown)} in {layer.type}" if unknown else None


def names() -> list[str]:
    """The dialects that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def dialect(name: str) -> Dialect:
    """A dialect by name, or from a TOML file of your own. Raises ConversionError if there is none or it is malformed.

    >>> from pytorch2caffe.layers.expand import Tile
    >>> dialect("caffe").lacks(Tile()), dialect("caffe-master").lacks(Tile())
    ('no layer Tile', None)
    """
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    if not path.is_file():
        near = difflib.get_close_matches(name, names(), 1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(names())}"
        raise ConversionError(f"no dialect {name!r}{hint}")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return _checked(path, table)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConversionError(f"{path}: {error}") from error


def _checked(path: Path, table: dict[str, Any]) -> Dialect:
    base = dialect(table["extends"]).layers if "extends" in table else {}
    layers = {type: frozenset(fields) for type, fields in table.get("layers", {}).items()}
    if not (base or layers):
        raise ConversionError(f"{path}: a dialect needs a table [layers] of layer types and their fields")
    merged = {type: base.get(type, frozenset()) | layers.get(type, frozenset()) for type in {*base, *layers}}
    return Dialect(path.stem, table.get("summary", ""), table.get("rests_on", ""), merged)
