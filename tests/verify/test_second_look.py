"""Right files of networks that amplify rounding are equal, wrong files of the same networks are different."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import export, save_caffe, trace, verify
from pytorch2caffe.cli import main
from pytorch2caffe.errors import DifferentError
from pytorch2caffe.frontends.torch import recording
from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
from pytorch2caffe.verify.compare import compare
from pytorch2caffe.verify.report import render, to_json, verdict

INF = float("inf")


def random_input(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


class Normalised(nn.Module):
    """Normalises twice, so that the second mean is zero but for rounding."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(16)

    def forward(self, x):
        y = self.norm(x)
        mean = y.mean(-1, keepdim=True)
        return (y - mean) / ((y.var(-1, unbiased=False, keepdim=True) + 1e-5).sqrt())


class PaddedWithInf(nn.Module):
    """Pads as TensorFlow does before a max pooling."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return F.max_pool2d(F.pad(self.conv(x), (0, 1, 0, 1), value=-INF), 3, 2)


class Amplifying(nn.Module):
    """Convolutions with large biases, which the BatchNorms after them subtract again: rounding grows 1000 times."""

    def __init__(self, offset=3000.0):
        super().__init__()
        torch.manual_seed(0)
        self.convs = nn.ModuleList(nn.Conv2d(i, 8, 3, padding=1) for i in (3, 8, 6))
        self.norms = nn.ModuleList(nn.BatchNorm2d(8, momentum=None) for _ in range(3))
        self.pool: nn.Module = nn.MaxPool2d(2)
        self.first = 1
        self.head = nn.Linear(8, 4)
        for conv in self.convs:
            nn.init.uniform_(conv.bias, offset / 2, offset)
        with torch.no_grad():
            self.train()(torch.randn(8, 3, 12, 12))
        self.eval()

    def forward(self, x):
        x = self.norms[0](self.convs[0](x)).relu()
        x = self.norms[1](self.convs[1](x)).relu()[:, self.first : self.first + 6]
        x = self.pool(self.norms[2](self.convs[2](x)).relu())
        return self.head(x.mean((2, 3)))


@pytest.fixture
def compared(tmp_path) -> Callable[..., object]:
    """Compares a model with the files of another, or of itself."""

    def run(model, x, written=None, runtime="builtin", **settings):
        files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
        save_caffe(trace(written or model, x), *files, **settings)
        return verify(model, *files, x, runtime)

    return run


RIGHT = {
    "a blob that is zero but for rounding": (Normalised(), random_input(2, 5, 16)),
    "a difference that is zero but for rounding": (
        lambda x: torch.softmax(x, 1).sum(1) - 1 + x.mean(1),
        random_input(2, 8, 5, 5),
    ),
    "-inf before max pooling": (PaddedWithInf(), random_input(1, 3, 12, 12)),
    "positions that PyTorch rounds": (
        lambda x: F.interpolate(x, size=(639, 2), mode="bilinear", align_corners=True),
        random_input(1, 1, 1280, 2),
    ),
    "masked scores": (
        lambda x: x.masked_fill(torch.ones(5, 5).triu(1).bool(), -INF).softmax(-1),
        random_input(1, 2, 5, 5),
    ),
}


@pytest.mark.parametrize("runtime", ["builtin", "caffe"])
@pytest.mark.parametrize(("model", "x"), RIGHT.values(), ids=RIGHT)
def test_right_files_are_equal(model, x, runtime, compared, request):
    if runtime == "caffe":
        request.getfixturevalue("real_caffe")
    found = compared(model, x, runtime=runtime)
    assert found.equal, verdict(found)


@pytest.mark.parametrize(("model", "x"), RIGHT.values(), ids=RIGHT)
def test_right_files_are_written(model, x, tmp_path):
    export(model, x, tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    assert (tmp_path / "net.caffemodel").exists()


def test_an_output_of_inf_is_not_the_lowest_float(tmp_path):
    with pytest.raises(DifferentError, match="inf on one side only"):
        export(lambda x: F.pad(x, (1, 1), value=-INF), random_input(1, 2, 3, 3), tmp_path / "a", tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("runtime", ["builtin", "caffe"])
def test_rounding_that_a_network_amplifies_is_reported(runtime, compared, request):
    if runtime == "caffe":
        request.getfixturevalue("real_caffe")
    found = compared(Amplifying(), random_input(1, 3, 12, 12), runtime=runtime, fold_bn=True)
    assert found.equal
    row = found.within_float32
    assert row.output
    assert row.relative_l2 > 1e-4
    assert 1e-5 < row.model_relative_l2 < 1e-2
    line = f"the model itself differs by {row.model_relative_l2:.1e} from float64"
    assert verdict(found).startswith("equal within float32: ")
    assert verdict(found).endswith(line)
    table = " ".join(render(found, width=160).split())
    assert line in table
    assert "model to float64" in table
    assert "within float32" in table
    report = to_json(found)
    json.dumps(report)
    assert report["within_float32"] is True
    assert report["verdict"] == verdict(found)
    assert {blob["blob"]: blob["model_relative_l2"] for blob in report["blobs"]}[row.blob] == row.model_relative_l2


def wrong(change):
    """The network with one fault, as a converter might make it."""
    model = copy.deepcopy(Amplifying())
    with torch.no_grad():
        change(model)
    return model


FAULTS = {
    "a weight off by 1e-3": (lambda m: m.head.weight[0, 2:3].add_(1e-3), "head"),
    "another eps": (lambda m: setattr(m.norms[1], "eps", 1e-2), "norms.1"),
    "a swapped channel": (lambda m: m.convs[1].weight.copy_(m.convs[1].weight[:, [1, 0, *range(2, 8)]]), "convs.1"),
    "a slice off by one": (lambda m: setattr(m, "first", 2), "getitem"),
    "another pooling": (lambda m: setattr(m, "pool", nn.AvgPool2d(2)), "pool"),
    "a missing bias": (lambda m: m.head.bias.zero_(), "head"),
}


@pytest.mark.parametrize("runtime", ["builtin", "caffe"])
@pytest.mark.parametrize(("change", "layer"), FAULTS.values(), ids=FAULTS)
def test_wrong_files_of_such_a_network_are_found_where_they_are_wrong(change, layer, runtime, compared, request):
    if runtime == "caffe":
        request.getfixturevalue("real_caffe")
    found = compared(Amplifying(), random_input(1, 3, 12, 12), wrong(change), runtime)
    assert not found.equal
    assert layer in f"{found.first.blob} {found.first.module}"
    assert verdict(found).startswith("different: ")


@pytest.mark.slow
def test_true_batch_statistics(compared):
    """mobilenet_v3_large, with BatchNorm statistics near the true ones: one number of a sigmoid is off by 1e-4."""
    torch.manual_seed(0)
    model = torchvision_models().get_model("mobilenet_v3_large", weights=None).eval()
    with_true_statistics(model, torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)))
    found = compared(model, random_input(1, 3, 32, 32))
    assert found.equal, verdict(found)
    assert found.within_float32.max_abs > 1e-4


def with_true_statistics(model, x):
    """Sets each BatchNorm's statistics to those of its input for `x`."""

    def set_statistics(module, inputs):
        module.running_mean.copy_(inputs[0].mean((0, 2, 3)))
        module.running_var.copy_(inputs[0].var((0, 2, 3), unbiased=False))

    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    hooks = [norm.register_forward_pre_hook(set_statistics) for norm in norms]
    with torch.no_grad():
        model(x)
    for hook in hooks:
        hook.remove()


def test_it_costs_nothing_where_the_plain_comparison_is_equal(compared, monkeypatch):
    def record_in_float64(*_, **__):
        raise AssertionError

    monkeypatch.setattr(recording, "record_in_float64", record_in_float64)
    assert compared(nn.Conv2d(3, 4, 3), random_input(1, 3, 8, 8)).equal


class Refusing(nn.Module):
    """A model that cannot be run in float64."""

    def __init__(self):
        super().__init__()
        self.inner = Amplifying()

    def forward(self, x):
        if self.inner.head.weight.element_size() != 4:
            raise TypeError("this model wants float32")
        return self.inner(x)


def test_a_model_that_does_not_run_in_float64_is_compared_at_the_tolerance(compared):
    found = compared(Refusing(), random_input(1, 3, 12, 12), fold_bn=True)
    assert not found.equal
    (hint,) = (hint for hint in found.hints if "float64" in hint)
    assert "TypeError: this model wants float32" in hint


class OutOfMemory(Refusing):
    """A model for which there is too little memory in float64."""

    def forward(self, x):
        if self.inner.head.weight.element_size() != 4:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes")
        return self.inner(x)


def test_too_little_memory_is_no_difference(compared):
    with pytest.raises(MemoryError, match="float64"):
        compared(OutOfMemory(), random_input(1, 3, 12, 12), fold_bn=True)


class Types(nn.Module):
    """Creates constants and casts in the ways that models do."""

    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.full((1, 4, 1, 1), 0.3))
        self.plain = torch.ones(4) * 0.1
        self.table = [np.linspace(0, 1, 6, dtype=np.float32)]

    def forward(self, x):
        assert x.dtype == torch.float32
        y = torch.zeros(x.shape)
        y[:, 1:] = x[:, 1:]
        y += x.float() * self.scale.type_as(x) + self.plain.to(x.dtype).view(1, -1, 1, 1)
        y = y + torch.from_numpy(self.table[0]) * torch.linspace(0, 1, 6, dtype=x.dtype)
        y = y.clamp(min=torch.finfo(x.dtype).eps) + x.new_ones(1) / 3
        return (y > 0.5).float() * y + (x > 0) * 0.25 + torch.arange(6).to(torch.float32) / 7


def test_every_float_is_computed_in_float64():
    model, x = Types(), random_input(1, 4, 6, 6)
    _, values = recording.record(model, x, keep=True)
    exact = recording.record_in_float64(model, x)
    assert {name: array.shape for name, array in values.items()} == {name: a.shape for name, a in exact.items()}
    assert all(array.dtype == np.float64 for array in exact.values())
    assert compare(exact, values, tolerance=1e-6).equal
    assert any((exact[name] != exact[name].astype(np.float32)).any() for name in exact)
    assert model.scale.dtype == torch.float32
    assert model(x).dtype == torch.float32


def test_the_tolerance_of_export(tmp_path, monkeypatch, capsys):
    """A file that is off by 1e-3 is written with a tolerance of 1e-2."""
    from pytorch2caffe.backends.caffe import writer

    def lower_wrongly(*arguments, **settings):
        graph = lower(*arguments, **settings)
        graph.nodes[0].blobs = tuple(blob * np.float32(1.001) for blob in graph.nodes[0].blobs)
        return graph

    lower = writer.lower
    monkeypatch.setattr(writer, "lower", lower_wrongly)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ownnet.py").write_text("from torch import nn\nnet = nn.Conv2d(3, 4, 3)\n")
    command = ["export", "ownnet.py:net", "--input-shape", "1,3,8,8", "-o", "net"]
    assert main(command) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "different: 1 of 1 blob, first" in said
    assert "fix: this is a mistake of the converter" in said
    assert "--tolerance" in said
    assert not (tmp_path / "net.prototxt").exists()
    assert main([*command, "--tolerance", "1e-2"]) == 0
    assert (tmp_path / "net.prototxt").exists()
