"""Complete conversions: read, write, and prove that both are equal. The library behind the commands.

export.py:      a PyTorch model to Caffe files, compared before they appear.
lower_files.py: Caffe files rewritten for another dialect.
frameworks.py:  load_network and save_network, by the framework's name; source.py says what to read.
check_files.py: Caffe files against what a dialect accepts.
supported.py:   the tables of supported layers and dialects.
mmdnn/:         what MMdnn's commands make besides the IR.
"""
