"""MMdnn's commands as people write them, word for word."""

import pytest
import torch

pytest.importorskip("tensorflow")

from pytorch2caffe import load_caffe, load_ir  # noqa: E402
from pytorch2caffe.cli.mmdnn.convert import main as mmconvert  # noqa: E402
from pytorch2caffe.cli.mmdnn.toir import main as mmtoir  # noqa: E402
from tests.frontends.tensorflow.tf_nets import tf  # noqa: E402
from tests.paths import ROOT  # noqa: E402

LINES = [
    "-f tensorflow -w frozen.pb --inNodeName input --inputShape 16,16,3 --dstNodeName output -o d",
    "-f tensorflow --frozen_pb frozen.pb --inNodeName input --inputShape 16 16 3 --dstNodeName output -o d",
    "--srcFramework tensorflow --network frozen.pb --inputShape 16,16,3 --dstNode output --dstPath d",
]


@pytest.fixture
def frozen(tmp_path, monkeypatch):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 16, 16, 3], "input")
        tf.nn.relu(tf.nn.conv2d(x, tf.ones([3, 3, 3, 4]), [1, 1, 1, 1], "SAME"), "output")
    (tmp_path / "frozen.pb").write_bytes(graph.as_graph_def().SerializeToString())
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("line", LINES)
def test_mmtoir(line, frozen):
    assert mmtoir(line.split()) == 0
    assert load_ir("d.json", "d.npy").inputs[0].shape == (1, 3, 16, 16)


def test_mmconvert_without_a_network(frozen):
    line = "-sf tensorflow -iw frozen.pb --inNodeName input --inputShape 16,16,3 --dstNodeName output -df caffe -om d"
    assert mmconvert(line.split()) == 0
    assert load_caffe("d.prototxt", "d.caffemodel").inputs[0].shape == (1, 3, 16, 16)


def test_without_any_file(frozen, capsys):
    assert mmtoir(["-f", "tensorflow", "-o", "d"]) == 2
    assert "no file is named: give --network" in capsys.readouterr().err


@pytest.mark.parametrize(("framework", "way"), [("keras", "--from keras"), ("cntk", "ModelFormat.ONNX")])
def test_what_is_not_read_has_a_way(framework, way, frozen, capsys):
    assert mmtoir(["-f", framework, "-n", "net.json", "-w", "net.h5", "-o", "d"]) == 2
    assert way in capsys.readouterr().err


@pytest.mark.parametrize("target", ["cntk", "tensorflow"])
def test_what_is_not_written(target, frozen, capsys):
    assert mmconvert(f"-sf caffe -in n.prototxt -iw n.caffemodel -df {target} -om n".split()) == 2
    assert capsys.readouterr().err.endswith(f"{target!r} is not supported: choose from caffe, pytorch, onnx\n")


def test_a_network_of_mxnet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = ROOT / "tests" / "frontends" / "mxnet" / "data"
    line = f"-f mxnet -n {data / 'resnet-symbol.json'} -w {data / 'resnet-0000.params'} -d d --inputShape 3,17,17"
    assert mmtoir(line.split()) == 0
    assert load_ir("d.json", "d.npy").inputs[0].shape == (1, 3, 17, 17)


def test_a_phase_of_caffe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = 'layer { name: "data" type: "Data" top: "x" include { phase: TRAIN } data_param { batch_size: 2 }'
    data += " transform_param { crop_size: 4 mean_value: [1, 2, 3] } }"
    (tmp_path / "net.prototxt").write_text(data + 'layer { name: "r" type: "ReLU" bottom: "x" top: "r" }')
    assert mmtoir(["-f", "caffe", "-n", "net.prototxt", "-o", "d"]) == 2
    assert mmtoir(["-f", "caffe", "-n", "net.prototxt", "-o", "d", "--caffePhase", "TRAIN"]) == 0
    assert torch.Size(load_ir("d.json", "d.npy").inputs[0].shape) == (2, 3, 4, 4)
