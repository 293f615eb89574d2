"""Runs networks in BVLC Caffe, one after another, for a client that is connected to stdin and stdout.

Needs pycaffe, numpy and Python 2.7 or later, and imports nothing else, so that its text can be passed to a Python
in a chroot, a container or another environment:  python3 -c "$(cat caffe_worker.py)"
Messages contain no paths, because client and worker may have different file systems.

A message is a line of JSON, followed by binary sections whose sizes are in "sizes". Arrays are little-endian float32,
with their shapes in "shapes". The first message is the greeting {"worker": "pytorch2caffe 1", "caffe": version}, or
has "error" if Caffe cannot be imported. Then each request gets one reply, which has "error" if Caffe raised.
If Caffe aborts (a failed CHECK), this process ends, with the reason on stderr. It also ends at the end of input.

    {"do": "layer_types"}                                            -> {"types": [name, ...]}
    {"do": "run", "inputs": [blob, ...], "shapes": [...], "only_outputs": bool,
     "wanted": [top, ...] or null, "caffemodels": int}
        + prototxt + the caffemodels + an array for each input       -> {"results": [[layer, top], ...],
                                                                         "shapes": [...]} + an array for each
    {"do": "time", "inputs": [blob, ...], "shapes": [...], "repeat": int, "caffemodels": int}
        + prototxt + the caffemodels + an array for each input       -> {"layers": [[layer, type], ...],
                                                                         "seconds": [[float, ...], ...]}: the
                                                                         seconds of each layer, for each pass
    {"do": "weights", "seed": int, "blobs": [[layer, index], ...], "shapes": [...]}
        + prototxt + an array for each blob                          -> {} + caffemodel
"""
# Python 2.7 has no zip(strict=), and the pipes stay open to the end:
# ruff: noqa: B905, SIM115, E402

from __future__ import print_function

import sys

sys.path[:] = [path for path in sys.path if path]  # modules of the current folder are not for `python -c`

import io
import json
import os
import shutil
import tempfile
import time

import numpy as np


def take_over_streams():
    """Returns the pipes to the client, and redirects what Caffe prints to stdout to stderr."""
    requests, replies = io.open(os.dup(0), "rb"), io.open(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, replies


def receive(stream):
    """Returns the next (header, list of bytes), or None at the end of input."""
    line = stream.readline()
    if not line:
        return None
    header = json.loads(line.decode("ascii"))
    return header, [stream.read(size) for size in header.get("sizes", [])]


def send(stream, header, sections=()):
    """Writes a message."""
    header = dict(header, sizes=[len(section) for section in sections])
    stream.write(json.dumps(header).encode("ascii") + b"\n")
    for section in sections:
        stream.write(section)
    stream.flush()


def to_arrays(sections, shapes):
    """Converts the bytes of each section to an array."""
    return [np.frombuffer(data, "<f4").reshape(shape) for data, shape in zip(sections, shapes)]


def load(caffe, sections, caffemodels=0):
    """Loads the network in the TEST phase. Takes the prototxt and the caffemodels from the front of `sections`."""
    folder = tempfile.mkdtemp()
    try:
        text, weights = os.path.join(folder, "net.prototxt"), []
        with io.open(text, "wb") as file:
            file.write(sections.pop(0))
        for index in range(caffemodels):
            data = sections.pop(0)
            if data:
                weights.append(os.path.join(folder, "%d.caffemodel" % index))
                with io.open(weights[-1], "wb") as file:
                    file.write(data)
            del data  # free it before Caffe allocates its own copy
        net = caffe.Net(text, caffe.TEST)
        for path in weights:
            net.copy_from(path)
        return net
    finally:
        shutil.rmtree(folder)


def set_inputs(net, arrays):
    """Reshapes the input blobs and copies `arrays` to them. Raises ValueError if they are not the inputs."""
    if set(arrays) != set(net.inputs):
        wanted, given = sorted(map(str, net.inputs)), sorted(map(str, arrays))
        raise ValueError("the inputs are %s, not %s" % (wanted, given))
    for name in net.inputs:
        net.blobs[name].reshape(*arrays[name].shape)
    net.reshape()
    for name in net.inputs:
        net.blobs[name].data[...] = arrays[name]


def forward(net):
    """Yields (layer, top, blob) right after each layer, before an in-place layer overwrites the blob."""
    for index, layer in enumerate(net._layer_names):
        net._forward(index, index)
        tops = [net._blob_names[i] for i in net._top_ids(index)]
        if net.layers[index].type != "Input" and not is_implicit_split(net.layers[index], layer, tops):
            for top, i in zip(tops, net._top_ids(index)):
                yield layer, top, net._blobs[i]


def is_implicit_split(layer, name, tops):
    """Whether Caffe inserted this Split because more than one layer reads a blob."""
    split_tops = ["%s_%d" % (name, i) for i in range(len(tops))]
    return layer.type == "Split" and name.endswith("_split") and tops == split_tops


def run(caffe, header, sections):
    """Answers "run"."""
    net = load(caffe, sections, header["caffemodels"])
    set_inputs(net, dict(zip(header["inputs"], to_arrays(sections, header["shapes"]))))
    results = []
    wanted = header.get("wanted")
    for layer, top, blob in forward(net):
        if wanted is not None and top not in wanted:
            continue
        if header["only_outputs"] and top in net.outputs:
            results = [result for result in results if result[1] != top]  # this in-place layer overwrites it
        if top in net.outputs or not header["only_outputs"]:
            results.append((layer, top, list(blob.data.shape), blob.data.astype("<f4").tobytes()))
    reply = {"results": [result[:2] for result in results], "shapes": [result[2] for result in results]}
    return reply, [result[3] for result in results]


def clock(caffe, header, sections):
    """Answers "time"."""
    net = load(caffe, sections, header["caffemodels"])
    set_inputs(net, dict(zip(header["inputs"], to_arrays(sections, header["shapes"]))))
    net.forward()
    passes = []
    for _ in range(header["repeat"]):
        seconds = []
        for index in range(len(net.layers)):
            start = time.time()
            net._forward(index, index)
            seconds.append(time.time() - start)
        passes.append(seconds)
    layers = [[name, layer.type] for name, layer in zip(net._layer_names, net.layers)]
    return {"layers": layers, "seconds": passes}, []


def weights(caffe, header, sections):
    """Answers "weights"."""
    net = load(caffe, sections)
    fill_at_random(net, np.random.RandomState(header["seed"]))
    for (layer, index), array in zip(header["blobs"], to_arrays(sections, header["shapes"])):
        if layer not in net.params:
            raise ValueError("no layer %r has weights" % str(layer))
        blob = net.params[layer][index]
        if tuple(blob.data.shape) != array.shape:
            raise ValueError("blob %d of %r is %s" % (index, str(layer), tuple(blob.data.shape)))
        blob.data[...] = array
    folder = tempfile.mkdtemp()
    try:
        path = os.path.join(folder, "net.caffemodel")
        net.save(path)
        with io.open(path, "rb") as file:
            return {}, [file.read()]
    finally:
        shutil.rmtree(folder)


def fill_at_random(net, random):
    """Random weights that keep the magnitude of signals; BatchNorm gets a positive variance and a factor of 2."""
    for layer in net.layers:
        for blob in layer.blobs:
            shape = blob.data.shape
            limit = (3.0 * shape[0] / blob.data.size) ** 0.5 if len(shape) > 1 else 1.0
            blob.data[...] = random.uniform(-limit, limit, shape)
        if layer.type == "BatchNorm":
            layer.blobs[1].data[...] = random.uniform(1, 3, layer.blobs[1].data.shape)
            layer.blobs[2].data[...] = 2


def layer_types(caffe, _header, _sections):
    """Answers "layer_types"."""
    return {"types": list(caffe.layer_type_list())}, []


ANSWERS = {"run": run, "time": clock, "weights": weights, "layer_types": layer_types}


def main():
    """Sends the greeting, then answers requests until the end of input."""
    requests, replies = take_over_streams()
    os.environ.setdefault("GLOG_minloglevel", "2")  # read on import: log only errors
    greeting = {"worker": "pytorch2caffe 1", "python": sys.version.split()[0]}
    try:
        import caffe

        caffe.set_mode_cpu()
    except Exception as error:
        return send(replies, dict(greeting, error="%s: %s" % (type(error).__name__, error)))
    send(replies, dict(greeting, caffe=getattr(caffe, "__version__", "unknown")))
    for header, sections in iter(lambda: receive(requests), None):
        try:
            reply, data = ANSWERS[header["do"]](caffe, header, sections)
        except Exception as error:
            reply, data = {"error": "%s: %s" % (type(error).__name__, error)}, []
        send(replies, reply, data)


if __name__ == "__main__":
    main()
