"""Darknet's .cfg and .weights to Graph: start with load.py.

enters: the text of sections [convolutional], [route] ..., and a file of float32 in their order. leaves: a Graph whose
outputs are the maps that [yolo], [region] and [detection] read.
"""

from .load import load_darknet

__all__ = ["load_darknet"]
