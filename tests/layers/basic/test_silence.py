import pytest
import torch

from pytorch2caffe import trace
from pytorch2caffe.backends.caffe.dialect_file import dialect
from pytorch2caffe.backends.caffe.lower import lower
from pytorch2caffe.runtime.infer import infer
from tests.layers.conftest import types_of


def test_pieces_that_nobody_reads_are_silenced(same_everywhere):
    def model(x):
        return x.split(2, 1)[1] * 2

    assert types_of(model, torch.zeros(2, 6, 4)) == ["Slice", "Silence", "Power"]
    same_everywhere(model, torch.randn(2, 6, 4))


@pytest.mark.lacks(mnn="leaves out inputs that nobody reads")
def test_an_input_that_nobody_reads_is_silenced(same_everywhere):
    def model(x, unread):
        return x.relu()

    assert types_of(model, torch.zeros(2, 3), torch.zeros(2, 3)) == ["Silence", "ReLU"]
    same_everywhere(model, torch.randn(2, 3), torch.randn(2, 3))


def test_what_reaches_no_output_is_left_out():
    lowered = lower(trace(lambda x: (x.exp(), x.relu())[1], torch.zeros(2, 3)), dialect("caffe"), infer)
    assert [node.layer.type for node in lowered.nodes] == ["ReLU"]


def test_a_file_that_has_it_is_written_anew(tmp_path):
    from pytorch2caffe import load_caffe, save_caffe
    from tests.layers.conftest import caffe_text

    path = tmp_path / "net.prototxt"
    path.write_text(
        caffe_text(
            'layer { name: "s" type: "Slice" bottom: "x" top: "a" top: "b" } '
            'layer { name: "q" type: "Silence" bottom: "b" } layer { name: "r" type: "ReLU" bottom: "a" top: "r" }',
            x=(2, 4, 3),
        )
    )
    lowered = save_caffe(load_caffe(path), path, tmp_path / "net.caffemodel")
    assert [node.layer.type for node in lowered.nodes] == ["Slice", "Silence", "ReLU"]
    assert list(load_caffe(path).outputs) == ["r"]
