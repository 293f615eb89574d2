"""MMdnn's intermediate representation to Graph: start with reader.py, load_ir.

enters: .json or .pb with .npy, or nodes that the TensorFlow frontend made. leaves: a Graph, channels first.

operator.py is what a function registered with `@from_ir` receives: attributes and weights, checked, and the layout.
"""
