"""Embed as files have it, in real Caffe, in ncnn and in plain layers."""

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import UnsupportedError, save_ncnn, trace
from pytorch2caffe.verify.compare_ncnn import compare_in_ncnn
from pytorch2caffe.verify.runtimes import get
from tests.layers.conftest import types_of

LAYER = 'layer {{ name: "e" type: "Embed" bottom: "x" top: "e" embed_param {{ {} }} }}'


@pytest.mark.parametrize("settings", ["", "bias_term: false"])
@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 1)], ids=str)
def test_means_what_real_caffe_means(shape, settings, same_as_caffe):
    x = np.random.default_rng(0).integers(0, 7, shape)
    same_as_caffe(LAYER.format(f"num_output: 4 input_dim: 7 {settings}"), x=x)


def test_refused_without_its_size(refused):
    refused(LAYER.format("num_output: 3"), "input_dim", x=(5,))


def test_is_one_layer():
    words = torch.zeros(1, 5, dtype=torch.long)
    assert types_of(nn.Embedding(11, 6), words, dialect="caffe-master") == ["Embed"]


def test_a_table_too_large_for_plain_layers_says_how_large():
    words = torch.zeros(1, 500, dtype=torch.long)
    with pytest.raises(UnsupportedError, match="plain layers need a blob of 50000000 numbers, more than 16777216"):
        types_of(nn.Embedding(100000, 2), words, dialect="caffe")


class Tokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.head = nn.Embedding(9, 6), nn.Linear(6, 4)

    def forward(self, x):
        return self.head(self.table(x).tanh())


def test_in_ncnn_an_input_of_whole_numbers_is_read_by_its_own_embed(tmp_path):
    if reason := get("ncnn").unavailable():
        pytest.skip(reason)
    graph = trace(Tokens(), torch.tensor([[3, 0, 8, 1]]))

    def proof(param, binary, files):
        assert "Embed" in [op.type for op in files.lines]
        assert compare_in_ncnn(graph, param, binary, files, tolerance=1e-5).equal

    save_ncnn(graph, tmp_path / "net", proof=proof)
