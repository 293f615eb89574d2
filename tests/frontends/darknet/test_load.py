"""Darknet's files, judged by OpenCV's reader of them."""

import cv2
import numpy as np
import pytest
import torch

from pytorch2caffe import ConversionError, UnsupportedError, to_torch
from pytorch2caffe.cli import main
from pytorch2caffe.frontends.darknet import load_darknet

HEAD = "[net]\nwidth=16\nheight=16\nchannels=3\n"


def conv(filters, size=3, more="", activation="leaky", normal=1):
    return (
        f"[convolutional]\nbatch_normalize={normal}\nfilters={filters}\nsize={size}\nstride=1\npad=1\n"
        f"activation={activation}\n{more}\n"
    )


POOL = "[maxpool]\nsize=2\nstride={}\n"
UP = "[upsample]\nstride=2\n"
YOLO = "[yolo]\nmask=0\nanchors=10,14\nclasses=1\nnum=1\n"
NETWORKS = {
    "convolutions and activations": conv(4) + conv(5, 1, activation="linear", normal=0) + conv(4, activation="mish"),
    "a residual block": conv(4) + conv(4, 1) + conv(4) + "[shortcut]\nfrom=-3\nactivation=linear\n",
    "pools of 2": conv(4) + POOL.format(2) + conv(4) + POOL.format(1),
    "pyramid of pools": conv(4)
    + "[maxpool]\nsize=5\nstride=1\n[route]\nlayers=-2\n[maxpool]\nsize=9\nstride=1\n[route]\nlayers=-1,-3,-4\n",
    "route back and up": conv(4) + POOL.format(2) + conv(6) + UP + "[route]\nlayers=-1,0\n" + conv(4, 1),
    "a part of the channels": conv(4) + "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n" + conv(4, 1),
    "YOLOv2's reorg": conv(4) + "[reorg]\nstride=2\n" + conv(4, 1),
    "groups and steps": conv(4) + conv(4, more="groups=2").replace("stride=1", "stride=2"),
    "a classifier": conv(4) + conv(5, 1, activation="linear") + "[avgpool]\n[softmax]\ngroups=1\n",
}


def files(folder, text, seed=0):
    """The .cfg, and .weights with random numbers: as many as a network without weights asks for."""
    cfg, weights = folder / "net.cfg", folder / "net.weights"
    cfg.write_text(HEAD + text)
    random, numbers = np.random.default_rng(seed), []
    for node in load_darknet(cfg).nodes:
        if node.layer.type == "Convolution":
            numbers.append((node.blobs, node.layer.bias_term))
    body = []
    for blobs, bias in numbers:
        count = blobs[0].shape[0]
        body.append(random.normal(0, 0.2, count))
        if not bias:
            body += [random.uniform(0.5, 1.5, count), random.normal(0, 0.2, count), random.uniform(0.5, 1.5, count)]
        body.append(random.normal(0, (2 / np.prod(blobs[0].shape[1:])) ** 0.5, blobs[0].size))
    head = np.array([0, 2, 0], "<i4").tobytes() + np.array([0], "<i8").tobytes()
    weights.write_bytes(head + np.concatenate(body).astype("<f4").tobytes())
    return cfg, weights


@pytest.mark.parametrize("text", NETWORKS.values(), ids=NETWORKS)
def test_gives_what_opencv_gives(text, tmp_path):
    cfg, weights = files(tmp_path, text)
    x = np.random.default_rng(1).standard_normal((1, 3, 16, 16)).astype(np.float32)
    net = cv2.dnn.readNetFromDarknet(str(cfg), str(weights))
    net.setInput(x)
    expected = net.forward()
    with torch.no_grad():
        found = to_torch(load_darknet(cfg, weights))(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=1e-4, atol=1e-5)


def test_the_maps_before_yolo_are_outputs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one = conv(4) + conv(6, 1, activation="linear", normal=0) + YOLO
    cfg, weights = files(tmp_path, one + "[route]\nlayers=-3\n" + conv(4) + conv(6, 1, activation="linear") + YOLO)
    graph = load_darknet(cfg, weights)
    assert [value.shape for value in graph.outputs.values()] == [(1, 6, 16, 16)] * 2
    assert main(["convert", "net.cfg", "net.weights", "--from", "darknet", "--to", "caffe", "-o", "net"]) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (conv(4) + "[lstm]\noutput=3\n", r"\[lstm\] \(line 13\): it is not supported"),
        (conv(4, more="antialiasing=1"), "antialiasing, which may change what it computes"),
        (conv(4, activation="gelu"), "activation=gelu"),
        ("[route]\nlayers=3\n", "layer 3 is not before it"),
    ],
)
def test_what_is_refused(text, message, tmp_path):
    (tmp_path / "net.cfg").write_text(HEAD + text)
    with pytest.raises(UnsupportedError, match=message):
        load_darknet(tmp_path / "net.cfg")


def test_files_that_do_not_fit(tmp_path):
    cfg, weights = files(tmp_path, conv(4))
    cfg.write_text(HEAD + conv(8))
    with pytest.raises(ConversionError, match="it ends before the weights"):
        load_darknet(cfg, weights)
    cfg.write_text(HEAD + conv(2))
    with pytest.raises(ConversionError, match="numbers more than the .cfg has"):
        load_darknet(cfg, weights)
    with pytest.raises(ConversionError, match="not a .cfg of Darknet"):
        load_darknet(weights)
