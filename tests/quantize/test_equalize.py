"""Equalised channels: the same network in float, less lost in int8, in ncnn itself where that is installed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pytorch2caffe import load_caffe, save_caffe, trace
from pytorch2caffe.backends.ncnn.table.file import check_table, read_table
from pytorch2caffe.cli import main
from pytorch2caffe.quantize.bias_correction import correct_biases
from pytorch2caffe.quantize.calibrate import Settings, calibrate
from pytorch2caffe.quantize.channel_factors import MARGIN
from pytorch2caffe.quantize.channel_groups import FIXED, ChannelGroups
from pytorch2caffe.quantize.choose_thresholds import CANDIDATES
from pytorch2caffe.quantize.equalize import equalize
from pytorch2caffe.quantize.forward import Forward
from pytorch2caffe.quantize.images import Dataset
from pytorch2caffe.quantize.sensitivity import cosine_loss
from pytorch2caffe.quantize.simulate import int8_calls
from tests.lively import make_lively
from tests.quantize.test_calibrate import tensors
from tests.quantize.test_ncnn import in_ncnn


def norm(channels):
    return nn.BatchNorm2d(channels)


class Blocks(nn.Module):
    """A residual block with a depthwise layer, one with a shuffle, a gate, and two fully connected layers."""

    def __init__(self, activation=nn.ReLU):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), norm(8), activation())
        self.wide = nn.Sequential(nn.Conv2d(8, 24, 1, bias=False), norm(24), activation())
        self.depthwise = nn.Sequential(nn.Conv2d(24, 24, 3, padding=1, groups=24, bias=False), norm(24), activation())
        self.narrow = nn.Sequential(nn.Conv2d(24, 8, 1), norm(8))
        self.side = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, groups=4), norm(4), nn.Conv2d(4, 4, 1), nn.PReLU(4))
        self.gate = nn.Conv2d(8, 8, 1)
        self.fc1, self.fc2 = nn.Linear(8 * 9, 12), nn.Linear(12, 5)

    def forward(self, x):
        x = self.stem(x)
        x = x + self.narrow(self.depthwise(self.wide(x)))
        kept, read = x.chunk(2, 1)
        x = torch.cat((kept, self.side(read)), 1)
        x = x.view(x.shape[0], 2, 4, *x.shape[2:]).transpose(1, 2).flatten(1, 2)
        x = x * torch.sigmoid(self.gate(x.mean((2, 3), keepdim=True)))
        x = F.max_pool2d(F.relu(x), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def uneven(model):
    """Channels of BatchNorm that differ in range by a factor of about 30."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            with torch.no_grad():
                factors = torch.exp(torch.randn(module.num_features))
                module.weight *= factors
                module.bias *= factors
    return model


@pytest.fixture(autouse=True)
def the_same_weights_in_every_run():
    torch.manual_seed(0)


@pytest.fixture
def images():
    return np.random.default_rng(0).normal(size=(24, 3, 8, 8)).astype(np.float32)


def traced(model, images):
    like = torch.from_numpy(images[:1])
    model = uneven(make_lively(model, torch.from_numpy(images), calibrate=True)).eval().requires_grad_(False)
    return model, trace(model, like)


def dataset(graph, images, folder):
    (folder / "x").mkdir(exist_ok=True)
    return Dataset([tensors(folder / "x", images)], graph.inputs, {})


def outputs(graph, images, table=None):
    forward = Forward(graph, len(images))
    calls = int8_calls(forward.graph, table) if table else None
    (output,) = forward.run({graph.inputs[0].name: images}, replace=calls).values()
    return output


def test_the_network_computes_the_same_for_any_input(images, tmp_path):
    model, graph = traced(Blocks(), images)
    assert equalize(graph, dataset(graph, images, tmp_path)) > 30
    for size in (1, 30):  # ReLU: far from the calibration images too
        x = torch.from_numpy(images[::-1].copy()) * size
        expected = model(x)
        assert torch.allclose(outputs(graph, x.numpy()), expected, atol=2e-6 * float(expected.abs().max()) + 1e-6)


def test_most_channels_of_a_depthwise_layer_have_one_range(images, tmp_path):
    _, graph = traced(Blocks(), images)
    before = outputs_of_wide(graph, images)
    equalize(graph, dataset(graph, images, tmp_path))
    after = outputs_of_wide(graph, images)
    live = before.max(0) > 0
    middle = [np.median(each.mean(0)[live]) / each.mean(0).max() for each in (before, after)]
    assert middle[0] < 0.3
    assert middle[1] > 0.7


def outputs_of_wide(graph, images):
    """The largest number of each channel that the depthwise layer reads, [images, 24]."""
    forward, found = Forward(graph, len(images)), {}
    value = next(node.inputs[0] for node in forward.graph.nodes if getattr(node.layer, "group", 1) == 24)
    forward.run({graph.inputs[0].name: images}, lambda each, tensor: found.update({each: tensor.clone()}))
    return found[value].amax((2, 3)).numpy()


def test_a_clip_keeps_its_bound(images, tmp_path):
    model, graph = traced(Blocks(nn.ReLU6), images)
    before = outputs_of_wide(graph, images).max(0)
    equalize(graph, dataset(graph, images, tmp_path))
    after = outputs_of_wide(graph, images).max(0)
    near = before > MARGIN * 6
    assert 0 < near.sum() < 24
    assert after[near] == pytest.approx(before[near], rel=1e-5)
    assert after[~near].max() <= MARGIN * 6 * 1.0001
    assert torch.allclose(outputs(graph, images), model(torch.from_numpy(images)), rtol=1e-4, atol=1e-5)


class Fixed(nn.Module):
    """Channels that must stay: of a transposed convolution, a shared weight, a sigmoid, an output."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 1)
        self.up = nn.ConvTranspose2d(4, 4, 2, 2)
        self.twice = nn.Conv2d(4, 4, 1)
        self.squashed = nn.Conv2d(4, 4, 1)
        self.last = nn.Conv2d(4, 4, 1)

    def forward(self, x):
        x = self.up(self.first(x))
        x = self.twice(F.relu(self.twice(x)))
        return self.last(torch.sigmoid(self.squashed(x)))


def test_channels_that_something_else_reads_stay(images, tmp_path):
    model, graph = traced(Fixed(), images)
    groups = ChannelGroups(graph)
    assert {weighted.node.name for weighted in groups.weighted} == {"first", "squashed", "last"}
    assert all((weighted.writes == FIXED).all() for weighted in groups.weighted)
    assert equalize(graph, dataset(graph, images, tmp_path)) == 0
    assert torch.allclose(outputs(graph, images), model(torch.from_numpy(images)), rtol=1e-5, atol=1e-5)


def test_each_output_has_its_mean_after_bias_correction(images, tmp_path):
    _, graph = traced(Blocks(), images)
    equalize(graph, data := dataset(graph, images, tmp_path))
    table = calibrate(graph, data, Settings("max")).table
    expected, before = outputs(graph, images), outputs(graph, images, table)
    assert correct_biases(graph, data, table) == len(table.activations) == 9
    after = outputs(graph, images, table)
    assert (after - expected).mean(0).abs().max() < 1e-5 * expected.abs().max()
    assert (before - expected).mean(0).abs().max() > 1e-3 * expected.abs().max()


@pytest.mark.usefixtures("ncnn")
def test_int8_in_ncnn_loses_less_than_half(images, tmp_path):
    _, graph = traced(Blocks(nn.ReLU6), images)
    save_caffe(graph, tmp_path / "n.prototxt", tmp_path / "n.caffemodel")
    graph = load_caffe(tmp_path / "n.prototxt", tmp_path / "n.caffemodel")
    data = dataset(graph, images, tmp_path)
    expected, _ = in_ncnn(graph, images, tmp_path)
    usual, _ = in_ncnn(graph, images, tmp_path, calibrate(graph, data, Settings("kl")).table, fold=True)
    equalize(graph, data)
    table = calibrate(graph, data, Settings("auto")).table
    correct_biases(graph, data, table)
    best, layers = in_ncnn(graph, images, tmp_path, table, fold=True)
    assert layers == 9
    assert cosine_loss([expected], [best]) < cosine_loss([expected], [usual]) / 2


def test_auto_takes_the_threshold_that_the_outputs_lose_least_with(images, tmp_path):
    _, graph = traced(Blocks(), images)
    data = dataset(graph, images, tmp_path)
    chosen = calibrate(graph, data, Settings("auto")).layers
    assert {layer.activation.method for layer in chosen} <= set(CANDIDATES)
    expected = outputs(graph, images)

    def alone(method, name):
        table = calibrate(graph, data, Settings(method, passes=1)).table
        return cosine_loss([expected], [outputs(graph, images, table.without(*{*table.activations} - {name}))])

    name, method = next((layer.node.name, layer.activation.method) for layer in chosen if layer.node.name == "fc2")
    losses = {candidate: alone(candidate, name) for candidate in CANDIDATES}
    assert losses[method] <= min(losses.values()) * 1.05


def test_the_command_writes_the_network_that_the_table_is_for(images, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model, graph = traced(Blocks(), images)
    save_caffe(graph, "n.prototxt", "n.caffemodel")
    data = dataset(graph, images, tmp_path)
    command = ["calibrate", "--proto", "n.prototxt", "--model", "n.caffemodel", "--images", "x", "-o", "n.table"]
    assert main([*command, "--equalize"]) == 2
    assert "give --save-network PREFIX too" in capsys.readouterr().err
    assert main([*command, "--equalize", "--bias-correction", "--method", "auto", "--save-network", "e"]) == 0
    assert "equalized the ranges of" in capsys.readouterr().out
    written, table = load_caffe("e.prototxt", "e.caffemodel"), read_table("n.table")
    assert not check_table(table, written)
    expected = model(torch.from_numpy(images))
    usual = calibrate(graph, data, Settings("kl")).table
    loss = cosine_loss([expected], [outputs(written, images, table)])
    assert loss < cosine_loss([expected], [outputs(graph, images, usual)]) / 2
