"""Graph to PyTorch: start with generate.py.

enters: a Graph. leaves: the source of one nn.Module as a person would write it, and its state_dict.

passes.py joins what Caffe expresses in several layers, names.py and layout.py make the source readable, save.py
writes it and proves it.
"""
