"""Frontends: from a model or a file to a Graph.

torch/:      an nn.Module, run once under a tracer.       trace(model, inputs)
caffe/:      prototxt and caffemodel.                     load_caffe(prototxt, caffemodel)
mmdnn/:      MMdnn's intermediate representation.         load_ir(network, weights)
tensorflow/: TensorFlow 1, by way of MMdnn's nodes.       load_tensorflow(network, weights)
onnx/:       ONNX, without running it.                    load_onnx(network)

Each finds the function registered in layers/ for what it reads, and lists all that has none in one UnsupportedError.
Frontends do not import backends, nor each other, except that tensorflow/ builds on mmdnn/.
"""
