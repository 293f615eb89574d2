"""Who reads the file: each dialect is a TOML file that lists what one reader of Caffe's format takes."""

from .check import check
from .lower import lower
from .profile import Dialect
from .toml import dialect, names

__all__ = ["Dialect", "check", "dialect", "lower", "names"]
