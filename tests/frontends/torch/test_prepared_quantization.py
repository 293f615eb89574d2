"""Models prepared for quantization: observers are the identity, and so is fake quantization while it is off."""

from __future__ import annotations

import pytest
import torch.ao.quantization as quantization
from torch import nn
from torch.ao.quantization.quantize_fx import prepare_qat_fx

from pytorch2caffe import UnsupportedError
from pytorch2caffe.frontends.torch import trace
from tests.frontends.torch.same import image, same

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.ao.quantization is deprecated


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.quant, self.dequant = quantization.QuantStub(), quantization.DeQuantStub()
        self.conv, self.norm, self.relu = nn.Conv2d(4, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        x = self.relu(self.norm(self.conv(self.quant(x))))
        return self.dequant(self.fc(x.mean((2, 3))))


def in_eager_mode() -> nn.Module:
    model = quantization.fuse_modules_qat(Small().train(), [["conv", "norm", "relu"]])
    model.qconfig = quantization.get_default_qat_qconfig("fbgemm")
    return quantization.prepare_qat(model)


def without_fusion() -> nn.Module:
    """With FakeQuantize, which observes and quantizes in two steps."""
    model = Small().train()
    model.qconfig = quantization.QConfig(quantization.default_fake_quant, quantization.default_weight_fake_quant)
    return quantization.prepare_qat(model)


def in_fx() -> nn.Module:
    return prepare_qat_fx(Small().train(), quantization.get_default_qat_qconfig_mapping("fbgemm"), (image(),))


MODES = {"eager": in_eager_mode, "without fusion": without_fusion, "fx": in_fx}


@pytest.mark.parametrize("observing", [False, True], ids=["observers off", "observers on"])
@pytest.mark.parametrize("make", MODES.values(), ids=MODES)
def test_without_fake_quantization_the_network_is_that_of_the_floats(make, observing):
    model = make()
    model(image())
    model.apply(quantization.disable_fake_quant)
    if not observing:
        model.apply(quantization.disable_observer)
    graph = same(model.eval(), image())
    expected = {"Convolution", "BatchNorm", "Scale", "Bias", "ReLU", "Reduce", "InnerProduct"}
    assert {node.layer.type for node in graph.nodes} <= expected
    observers = [module for module in model.modules() if isinstance(module, quantization.ObserverBase)]
    assert observers and all("forward" not in vars(observer) for observer in observers)


@pytest.mark.parametrize("make", MODES.values(), ids=MODES)
def test_fake_quantization_is_refused_while_it_is_on(make):
    model = make()
    model(image())
    with pytest.raises(UnsupportedError, match=r"fake quantization is on: .*\n *fix: turn it off: model.apply\("):
        trace(model.eval(), image())


def test_observers_of_a_model_to_be_calibrated_are_the_identity():
    model = Small().eval()
    model.qconfig = quantization.get_default_qconfig("fbgemm")
    model = quantization.prepare(model)
    model(image())
    same(model, image())


def test_a_quantized_model_is_refused_with_the_float_model_as_the_way_out():
    model = Small().eval()
    model.qconfig = quantization.get_default_qconfig("fbgemm")
    model = quantization.prepare(model)
    model(image())
    with pytest.raises(UnsupportedError, match="integers of a quantized model\n *fix: pass the model in float"):
        trace(quantization.convert(model), image())
