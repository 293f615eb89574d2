"""Generates PyTorch source from a Graph.

enters: a Graph.
leaves: the source of one nn.Module, written as a person would write it, and its state_dict; or both as files (save.py).

Start with `generate` in generate.py. passes.py lists the passes that join what PyTorch expresses as one layer;
names.py names the class, its members and variables; line_wrap.py wraps long lines as `ruff format` does. The source of
each layer is its `to_torch` method, in layers/; the built-in runtime executes the same source.
"""
