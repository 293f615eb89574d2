"""Graph to Caffe's files: start with writer.py, save_caffe.

enters: a Graph and the name of a dialect. leaves: prototxt and caffemodel, or every problem in one error.

dialects/*.toml list what each consumer accepts; dialect.py is such a list as data, dialect_file.py reads it, and
check.py finds everything in a graph that is not in it.
"""
