"""MMdnn's commands, with its names and flags: mmtoir, mmtocode, mmtomodel, mmconvert, mmdownload, mmvismeta."""

from __future__ import annotations

import sys

from .convert import main as mmconvert
from .download import main as mmdownload
from .tocode import main as mmtocode
from .toir import main as mmtoir
from .tomodel import main as mmtomodel
from .vismeta import main as mmvismeta

COMMANDS = {
    "mmconvert": mmconvert,
    "mmdownload": mmdownload,
    "mmtocode": mmtocode,
    "mmtoir": mmtoir,
    "mmtomodel": mmtomodel,
    "mmvismeta": mmvismeta,
}
__all__ = ["COMMANDS", *COMMANDS, "entry_point"]


def entry_point() -> None:
    """The installed commands; the name of the program decides which one runs."""
    from pathlib import Path

    sys.exit(COMMANDS[Path(sys.argv[0]).stem](sys.argv[1:]))
