"""Graph to MMdnn's intermediate representation: start with writer.py, save_ir.

enters: a Graph. leaves: PREFIX.json, PREFIX.pb and PREFIX.npy, or every layer that the IR cannot express in one error.
"""
