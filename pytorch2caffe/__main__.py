"""python -m pytorch2caffe"""

from .cli import entry_point

entry_point()
