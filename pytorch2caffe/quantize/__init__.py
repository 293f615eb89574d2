"""Calibration for int8 in ncnn: from images to activations, thresholds and a calibration table.

enters: a Graph with weights (job.py reads Caffe files) and images or tensors (images.py, npy.py, preprocess.py).
leaves: a Calibration with a scale for each layer (calibration.py); the files of a job: the table, the preprocessing as
JSON, an HTML and a JSON report.

Start with `run` in job.py, which does all of it, then calibrate.py. forward.py runs the network; histogram.py collects
activations; thresholds.py, kl.py and reference_kl.py choose thresholds; simulate.py computes int8 layers in PyTorch;
sensitivity.py measures each layer's loss and keeps layers in float to meet an accuracy budget; html_report.py and
json_report.py write the reports. The table itself is in backends/ncnn/table/.
"""
