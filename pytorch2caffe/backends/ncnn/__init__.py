"""Graph to ncnn's .param and .bin: start with writer.py, save_ncnn.

enters: a Graph; for int8 a calibration table (table/). leaves: two files, or every problem in one error.

lower.py expresses the graph in ncnn's layers, ops.py turns nodes into lines, int8.py quantises weights,
param_bin.py writes the files and checks them as ncnn reads them.
"""
