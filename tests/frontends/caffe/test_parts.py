"""Parts of Caffe networks, other batches, phases and stages; on the command line too."""

import numpy as np
import pytest
import torch

from pytorch2caffe import ConversionError, UnsupportedError, load_caffe, to_torch
from pytorch2caffe.cli import main
from tests.layers.forks import write_weights

NET = """name: "n" input: "data" input_shape { dim: 10 dim: 3 dim: 8 dim: 8 }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "ip1" type: "InnerProduct" bottom: "conv" top: "ip1" inner_product_param { num_output: 5 } }
layer { name: "last" type: "TanH" bottom: "ip1" top: "ip1" }
"""
PROPOSAL = """layer { name: "prop" type: "Proposal" bottom: "conv" bottom: "ip1" top: "rois" }
layer { name: "roi" type: "ROIPooling" bottom: "conv" bottom: "rois" top: "roi"
    roi_pooling_param { pooled_h: 2 pooled_w: 2 } }
layer { name: "cls" type: "InnerProduct" bottom: "roi" top: "cls" inner_product_param { num_output: 2 } }
"""
SHAPES = {"conv": [(4, 3, 3, 3), (4,)], "ip1": [(5, 144), (5,)], "cls": [(2, 16), (2,)]}


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)

    def write(text):
        path = tmp_path / "net.prototxt"
        path.write_text(text)
        weights = {name: [random.normal(0, 0.2, shape) for shape in shapes] for name, shapes in SHAPES.items()}
        return path, write_weights(path, tmp_path / "net.caffemodel", weights)

    return write


def test_outputs_keep_the_names_of_their_tops(files):
    graph = load_caffe(*files(NET))
    assert list(graph.outputs) == ["ip1"]
    graph.validate()


def test_the_parts_give_what_the_whole_gives(files):
    prototxt, caffemodel = files(NET)
    x = torch.randn(10, 3, 8, 8)
    whole = to_torch(load_caffe(prototxt, caffemodel))(x)
    first = load_caffe(prototxt, caffemodel, end=["conv"])
    second = load_caffe(prototxt, caffemodel, start={"conv": (10, 4, 6, 6)})
    assert [node.name for node in first.nodes] == ["conv", "relu"]
    assert [value.name for value in second.inputs] == ["conv"]
    torch.testing.assert_close(to_torch(second)(to_torch(first)(x)), whole)


def test_the_error_that_names_a_layer_proposes_the_cut(files):
    prototxt, caffemodel = files(NET + PROPOSAL)
    with pytest.raises(UnsupportedError, match="Proposal") as caught:
        load_caffe(prototxt, caffemodel)
    assert str(caught.value).endswith("What does not depend on these can be converted: --end ip1 --end conv")
    assert list(load_caffe(prototxt, caffemodel, end=["ip1", "conv"]).outputs) == ["ip1", "conv"]
    second = load_caffe(prototxt, caffemodel, start={"roi": (7, 4, 2, 2)})
    assert [node.name for node in second.nodes] == ["cls"]


def test_a_blob_that_there_is_not(files):
    with pytest.raises(ConversionError, match="--end fc8: no layer has this top"):
        load_caffe(*files(NET), end=["fc8"])


def test_another_batch(files):
    graph = load_caffe(*files(NET), batch=1)
    assert graph.inputs[0].shape == (1, 3, 8, 8)


DATA = """layer { name: "data" type: "Data" top: "data" include { phase: TRAIN }
    data_param { batch_size: 4 } transform_param { crop_size: 8 } }"""


def test_phases_and_stages(files):
    body = NET.split("\n", 1)[1]
    prototxt, caffemodel = files(DATA + body)
    with pytest.raises(UnsupportedError, match="excludes here"):
        load_caffe(prototxt, caffemodel)
    assert load_caffe(prototxt, caffemodel, phase="TRAIN").inputs[0].shape == (4, 3, 8, 8)
    files(DATA.replace("phase: TRAIN", 'stage: "eval"') + body)
    with pytest.raises(UnsupportedError, match="give --stage eval"):
        load_caffe(prototxt, caffemodel)
    assert load_caffe(prototxt, caffemodel, stages=["eval"]).inputs


def test_a_python_layer_that_reads_nothing_is_an_input(files):
    python = 'layer { name: "data" type: "Python" top: "data" top: "label" python_param { module: "m" layer: "L" } }'
    prototxt, caffemodel = files(python + NET.split("\n", 1)[1])
    with pytest.raises(UnsupportedError, match="it depends on the data that Python reads"):
        load_caffe(prototxt, caffemodel)
    assert len(load_caffe(prototxt, caffemodel, input_shape=(1, 3, 8, 8)).inputs) == 1


def test_ncnn_gets_one_sample_by_itself(files, capsys):
    prototxt, caffemodel = map(str, files(NET))
    assert main(["ncnn", prototxt, caffemodel, "-o", "net"]) == 0
    assert "note: the file has 10 samples; ncnn has no batch axis: written for 1 (--batch 1)" in capsys.readouterr().err
    assert main(["ncnn", prototxt, caffemodel, "--batch", "2", "-o", "two"]) == 2


def test_the_commands_have_the_options(files, capsys):
    prototxt, caffemodel = map(str, files(NET + PROPOSAL))
    assert main(["lower", prototxt, caffemodel, "--end", "conv", "--batch", "1", "-o", "low"]) == 0
    assert [value.shape for value in load_caffe("low.prototxt", "low.caffemodel").inputs] == [(1, 3, 8, 8)]
    assert main(["check", prototxt, caffemodel, "--end", "ip1"]) == 0
    assert main(["summary", prototxt, "--start", "roi=3,4,2,2"]) == 0
    assert "cls" in capsys.readouterr().out
    assert main(["lower", prototxt, caffemodel, "--start", "3,4,2,2", "-o", "low"]) == 2
    assert "name the blob" in capsys.readouterr().err


@pytest.mark.parametrize("framework", ["caffe", pytest.param("onnx", marks=pytest.mark.slow), "ir"])
def test_every_frontend_is_cut(framework, files):
    pytest.importorskip("onnx" if framework == "onnx" else "numpy")
    source = [*map(str, files(NET))]
    if framework != "caffe":
        assert main(["convert", *source, "--from", "caffe", "--to", framework, "-o", "net"]) == 0
        source = ["net.onnx"] if framework == "onnx" else ["net.pb", "net.npy"]
    part = ["--start", "conv=10,4,6,6", "--end", "ip1", "--from", framework, "--to", "caffe", "-o", "part"]
    assert main(["convert", *source, *part]) == 0
    graph = load_caffe("part.prototxt", "part.caffemodel")
    assert [value.shape for value in graph.inputs] == [(10, 4, 6, 6)]
