"""Backends: from a Graph to files or source.

caffe/: prototxt and caffemodel in a dialect.   save_caffe(graph, prototxt, caffemodel, dialect)
ncnn/:  .param and .bin, float32 to int8.       save_ncnn(graph, prefix, table)
mmdnn/: MMdnn's intermediate representation.    save_ir(graph, prefix)
torch/: readable PyTorch and its weights.       generate(graph), to_torch(graph), save_torch(graph, ...)

Each runs its passes, expresses every layer in what its target has or lists all that it cannot, and writes only then.
Backends do not import frontends, nor each other.
"""
