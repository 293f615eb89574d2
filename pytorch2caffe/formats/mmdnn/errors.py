"""The error for files of the IR."""

from __future__ import annotations

from ...errors import ConversionError


class IrFormatError(ConversionError):
    """A .json, .pb or .npy that is damaged, hostile or not such a file."""
