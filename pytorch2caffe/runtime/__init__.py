"""The built-in runtime, which executes each layer by its PyTorch source (`to_torch`).

enters: a Graph and an array for each of its inputs.
leaves: the array of every value (run.py), or only output shapes (`infer` in infer.py): shapes/ runs the source
        without torch, as far as it models it; what it does not is run on PyTorch's meta device.

That source is the one definition of what a layer computes: frontends infer shapes with it, backends/torch prints it,
and verify and quantize run it. Start with `build` in build.py, then `run` in run.py. random_inputs.py creates inputs
for comparing two forms of a network.
"""
