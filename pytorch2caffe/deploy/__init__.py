"""What a toolchain wants beside the two Caffe files: configuration, image lists, command lines.

enters: Caffe files, how images become their inputs (quantize/preprocess.py), and calibration images.
leaves: a folder PREFIX.TOOLCHAIN with the files that its public user guide describes.

Start with write.py. Each toolchain is a file with `files`, which returns the texts by name, and `NEEDS_IMAGES`; add one
and its name to TOOLCHAINS. handover.py is what they are written from.
"""

TOOLCHAINS = ("nnie", "ascend", "rknn", "sophgo", "sigmastar", "openvino", "mnn", "ncnn")
