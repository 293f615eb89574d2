# ruff: noqa: T201 - it prints a table
"""How fast weights are written and read: 553 MB in VGG-16's blobs, against a plain file of the same bytes.

usage: python tests/bench/bench_weights.py [folder]
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import caffe_proto

CHANNELS = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
DENSE = [25088, 4096, 4096, 1000]


def network():
    """A network with layers of VGG-16's sizes, and its blobs."""
    layers, blobs = [], []
    for index, (inputs, outputs) in enumerate(zip(CHANNELS, CHANNELS[1:], strict=False)):
        settings = {"num_output": outputs, "kernel_size": [3], "pad": [1]}
        layers.append({"name": f"conv{index}", "type": "Convolution", "convolution_param": settings})
        blobs.append([np.ones((outputs, inputs, 3, 3), np.float32), np.ones(outputs, np.float32)])
    for index, (inputs, outputs) in enumerate(zip(DENSE, DENSE[1:], strict=False)):
        settings = {"num_output": outputs}
        layers.append({"name": f"fc{index}", "type": "InnerProduct", "inner_product_param": settings})
        blobs.append([np.ones((outputs, inputs), np.float32), np.ones(outputs, np.float32)])
    return {"layer": layers}, blobs


def write_plain(path):
    _, blobs = network()
    with timed(), Path(path).open("wb") as stream:
        for blob in (blob for arrays in blobs for blob in arrays):
            stream.write(blob.data)


def write_caffemodel(path):
    net, blobs = network()
    with timed():
        caffe_proto.write_caffemodel(net, blobs, path)


def write_caffemodel_from_double(path):
    net, blobs = network()
    blobs = [[blob.astype(np.float64) for blob in arrays] for arrays in blobs]
    with timed():
        caffe_proto.write_caffemodel(net, blobs, path)


def read_plain(path):
    with timed():
        Path(path).read_bytes()


def read_headers(path):
    with timed():
        caffe_proto.read_caffemodel(path)


def read_structure(path):
    with timed():
        _ = caffe_proto.read_caffemodel(path).net


def read_and_sum(path):
    with timed():
        for layer in caffe_proto.read_caffemodel(path).layers:
            for blob in layer.blobs:
                blob.sum()


class timed:
    """Prints the seconds that a block took and the most memory the process had, in MB."""

    def __enter__(self):
        self.before = peak()
        self.started = time.perf_counter()

    def __exit__(self, *error):
        print(time.perf_counter() - self.started, self.before, peak())


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


STEPS = [
    write_plain,
    write_caffemodel,
    write_caffemodel_from_double,
    read_plain,
    read_headers,
    read_structure,
    read_and_sum,
]


def main(folder):
    """Runs each step three times in a process of its own and prints the fastest.

    This process stays small: on Linux a child's peak starts from its parent's.
    """
    path = Path(folder) / "bench.caffemodel"
    rows = [(step, *min(run(step, path) for _ in range(3))) for step in STEPS]
    print(f"{path.stat().st_size / 1e6:.0f} MB\n{'':30} {'seconds':>9} {'peak MB':>9} {'of it added':>12}")
    for step, seconds, before, after in rows:
        print(f"{step.__name__.replace('_', ' '):30} {seconds:9.3f} {after:9.0f} {after - before:12.0f}")


def run(step, path):
    """Seconds, and megabytes before and at the most."""
    command = [sys.executable, __file__, step.__name__, str(path)]
    words = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return [float(word) for word in words]


if __name__ == "__main__":
    if len(sys.argv) == 3:
        globals()[sys.argv[1]](sys.argv[2])
    else:
        with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) == 2 else None) as scratch:
            main(scratch)
