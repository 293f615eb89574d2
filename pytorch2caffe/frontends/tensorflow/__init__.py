"""TensorFlow 1's graphs, frozen graphs and SavedModels to MMdnn IR nodes, and so to Graph."""

from .read import load_tensorflow, read_tensorflow

__all__ = ["load_tensorflow", "read_tensorflow"]
