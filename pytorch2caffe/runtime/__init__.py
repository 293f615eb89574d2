"""The built-in runtime: executes a layer by the PyTorch source that its `to_torch` gives.

enters: a Graph and arrays. leaves: the arrays that it computes (run.py), or shapes only, on the meta device (build.py).

This is the one semantics of every layer: frontends infer shapes with it, code generation prints the same source,
verification and calibration run it. Start with build.py. random_inputs.py makes inputs to compare two networks on.
"""
