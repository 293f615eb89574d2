"""File formats that a frontend and a backend share, as plain data. Knows nothing of Graph.

ncnn.py:  a layer of ncnn as data: what a layer's `to_ncnn` returns.
mmdnn/:   MMdnn's intermediate representation: its nodes, its three files, its layout; net.py is what `to_ir` adds to.
output_path.py: whether a file can be written at a path.

Caffe's format has a package of its own, caffe_proto.
"""
