"""The calibration table that ncnn's ncnn2int8 reads: as data, as a file, and what is wrong with one.

table.py: Table. file.py: reading and writing. check.py: problems that ncnn would not report.
targets.py: the layers that a table can quantise. weights.py: the scales of their weights.
"""
