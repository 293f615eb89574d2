"""Layers and functions that a user registers from a file of their own."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import nn

import pytorch2caffe
from pytorch2caffe import ConversionError, UnsupportedError, load_caffe, to_torch, trace
from pytorch2caffe.cli import main
from pytorch2caffe.frontends.torch import uncalled
from pytorch2caffe.graph.registry import LAYERS, TORCH, load_layers
from pytorch2caffe.register import Builder, Layer, Source, Value, from_torch, layer, marker, registered

MODEL = '''
import torch
from torch import nn
from pytorch2caffe.register import Builder, Layer, Source, Value, from_torch, layer, marker, registered


@from_torch("torch.cumprod", "torch.Tensor.cumprod")
def cumprod(net: Builder, input: Value, dim: int) -> Value:
    parts = list(registered("torch.unbind")(net, input, dim))
    for index in range(1, len(parts)):
        parts[index] = registered("torch.mul")(net, parts[index - 1], parts[index])
    return registered("torch.stack")(net, parts, dim)


@layer("DoubledReLU")
class DoubledReLU(Layer):
    """y = factor * max(x, 0), which no Caffe has."""

    factor: float = 2.0

    def to_torch(self, shapes, blobs):
        return Source(expr=f"{self.factor:g} * torch.relu({{0}})")

    def lower(self, net, inputs, blobs):
        return registered("torch.mul")(net, registered("torch.relu")(net, inputs[0]), self.factor)


@marker
def doubled_relu(x, factor=2.0):
    return torch.relu(x) * factor


@from_torch(doubled_relu)
def convert_doubled_relu(net: Builder, x: Value, factor: float = 2.0) -> Value:
    return net.add(DoubledReLU(factor), x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return doubled_relu(torch.cumprod(self.conv(x), 1), 3.0)
'''


@pytest.fixture(autouse=True)
def registry():
    """What a test registers is forgotten afterwards; torch.cumprod is free, whether the package has it or not."""
    load_layers()
    before = [(table, dict(table)) for table in (TORCH, LAYERS, uncalled._expected)]
    for name in [name for name in TORCH if "cumprod" in name]:
        del TORCH[name]
    yield
    for table, contents in before:
        table.clear()
        table.update(contents)


def multiply_along(net: Builder, input: Value, dim: int) -> Value:
    parts = list(registered("torch.unbind")(net, input, dim))
    for index in range(1, len(parts)):
        parts[index] = registered("torch.mul")(net, parts[index - 1], parts[index])
    return registered("torch.stack")(net, parts, dim)


def test_a_model_file_registers_what_it_calls(tmp_path, monkeypatch, capsys):
    (tmp_path / "mymodel.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    for _ in range(2):  # the file is imported again: its definitions replace themselves
        assert main(["export", "mymodel.py:Net", "--input-shape", "1,3,6,6", "-o", "net"]) == 0
    assert "equal to the model" in capsys.readouterr().out
    types = [node.layer.type for node in load_caffe("net.prototxt", "net.caffemodel").nodes]
    assert "DoubledReLU" not in types and "ReLU" in types and "Concat" in types


def test_a_composition_of_registered_functions():
    from_torch("torch.cumprod")(multiply_along)
    x = torch.randn(2, 5, 3)
    model = to_torch(trace(lambda x: torch.cumprod(x, 1), x))
    assert torch.allclose(model(x), torch.cumprod(x, 1), rtol=1e-6, atol=0)  # torch accumulates in float64


def test_a_layer_of_ones_own_has_a_torch_form():
    @layer("Halved")
    class Halved(Layer):
        """y = x / 2."""

        def to_torch(self, shapes, blobs):
            return Source(expr="{0} / 2")

    @marker
    def halve(x):
        return x / 2

    @from_torch(halve)
    def convert_halve(net, x):
        return net.add(Halved(), x)

    graph = trace(lambda x: halve(x), torch.ones(1, 2))
    assert [node.layer.type for node in graph.nodes] == ["Halved"]
    assert torch.equal(to_torch(graph)(torch.ones(1, 2)), torch.full((1, 2), 0.5))


def test_a_name_that_is_misspelt_is_warned_of_once_at_its_line():
    from_torch("torch.cumpord")(multiply_along)
    with (
        pytest.warns(UserWarning, match=r"multiply_along is registered for 'torch.cumpord'.*mean 'torch.cumprod'") as w,
        pytest.raises(UnsupportedError, match="torch.cumprod has no Caffe layer"),
    ):
        trace(lambda x: torch.cumprod(x, 1), torch.ones(1, 3))
    assert w[0].filename == __file__ and w[0].lineno == multiply_along.__code__.co_firstlineno
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trace(torch.relu, torch.ones(1, 3))


def test_one_misspelt_name_beside_a_right_one_is_warned_of():
    from_torch("torch.cumprod", "torch.Tensor.cumpord")(multiply_along)
    with pytest.warns(UserWarning, match=r"'torch.Tensor.cumpord'.*mean 'torch.Tensor.cumprod'"):
        trace(lambda x: torch.cumprod(x, 1), torch.ones(1, 3))


def test_a_function_that_no_model_calls_is_warned_of():
    from_torch("torch.cumprod")(multiply_along)
    with pytest.warns(UserWarning, match="'torch.cumprod', which the model never calls$"):
        trace(nn.ReLU(), torch.ones(1, 3))


@pytest.mark.parametrize("call", [lambda x: torch.cumprod(x, 1), lambda x: x.cumprod_(1)], ids=["cumprod", "cumprod_"])
def test_a_function_is_called_if_one_of_its_names_is(call):
    from_torch("torch.cumprod", "torch.Tensor.cumprod")(multiply_along)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trace(lambda x: call(x + 0), torch.ones(1, 3))


def test_a_duplicate_names_the_first_owner():
    with pytest.raises(
        ValueError, match=r"'torch.relu' is already handled by pytorch2caffe.layers.activation.relu.relu"
    ):
        from_torch(torch.relu)(multiply_along)
    with pytest.raises(ValueError, match="layer 'ReLU' is already pytorch2caffe.layers.activation.relu.ReLU"):

        @layer("ReLU")
        class ReLU(Layer):
            pass


def test_an_unknown_function_to_build_on_names_the_nearest():
    with pytest.raises(ConversionError, match=r"'torch.reluu' is not a registered function; did you mean torch.relu"):
        registered("torch.reluu")


def test_is_an_attribute_of_the_package():
    assert pytorch2caffe.register.from_torch is from_torch
