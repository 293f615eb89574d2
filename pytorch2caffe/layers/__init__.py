"""Layers: a folder per family, a file per layer: its settings, what makes it, and how each target expresses it.

enters: a call of torch, an operator of MMdnn's IR, a layer of a Caffe file. leaves: nodes in a Graph.

A file imports only the layers that its own are expressed in, so that no two files import each other. A function that
makes a layer and needs others besides is in a file above it: conv over convolution, max_pool over pooling.
Start with activation/relu.py, then docs/adding-a-layer.md. `pytorch2caffe layers --where torch.cumsum` finds the rest.
"""
