"""PyTorch to Caffe to PyTorch: the same numbers, and the same state_dict."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pytorch2caffe import generate, load_caffe, save_caffe, save_torch, trace
from pytorch2caffe.backends.torch.generate import load
from tests import zoo
from tests.backends.torch.generated import FOLDER, NAMES, source_of
from tests.layers.conftest import relative_l2
from tests.lively import make_lively
from tests.style import check_style, kept_alive


def vgg_bn() -> nn.Module:
    """VGG-11 with BatchNorm, an eighth of its width."""
    layers: list[nn.Module] = []
    channels = 3
    for width in (8, "M", 16, "M", 32, 32, "M", 64, 64, "M", 64, 64, "M"):
        if width == "M":
            layers.append(nn.MaxPool2d(2, 2))
        else:
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(True)]
            channels = width
    head = [
        nn.Linear(64 * 49, 128),
        nn.ReLU(True),
        nn.Dropout(),
        nn.Linear(128, 128),
        nn.ReLU(True),
        nn.Dropout(),
        nn.Linear(128, 30),
    ]
    torch.manual_seed(0)
    model = nn.Sequential(nn.Sequential(*layers), nn.AdaptiveAvgPool2d(7), nn.Flatten(), nn.Sequential(*head))
    return make_lively(model, torch.randn(2, 3, 224, 224))


MODELS = {
    "resnet18": lambda: zoo.build("resnet18"),
    "mobilenet_v2": lambda: zoo.build("mobilenet_v2"),
    "squeezenet1_1": lambda: zoo.build("squeezenet1_1"),
    "vgg11_bn, narrow": vgg_bn,
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_there_and_back(make, tmp_path):
    model, x = make(), torch.randn(1, 3, 224, 224)
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(trace(model, x), *files)
    source, state = generate(load_caffe(*files))
    check_style(source)
    again = load(source, state)
    with torch.no_grad():
        assert relative_l2(again(x).numpy(), model(x).numpy()) < 1e-5
    before = {name: tensor for name, tensor in model.state_dict().items() if "num_batches" not in name}
    after = {name: tensor for name, tensor in again.state_dict().items() if "num_batches" not in name}
    assert list(after) == [flat(name) for name in before]
    assert all(torch.equal(one, other) for one, other in zip(before.values(), after.values(), strict=True))
    kinds = (nn.Conv2d, nn.BatchNorm2d, nn.Linear)
    assert [repr(m) for m in again.modules() if isinstance(m, kinds)] == [
        repr(m) for m in model.modules() if isinstance(m, kinds)
    ]


def flat(name: str) -> str:
    """layer1.0.conv1.weight -> layer1_0_conv1.weight, 0.weight -> layer_0.weight."""
    module, _, tensor = name.rpartition(".")
    module = module.replace(".", "_")
    return f"{f'layer_{module}' if module[0].isdigit() else module}.{tensor}"


def test_a_layer_used_twice_is_one_module(tmp_path):
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1, bias=False)
            self.head.weight = self.conv.weight

        def forward(self, x):
            return self.head(self.conv(self.conv(x)))

    model, x = Twice(), torch.randn(1, 3, 6, 6)
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(trace(model, x), *files)
    source, state = generate(load_caffe(*files))
    again = load(source, state)
    assert again.head.weight is again.conv.weight
    assert list(again.state_dict()) == list(model.state_dict())
    assert torch.allclose(again(x), model(x), atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_page_of_generated_source_is_up_to_date(name):
    source = source_of(name)
    check_style(source)
    assert (FOLDER / f"{name}.py").read_text() == source, "run python -m tests.backends.torch.generated"


def test_files_appear_both_or_not_at_all(tmp_path, monkeypatch):
    graph = trace(nn.Conv2d(3, 4, 1), torch.zeros(1, 3, 5, 5))
    code, weights = save_torch(graph, tmp_path / "net")
    assert (code.name, weights.name) == ("net.py", "net.pth")
    before = code.read_bytes(), weights.read_bytes()

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="full"):
        save_torch(graph, tmp_path / "net")
    with pytest.raises(OSError, match="full"):
        save_torch(graph, tmp_path / "other")
    assert (code.read_bytes(), weights.read_bytes()) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.pth", "net.py"]


@pytest.mark.parametrize("name", ["squeezenet1_1", "resnet18", "googlenet", "densenet121"])
def test_nothing_is_kept_alive(name):
    source, _ = generate(trace(zoo.build(name), torch.zeros(1, 3, 224, 224)))
    assert kept_alive(source) == []


def test_what_is_kept_alive_is_found():
    spent = "def forward(self, x):\n    x_1 = x + 1\n    x = x * x_1\n    x = x + 2\n    return x"
    assert kept_alive(spent) == ["line 3: x_1"]
    assert kept_alive(spent.replace("    x = x + 2", "    del x_1\n    x = x + 2")) == []
