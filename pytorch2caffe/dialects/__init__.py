"""Who reads the file: each dialect is a TOML file that lists what one reader of Caffe's format takes."""

from .lower import lower
from .profile import Dialect, dialect, names

__all__ = ["Dialect", "dialect", "lower", "names"]
