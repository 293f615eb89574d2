"""Whole Caffe networks as PyTorch: every output is real Caffe's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pytorch2caffe import generate, load_caffe, save_caffe, save_torch, to_torch
from pytorch2caffe.backends.torch.generate import load
from pytorch2caffe.runtime.run import run
from tests.frontends.caffe.caffe_networks import NETWORKS, feeds, fill
from tests.layers.conftest import outputs_of, relative_l2
from tests.style import check_style

TOLERANCE = 1e-5


@pytest.mark.parametrize("name", NETWORKS)
def test_every_output_is_real_caffes(name, tmp_path, real_caffe):
    files = fill(NETWORKS[name](), tmp_path / "net", real_caffe)
    graph = load_caffe(*files)
    source, state = generate(graph)
    check_style(source)
    model = load(source, state)
    seen = []
    for seed in (0, 1):
        fed = feeds({value.name: value.shape for value in graph.inputs}, seed)
        tops = {top: array for (_, top), array in real_caffe.run(*files, fed).items()}
        with torch.no_grad():
            found = outputs_of(model(*map(torch.from_numpy, fed.values())))
        for value, array in zip(graph.outputs.values(), found, strict=True):
            assert relative_l2(array, tops[value.top]) < TOLERANCE, value.name
        seen.append(found)
    for one, other in zip(*seen, strict=True):
        assert relative_l2(one, other) > 1e-3  # the outputs do depend on the inputs


@pytest.mark.parametrize("name", NETWORKS)
def test_saved_files_stand_alone(name, tmp_path, real_caffe):
    graph = load_caffe(*fill(NETWORKS[name](), tmp_path / "net", real_caffe))
    code, weights = save_torch(graph, tmp_path / "model")
    space: dict[str, object] = {"__name__": "owned"}
    exec(compile(code.read_text(), str(code), "exec"), space)
    (made,) = [item for item in space.values() if isinstance(item, type) and item.__module__ == "owned"]
    assert "pytorch2caffe" not in code.read_text()
    model = made()
    model.load_state_dict(torch.load(weights, weights_only=True))
    model.eval()
    fed = feeds({value.name: value.shape for value in graph.inputs}, 2)
    with torch.no_grad():
        found = outputs_of(model(*map(torch.from_numpy, fed.values())))
    tops = {top: array for (_, top), array in run(graph, fed).items()}
    for value, array in zip(graph.outputs.values(), found, strict=True):
        assert relative_l2(array, tops[value.top]) < TOLERANCE


@pytest.mark.parametrize("name", ["AlexNet", "GoogLeNet", "ResNet", "VGG of 2014"])
def test_another_batch_size_runs_too(name, tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(NETWORKS[name]())
    graph = load_caffe(path)
    (x,) = graph.inputs
    with torch.no_grad():
        outputs = outputs_of(to_torch(graph)(torch.zeros(3, *x.shape[1:])))
    assert [array.shape for array in outputs] == [(3, *value.shape[1:]) for value in graph.outputs.values()]


@pytest.mark.parametrize("name", NETWORKS)
def test_caffe_to_caffe_gives_the_same_numbers(name, tmp_path, real_caffe):
    files = fill(NETWORKS[name](), tmp_path / "net", real_caffe)
    again = tmp_path / "again.prototxt", tmp_path / "again.caffemodel"
    graph = load_caffe(*files)
    lowered = save_caffe(graph, *again, dialect="caffe-master" if name == "LSTM" else "caffe")
    fed = feeds({value.name: value.shape for value in graph.inputs}, 0)
    ours, theirs = ({top: a for (_, top), a in real_caffe.run(*pair, fed).items()} for pair in (again, files))
    for value, written in zip(graph.outputs.values(), lowered.outputs.values(), strict=True):
        assert relative_l2(ours[written.name], theirs[value.top]) < TOLERANCE


def test_shared_weights_are_one_module_and_one_parameter(tmp_path, real_caffe):
    graph = load_caffe(*fill(NETWORKS["Siamese"](), tmp_path / "net", real_caffe))
    source, state = generate(graph)
    assert source.count("self.conv1 = ") == 1 and "conv1_p" not in source
    assert source.count("self.conv1(") == 2
    assert "self.other.weight = self.feat.weight" in source
    model = load(source, state)
    assert model.other.weight is model.feat.weight
    assert len(list(model.parameters())) == 8
    assert [line for line in source.splitlines() if "def forward" in line] == ["    def forward(self, data, data_p):"]


def test_upsampling_stays_a_transposed_convolution(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(NETWORKS["FCN"]())
    source, _ = generate(load_caffe(path))
    assert "nn.ConvTranspose2d(5, 5, 16, stride=8, groups=5, bias=False)" in source


def test_batch_norm_and_scale_are_one_module(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(NETWORKS["ResNet"]())
    source, state = generate(load_caffe(path))
    assert source.count("nn.BatchNorm2d(") == source.count("nn.Conv2d(")
    assert "affine" not in source and "Parameter" not in source
    assert np.isfinite([float(tensor.sum()) for tensor in state.values()]).all()


def test_the_names_of_several_inputs_stay_theirs(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(NETWORKS["LSTM"]())
    source, _ = generate(load_caffe(path))
    assert "    def forward(self, data, words, cont):\n        x = self.conv(data)\n" in source
    assert not any(line.strip().startswith(("data =", "words =", "cont =", "del cont")) for line in source.splitlines())


@pytest.mark.parametrize("length", range(18, 22))
def test_a_docstring_is_never_too_long(length, tmp_path):
    """Also where its one line would just fit without the quotes."""
    path = tmp_path / "net.prototxt"
    path.write_text(
        "".join(
            f'layer {{ name: "{top}" type: "Input" top: "{top}" input_param {{ shape {{ dim: 1 dim: 2 }} }} }} '
            f'layer {{ name: "t{top}" type: "TanH" bottom: "{top}" top: "t{top}" }} '
            for top in ("a" * 10, "b" * length)
        )
    )
    check_style(generate(load_caffe(path))[0])
