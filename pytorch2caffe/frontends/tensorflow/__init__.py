"""TensorFlow's checkpoints, frozen graphs and SavedModels to MMdnn IR nodes, and so to Graph: start with read.py.

enters: a .ckpt with its .meta, a .pb or .pbtxt, a SavedModel. leaves: IR nodes (read_tensorflow), a Graph.

files.py, node_defs.py, variables.py read the files; package.py imports as much of tensorflow as that needs. convert.py
reads a graph node by node: fold.py computes constants, rules_*.py make IR nodes of the rest, control_flow.py and
dropout.py decide what runs at inference. tidy.py removes what no output needs.
"""

from .read import load_tensorflow, read_tensorflow

__all__ = ["load_tensorflow", "read_tensorflow"]
