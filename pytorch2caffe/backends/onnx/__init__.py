"""Graph to ONNX: start with writer.py, save_onnx.

torch.onnx exports a module that has one child per layer (network.py): its rules are kept by people who know ONNX, and
the result has few, plain operators. names.py gives nodes, weights and values the names of the layers.

enters: a Graph. leaves: NAME.onnx, or one error.
"""
