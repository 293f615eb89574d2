"""The one exception of this package."""

from __future__ import annotations


class CaffeFormatError(ValueError):
    """A file or a network is not valid for Caffe; the message names it, the position, and what is wrong."""
