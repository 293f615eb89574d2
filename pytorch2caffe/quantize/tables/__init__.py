"""Tables of other tools from the same calibration: a file per tool, with its source, and write.py, which chooses.

enters: a JobResult, whose calibration observed every value. leaves: the content of one file.
"""
