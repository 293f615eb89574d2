"""Dialects from TOML files, with one clear error for a malformed one."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Collection
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from ...errors import ConversionError, reading
from ...graph.registry import LAYERS, load_layers
from .dialect import Dialect, Limits, Rule, Spelling

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent / "dialects"
STRINGS = "a list of strings"
TOP = {
    "summary": "a string",
    "rests_on": "a string",
    "extends": "a string",
    "keeps": STRINGS,
    "without": STRINGS,
    "ignores": STRINGS,
    "layers": "a table",
    "reads": "a table",
    "spelling": "a table",
    "limits": "a table",
    "fold": "a table",
    "runtime": "a string",
    "safe_in": STRINGS,
    "rules": "a list of tables",
}
LIMITS = {
    "name_length": "a number above 0",
    "names_without": "a string",
    "inputs": "a number above 0",
    "float32": "a boolean",
    "open_reshapes": "a boolean",
    "old_forms": "a boolean",
    "shared_weights": "a boolean",
    "leftovers": "a boolean",
    "outputs_by_top": "a boolean",
    "any_size": "a boolean",
    "outputs": "a number above 0",
    "batch": "a number above 0",
    "side": "a number above 0",
    "ranks": "a table",
    "caffemodels": "a number above 0",
}
RULE = {
    "layer": "a string",
    "when": "a table",
    "only": "a table",
    "min": "a table",
    "max": "a table",
    "length": "a table",
    "side": "a number above 0",
    "once": STRINGS,
    "whole": STRINGS,
    "after": STRINGS,
    "through": STRINGS,
    "after_when": "a table",
    "after_unless": "a table",
    "why": "a string",
    "fix": "a string",
}
KINDS = {
    "a string": lambda v: isinstance(v, str),
    "a boolean": lambda v: isinstance(v, bool),
    "a number above 0": lambda v: isinstance(v, int) and not isinstance(v, bool) and v > 0,
    "a number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "a table": lambda v: isinstance(v, dict),
    "a list": lambda v: isinstance(v, list),
    STRINGS: lambda v: isinstance(v, list) and all(isinstance(item, str) for item in v),
    "a list of tables": lambda v: isinstance(v, list) and all(isinstance(item, dict) for item in v),
}


def names() -> list[str]:
    """The dialects that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def dialect(name: str) -> Dialect:
    """A dialect by name, or from a TOML file of your own.

    Raises ConversionError if there is none, and, naming file, table and key, if it is malformed.

    >>> from pytorch2caffe.layers.shape.tile import Tile
    >>> print(dialect("caffe").takes(Tile(), []), dialect("caffe-master").takes(Tile(), []))
    Refusal(what='caffe has no layer Tile', fix='') None
    """
    return _read(Path(name), ()) if name.endswith(".toml") else _shipped(name)


@cache
def _shipped(name: str) -> Dialect:
    return _read(FOLDER / f"{name}.toml", ())


def _read(path: Path, extended_by: tuple[Path, ...]) -> Dialect:
    if not path.is_file():
        if path.parent != FOLDER and not extended_by:
            raise ConversionError(f"there is no file {path}; a name without .toml is one of {', '.join(names())}")
        near = difflib.get_close_matches(path.stem.lower(), names(), 1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(names())}, and files: my-chip.toml"
        who = f"{extended_by[-1]}: extends: " if extended_by else ""
        raise ConversionError(f"{who}no dialect {path.stem if path.parent == FOLDER else str(path)!r}{hint}")
    if path.resolve() in extended_by:
        raise ConversionError(f"{path}: extends: it extends itself")
    with reading(path, "a dialect"):
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConversionError(f"{path}: {error}") from error
        return _of_table(path, table, extended_by)


def _of_table(path: Path, table: dict[str, Any], extended_by: tuple[Path, ...]) -> Dialect:
    _Checker(path).check(table)
    base = _base(path, table, extended_by)
    for key in ("keeps", "without"):
        for type in table.get(key, []):
            if base is None or type not in base.layers:
                raise ConversionError(f"{path}: {key}: what it extends has no layer {type!r}")
    found = _dialect(path.stem, table, base)
    if path.parent != FOLDER:  # those of this package are checked by its tests
        check_names(found, path, table)
    return found


def check_names(found: Dialect, path: Path, table: dict[str, Any]) -> None:
    """Raises ConversionError for a rule or spelling about a layer or field that there is not: it would never apply."""
    load_layers()
    for number, rule in enumerate(table.get("rules", []), 1):
        where, type = f"{path}: [[rules]] {number}", rule["layer"]
        _known(f"{where}: layer", type, found.layers)
        names = [*(name for part in ("when", "only", "min", "max", "length") for name in rule.get(part, {}))]
        for other in [*rule.get("after", []), *rule.get("through", [])]:
            _known(f"{where}: after", other, found.layers)
        for other in rule.get("after", []):
            for name in [*rule.get("after_when", {}), *rule.get("after_unless", {})]:
                _known(f"{where}: {other}", name.partition("[")[0], fields_of(other, found))
        for name in [*names, *rule.get("once", []), *rule.get("whole", [])]:
            _known(f"{where}: {type}", name.partition("[")[0], fields_of(type, found))
    for key in table.get("spelling", {}):
        type, _, field = key.partition(".")
        _known(f"{path}: [spelling]", type, found.layers)
        _known(f"{path}: [spelling] {type}", field, found.layers[type])


def fields_of(type: str, found: Dialect) -> set[str]:
    """What a rule about a layer type may be about: its settings, the fields that are written, and `bottoms`."""
    settings = {f.name for f in fields(LAYERS[type])} if type in LAYERS else set()  # type: ignore[arg-type]
    return {"bottoms", "ranks", *settings, *found.layers[type]}


def _known(where: str, name: str, names: Collection[str]) -> None:
    if name not in names:
        near = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(names)) or 'none'}"
        raise ConversionError(f"{where} {name!r} is not known; {hint}")


def _base(path: Path, table: dict[str, Any], extended_by: tuple[Path, ...]) -> Dialect | None:
    if "extends" not in table:
        return None
    name = table["extends"]
    other = path.parent / name if name.endswith(".toml") else FOLDER / f"{name}.toml"
    return _read(other, (*extended_by, path.resolve()))


def _dialect(name: str, table: dict[str, Any], base: Dialect | None) -> Dialect:
    base = base or Dialect(name, "", "", {})
    own = {type: frozenset(fields) for type, fields in table.get("layers", {}).items()}
    kept = {type: base.layers[type] for type in table.get("keeps", base.layers) if type not in table.get("without", [])}
    limits = {f.name: getattr(base.limits, f.name) for f in fields(Limits)} | table.get("limits", {})
    limits["ranks"] = {**base.limits.ranks, **limits["ranks"]}
    return Dialect(
        name,
        table.get("summary", ""),
        table.get("rests_on", ""),
        {type: kept.get(type, frozenset()) | own.get(type, frozenset()) for type in {**kept, **own}},
        frozenset(base.ignores) | frozenset(table.get("ignores", [])),
        {**base.spelling, **{key: Spelling(**value) for key, value in table.get("spelling", {}).items()}},
        Limits(**limits),
        (*base.rules, *(Rule(**rule) for rule in table.get("rules", []))),
        table.get("fold", {}).get("batch_norm", base.folds_batch_norm),
        table.get("safe_in", base.safe_in),
        table.get("runtime", ""),
        {type: frozenset(fields) for type, fields in table.get("reads", {}).items()},
    )


class _Checker:
    """Raises ConversionError at the first thing in a file that is not as it should be."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self, table: dict[str, Any]) -> None:
        self._table("", table, TOP)
        if "layers" not in table and "extends" not in table:
            self._fail("layers", 'a dialect needs this table of layer types and their fields, or extends = "caffe"')
        for key in ("layers", "reads"):
            for type, names in table.get(key, {}).items():
                self._kind(f"[{key}] {type}", names, STRINGS)
        self._table("[limits] ", table.get("limits", {}), LIMITS)
        for type, rank in table.get("limits", {}).get("ranks", {}).items():
            self._kind(f"[limits.ranks] {type}", rank, "a number above 0")
        self._table("[fold] ", table.get("fold", {}), {"batch_norm": "a boolean"})
        for key, value in table.get("spelling", {}).items():
            self._spelling(key, value)
        for number, rule in enumerate(table.get("rules", []), 1):
            self._rule(f"[[rules]] {number}: ", rule)

    def _spelling(self, key: str, value: Any) -> None:
        if key.count(".") != 1:
            self._fail(f"[spelling] {key}", 'write it as "Layer.field", in quotes')
        self._kind(f"[spelling] {key}", value, "a table")
        self._table(f"[spelling] {key}.", value, {"field": "a string", "values": "a table"}, ["field"])

    def _rule(self, where: str, rule: dict[str, Any]) -> None:
        self._table(where, rule, RULE, ["layer", "why"])
        for part in ("when", "only", "length", "after_when", "after_unless"):
            for name, values in rule.get(part, {}).items():
                self._kind(f"{where}{part}.{name}", values, "a list")
        for part in ("min", "max"):
            for name, value in rule.get(part, {}).items():
                self._kind(f"{where}{part}.{name}", value, "a number")

    def _table(self, where: str, table: dict[str, Any], known: dict[str, str], needed: list[str] | None = None) -> None:
        for key, value in table.items():
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                self._fail(
                    f"{where}{key}",
                    f"no such key; did you mean {near[0]}?" if near else f"no such key; there are {', '.join(known)}",
                )
            self._kind(f"{where}{key}", value, known[key])
        for key in needed or []:
            if key not in table:
                self._fail(f"{where}{key}", "is missing")

    def _kind(self, where: str, value: Any, kind: str) -> None:
        if not KINDS[kind](value):
            self._fail(where, f"must be {kind}, not {value!r}")

    def _fail(self, where: str, what: str) -> None:
        raise ConversionError(f"{self.path}: {where}: {what}")
