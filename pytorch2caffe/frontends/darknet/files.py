"""The two files of a Darknet network, as sections and as numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...errors import ConversionError, Refused

MOST_BYTES = 1 << 22


@dataclass
class Section:
    """A section of a .cfg: its kind, the line of its head, and its settings as text; `read` are those looked at."""

    kind: str
    line: int
    settings: dict[str, str] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)

    def text(self, key: str, default: str = "") -> str:
        """A setting, or the default."""
        self.read.add(key)
        return self.settings.get(key, default)

    def integer(self, key: str, default: int) -> int:
        """A setting that is an integer. Raises Refused for anything else."""
        return self.integers(key, [default])[0]

    def integers(self, key: str, default: list[int]) -> list[int]:
        """A setting that is a list of integers. Raises Refused for anything else."""
        text = self.text(key)
        try:
            return [int(part) for part in text.split(",") if part.strip()] or default
        except ValueError:
            raise Refused(f"{key}={text} is not an integer", "correct it") from None


def read_cfg(path: str | Path) -> list[Section]:
    """The sections of a .cfg. Raises ConversionError, with the line, for anything else."""
    with Path(path).open("rb") as stream:
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES or b"\0" in content:
        raise ConversionError(f"{path}: not a .cfg of Darknet (the .weights?)")
    sections: list[Section] = []
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[":
            sections.append(Section(line.strip("[] \t"), number))
        elif "=" in line and sections:
            key, _, value = line.partition("=")
            sections[-1].settings[key.strip()] = value.partition("#")[0].strip()
        else:
            raise ConversionError(f"{path}:{number}: {line[:40]!r} is neither [section] nor key=value")
    if not sections or sections[0].kind not in ("net", "network"):
        raise ConversionError(f"{path}: not a .cfg of Darknet: it does not begin with [net]")
    return sections


class Weights:
    """The numbers of a .weights file, one after the other; zeros without a file."""

    def __init__(self, path: str | Path | None) -> None:
        self.path = path
        self._at = 0
        self._numbers = np.zeros(0, np.float32)
        if path is not None:
            content = Path(path).read_bytes()
            head = np.frombuffer(content[:12], "<i4")
            if len(head) < 3:
                raise ConversionError(f"{path}: not a .weights of Darknet: {len(content)} bytes")
            start = 20 if head[0] * 10 + head[1] >= 2 and head[0] < 1000 and head[1] < 1000 else 16
            self._numbers = np.frombuffer(content[start : start + (len(content) - start) // 4 * 4], "<f4")

    def take(self, *shape: int) -> np.ndarray:
        """The next numbers. Raises ConversionError if there are no more."""
        count = int(np.prod(shape))
        if self.path is None:
            return np.broadcast_to(np.float32(0), shape)
        found = self._numbers[self._at : self._at + count]
        self._at += count
        if len(found) < count:
            raise ConversionError(f"{self.path}: it ends before the weights of the .cfg do: of another network?")
        return found.reshape(shape)

    def check_end(self) -> None:
        """Raises ConversionError if numbers are left."""
        if self.path is not None and self._at != len(self._numbers):
            left = len(self._numbers) - self._at
            raise ConversionError(f"{self.path}: {left:,} numbers more than the .cfg has: of another network?")
