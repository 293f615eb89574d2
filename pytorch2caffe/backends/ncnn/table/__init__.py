"""The calibration table of ncnn2int8, which has a scale for the input and the weights of each layer that runs in int8.

enters: a Table (table.py) or a table file, and the Graph that it belongs to.
leaves: the file, or a list of every reason why ncnn would refuse or misinterpret the table.

Start with file.py: write_table, read_table, check_table. check.py has the checks that need only data; targets.py finds
the layers that a table can quantize; weights.py computes the scales of their weights.
"""
