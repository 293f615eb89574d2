"""Runs written files in real runtimes and compares them with the model, blob by blob.

enters: a model, or a Graph, and the files that were written from it; the name of a runtime.
leaves: a Comparison (compare.py) with a row per blob, the first difference and hints about its cause.

Start with verify.py for Caffe files and compare_ncnn.py for ncnn files. runtimes/ has a file for each runtime: the
built-in one, BVLC Caffe in a process of its own, OpenCV and ncnn. hints.py recognizes common causes of a difference;
report.py prints a comparison as a line, a table or JSON.

second_look.py looks again at a comparison (compare.py) that fails: local.py runs each part of the file in float64
on the model's own values, judge.py decides whether what remains is rounding, lowest.py where -inf is the lowest float.
"""
