"""Scales of quantization-aware training: those of the modules, and int8 that computes what the model does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.ao import quantization

from pytorch2caffe import trace
from pytorch2caffe.backends.ncnn.table.file import parse
from pytorch2caffe.cli import main
from pytorch2caffe.frontends.torch.fake_quantizers import fake_quantization_read
from pytorch2caffe.passes.fold_batch_norm import fold_batch_norm
from pytorch2caffe.quantize.file_ranges import table_of_ranges
from pytorch2caffe.quantize.forward import Forward
from pytorch2caffe.quantize.simulate import int8_calls
from tests.frontends.torch.test_prepared_quantization import in_fx

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.ao.quantization is deprecated
SYMMETRIC = quantization.FakeQuantize.with_args(
    observer=quantization.MinMaxObserver,
    quant_min=-127,
    quant_max=127,
    dtype=torch.qint8,
    qscheme=torch.per_tensor_symmetric,
)


def trained(model):
    torch.manual_seed(0)
    for _ in range(3):
        model(torch.randn(4, 4, 8, 8))
    return model.eval()


def table_of(model):
    with fake_quantization_read():
        graph = trace(model, torch.randn(1, 4, 8, 8))
    fold_batch_norm(graph)
    return graph, table_of_ranges(graph)


def test_the_scales_are_those_of_the_modules():
    """Per channel for weights; a range with a zero point is covered on both sides of 0."""
    torch.manual_seed(0)
    model = trained(in_fx())
    _, table = table_of(model)
    first, second = model.activation_post_process_0, model.activation_post_process_1
    zero = int(first.zero_point)
    assert 0 < zero < 127 and int(second.zero_point) == 0
    assert table.activations["conv.conv2d"] == pytest.approx(127 / (float(first.scale) * max(zero, 127 - zero)))
    assert table.activations["fc.linear"] == pytest.approx(1 / float(second.scale))
    for name, module in {"conv.conv2d": model.conv, "fc.linear": model.fc}.items():
        np.testing.assert_allclose(1 / table.weights[name], module.weight_fake_quant.scale.numpy(), rtol=1e-3)


@pytest.mark.parametrize("enabled", [True, False])
def test_int8_computes_what_the_model_does(enabled):
    model = nn.Sequential(quantization.QuantStub(), nn.Conv2d(4, 6, 3), quantization.DeQuantStub()).train()
    weights = quantization.default_per_channel_weight_fake_quant
    model.qconfig = quantization.QConfig(SYMMETRIC, weights)
    model = trained(quantization.prepare_qat(model))
    model[1].activation_post_process = nn.Identity()  # the output stays float, as in ncnn
    x = torch.randn(1, 4, 8, 8).clamp(-2, 2)
    expected = model(x).detach().numpy()
    if not enabled:
        model.apply(quantization.disable_fake_quant)
    graph, table = table_of(model)
    (found,) = Forward(graph, 1).run({graph.inputs[0].name: x.numpy()}, replace=int8_calls(graph, table)).values()
    assert np.abs(found.numpy() - expected).max() < 0.01 * np.abs(expected).max()


def test_the_command(tmp_path, monkeypatch, capsys):
    (tmp_path / "load_qat.py").write_text(
        "from tests.frontends.torch.test_prepared_quantization import in_eager_mode\n"
        "from tests.quantize.test_scales_from_model import trained\n\n"
        "def qat():\n    return trained(in_eager_mode())\n"
    )
    monkeypatch.chdir(tmp_path)
    arguments = ["calibrate", "load_qat.py:qat", "--input-shape", "1,4,8,8", "-o", "net.table"]
    assert main([*arguments, "--scales-from-model"]) == 0
    assert "1 layer in int8, by the ranges in the model" in capsys.readouterr().out
    assert list(parse(tmp_path / "net.table")[0].activations) == ["conv.conv2d"], "the mean is not quantized"
    assert main([*arguments, "--scales-from-model", "--images", "."]) == 2
    assert "give one of them" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 2
    assert "fake quantization is on" in capsys.readouterr().err
