"""What PyTorch source computes of shapes alone, in place of torch: importing torch costs seconds, and shapes need none.

enters: the source of a layer (`to_torch`) and the shapes of its inputs.
leaves: the shapes of its outputs (`shapes_of` in run.py), or NotModelled: whoever asked runs it in torch instead.

tensor.py is the tensor of which only the shape is known; functions.py stands for `torch` and `torch.nn.functional`,
modules.py for `torch.nn`. What is not modelled, or is not certain to be accepted by torch, raises. The tests of layers
compare every shape that they meet with that of PyTorch's meta device.
"""
