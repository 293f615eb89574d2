# ruff: noqa: ARG005, E501 (tables of cases; functions in the form that torch calls)
"""Tensors that do not depend on the input are folded with their real values; models of other number types convert."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations, spectral_norm, weight_norm

from tests.frontends.torch.same import Net, conv, image, same

FOLDED = {
    "a mask": lambda self, x: x * torch.triu(torch.ones(6, 6)),
    "zeros of the shape": lambda self, x: x + torch.zeros(x.shape) + torch.zeros_like(x),
    "new_zeros": lambda self, x: x + x.new_zeros(x.shape) + x.new_ones(1) + x.new_full((6,), 2.0) + x.new_tensor([3.0]),
    "filled memory": lambda self, x: x + torch.empty(6).fill_(2) + x.new_empty(6).copy_(torch.arange(6)),
    "positions": lambda self, x: x + torch.arange(x.shape[-1]) / x.shape[-1],
    "a table": lambda self, x: x + self.table[:, :, : x.shape[2], : x.shape[3]],
    "weights worked out": lambda self, x: F.conv2d(x, self.c.weight / self.c.weight.norm(), self.c.bias * 2),
    "weights standardised": lambda self, x: F.conv2d(x, self.c.weight - self.c.weight.mean((1, 2, 3), keepdim=True)),
    "numbers of parameters": lambda self, x: x * self.c.weight.sum().item() + float(self.c.bias[0]),
    "a branch on parameters": lambda self, x: x * 2 if self.c.weight.sum() > -1e9 else x,
    "a branch on shapes": lambda self, x: x * 2 if x.shape[1] == 4 and x.size(0) < 3 else x,
    "numpy of a parameter": lambda self, x: x * torch.from_numpy(self.c.bias.detach().numpy().copy()).reshape(4, 1, 1),
    "printing": lambda self, x: (f"{x} {x.mean():.3f}", x * 2)[1],
}


@pytest.mark.parametrize("function", FOLDED.values(), ids=FOLDED)
def test_is_folded(function):
    model = Net(function, c=conv())
    model.register_buffer("table", torch.randn(1, 4, 9, 9))
    same(model, image())


REPARAMETRISED = {
    "weight_norm": lambda: parametrizations.weight_norm(conv()),
    "spectral_norm": lambda: parametrizations.spectral_norm(conv()),
    "orthogonal": lambda: parametrizations.orthogonal(nn.Linear(6, 6)),
    "weight_norm before 2.0": lambda: weight_norm(conv()),
    "spectral_norm before 2.0": lambda: spectral_norm(conv()),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("make", REPARAMETRISED.values(), ids=REPARAMETRISED)
def test_reparametrised_layers(make):
    assert len(same(nn.Sequential(make()), image()).nodes) == 1


class Mixed(nn.Module):
    """Casts, parameters of its own type, tensors not registered, and constants made in that type."""

    def __init__(self, dtype):
        super().__init__()
        self.conv, self.norm = conv(), nn.BatchNorm2d(4)
        self.scale = nn.Parameter(torch.randn(4, 1, 1))
        self.hidden = [torch.randn(4, 4, 1, 1, dtype=dtype)]
        self.plain = torch.randn(6, 6, dtype=dtype)
        self.kind = dtype
        self.to(dtype)

    def forward(self, x):
        x = x.to(self.scale.dtype)
        y = self.conv(x) * self.scale + self.plain
        z = F.conv2d(y.float().softmax(1).type_as(x), self.hidden[0]) @ self.plain
        k = torch.zeros(6, 6, dtype=self.kind) + self.plain @ self.plain
        w = self.scale.reshape(1, 4).to(self.kind) @ self.hidden[0][:, :, 0, 0]
        return self.norm(z).to(self.kind) + k + w.reshape(1, 4, 1, 1) + y.to(dtype=self.kind).sum(1, keepdim=True)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_models_of_other_types_convert(dtype):
    from pytorch2caffe import to_torch
    from pytorch2caffe.frontends.torch import trace

    torch.manual_seed(0)
    model = Mixed(dtype).eval()
    graph = trace(model, image().to(dtype))
    x = image().to(dtype)
    with torch.no_grad():
        exact = Mixed(torch.float32).eval()
        exact.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in model.state_dict().items()})
        exact.hidden, exact.plain = [model.hidden[0].float()], model.plain.float()
        torch.testing.assert_close(
            to_torch(graph)(x.float()), exact(x.float()), rtol=1e-2, atol=2e-3
        )  # its constants are of its type


def test_a_counter_does_not_disturb():
    def forward(self, x):
        self.count += 1
        return self.c(x)

    model = Net(forward, c=conv())
    model.register_buffer("count", torch.zeros((), dtype=torch.long))
    assert len(same(model, image()).nodes) == 1


def test_weights_set_anew_between_two_calls():
    def forward(self, x):
        before = self.c.weight.data
        one = self.c(x)
        self.c.weight.data = before * 3
        two = self.c(x)
        self.c.weight.data = before
        return one + two

    graph = same(Net(forward, c=conv()), image())
    assert graph.nodes[0].blobs[0] is not graph.nodes[1].blobs[0]
