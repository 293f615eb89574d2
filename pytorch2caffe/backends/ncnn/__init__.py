"""Writes a Graph as ncnn's .param and .bin files.

enters: a Graph; for int8 also a calibration table (table/), which `quantize` computes.
leaves: the two files, or one error that lists every problem; then no file is written.

Start with save_ncnn in writer.py. lower.py rewrites the graph into layers that ncnn has; ops.py converts nodes to the
layers of a .param file, with fusion and Splits; int8.py quantizes the weights of the layers in the table; param_bin.py
writes both files and reads them back. The form of each layer in ncnn is its `to_ncnn` method, in layers/.
"""
