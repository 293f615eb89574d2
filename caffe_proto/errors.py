"""The one exception of this package."""

from __future__ import annotations


class CaffeFormatError(ValueError):
    """A file or a network is not what Caffe reads; the message says which, where in it, and what is wrong."""
