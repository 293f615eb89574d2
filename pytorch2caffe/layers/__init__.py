"""One file a layer: its settings, what makes it (PyTorch, MMdnn's IR), and how each target says it.

A file imports only what its layer is said in, so that no two know each other. What makes a layer and needs more than
that, padding before a convolution, say, stands in a file of its own above it: conv over convolution, pool over pooling,
clamp over clip, arithmetic over binary, getitem over strided_slice, sequence over recurrent.
"""
