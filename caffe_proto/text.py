"""Reading prototxt: from a file or a text to a network in the current format."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import CaffeFormatError
from .files import FilePath
from .parse import UnknownField, parse_text
from .upgrade import upgrade

log = logging.getLogger("caffe_proto")

MOST_BYTES = 1 << 24  # the largest published prototxt has about 1 MB


@dataclass(frozen=True)
class Prototxt:
    """A network as read from text.

    net:     the NetParameter message, in the current format: `layer` with string types, inputs as Input layers.
    unknown: fields left out because caffe.proto does not have them or their value.
    ignored: settings of V0 layers that Caffe ignores too, "layer 'x': num_output of a V0 layer of type relu".
    """

    net: Any
    unknown: tuple[UnknownField, ...] = ()
    ignored: tuple[str, ...] = ()


def read_prototxt(source: FilePath) -> Prototxt:
    """Reads a prototxt of any generation: the current one, V1 and V0 (`layers`), `input` with its dimensions.

    source: a path; or the text itself, where it is a str with a brace or a line break in it.

    Fields that are not in caffe.proto, those of forks, are left out, listed in the result and logged as a warning; so
    are enums with values that it does not have.
    Comments may be in any encoding. Raises CaffeFormatError with file, line and reason for anything that is not a
    prototxt, OSError for a file that cannot be opened.

    >>> read_prototxt('layer { name: "prob" type: "Softmax" }').net.layer[0].type
    'Softmax'
    """
    if isinstance(source, str) and any(mark in source for mark in "{\n\0"):
        text, where = source, "prototxt"
        if len(text) > MOST_BYTES:
            raise CaffeFormatError(f"prototxt: a text of {len(text):,} characters is not a prototxt")
    else:
        where = os.fspath(source)
        text = _text_of(Path(source))
    if "\0" in text:
        raise CaffeFormatError(f"{where}: a binary file, not a prototxt: give the prototxt first, then the caffemodel")
    net, unknown = parse_text(text, "NetParameter", where)
    try:
        ignored = upgrade(net)
    except CaffeFormatError as error:
        raise CaffeFormatError(f"{where}: {error}") from None
    missing = net.FindInitializationErrors()
    if missing:
        raise CaffeFormatError(f"{where}: required fields are missing: {', '.join(missing)}")
    left_out = [*map(str, unknown), *ignored]
    if left_out:
        more = f" and {len(left_out) - 10} more" if len(left_out) > 10 else ""
        log.warning("%s: ignored, unknown fields: %s%s", where, "; ".join(left_out[:10]), more)
    return Prototxt(net, tuple(unknown), tuple(ignored))


def _text_of(path: Path) -> str:
    if path.is_dir():
        raise CaffeFormatError(f"{path}: a folder, not a prototxt")
    with path.open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if b"\0" not in content and len(content) > MOST_BYTES:
        raise CaffeFormatError(f"{path}: more than {MOST_BYTES:,} bytes: too large for a prototxt")
    if b"\0" in content:
        raise CaffeFormatError(f"{path}: a binary file, not a prototxt (the caffemodel?)")
    return content.decode("utf-8-sig", "surrogateescape")
