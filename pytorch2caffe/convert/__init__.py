"""Complete conversions: read, write, and compare both. The library behind the commands.

export.py:      a PyTorch model to Caffe files, compared before they appear.
lower_files.py: Caffe files rewritten for another dialect.
frameworks.py:  load_network and save_network, by the framework's name; source.py describes what to read.
check_files.py: what a dialect does not support in Caffe files.
supported.py:   the tables of supported layers and dialects; where.py: the file and line of one of them.
mmdnn/:         what MMdnn's commands write besides the IR.
"""
