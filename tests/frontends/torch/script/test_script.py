"""TorchScript programs, scripted and traced, become the network that the module they were made from becomes."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import ConversionError, UnsupportedError, export, to_torch, verify
from pytorch2caffe.frontends.torch import trace
from pytorch2caffe.frontends.torch.loading.models import load_model
from pytorch2caffe.frontends.torch.script import module as script_module
from tests.frontends.torch.same import Net, image, same, tensors

pytestmark = pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning", "ignore::DeprecationWarning")


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.act = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(True)
        self.repeat = 2

    def forward(self, x):
        y = self.act(self.norm(self.conv(x)))
        for _ in range(self.repeat):
            if x.size(1) > 3:
                y = F.leaky_relu(y, 0.1) + x
        return y


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.fc = nn.Sequential(Block(), Block()), nn.Linear(4, 3)

    def forward(self, x):
        y = F.interpolate(self.layer(x), scale_factor=2.0)
        return self.fc(F.adaptive_avg_pool2d(y, 1).flatten(1)).softmax(1)


class Head(nn.Module):
    """Lists, dicts, loops over modules, unpacked sizes, a buffer."""

    def __init__(self):
        super().__init__()
        self.levels = nn.ModuleList([nn.Conv2d(4, 6, 1), nn.Conv2d(4, 6, 1)])
        self.down = nn.ModuleDict({"p4": nn.Conv2d(4, 4, 3, 2, 1)})
        self.register_buffer("grid", torch.arange(6.0).view(1, 6, 1, 1))
        self.names = ["p3", "p4"]

    def forward(self, x):
        features = [x, self.down["p4"](x)]
        found = {}
        flat = []
        for i, level in enumerate(self.levels):
            y = torch.sigmoid(level(features[i])) * self.grid + float(i)
            n, c, h, w = y.shape
            flat.append(y.view(n, c, h * w).permute(0, 2, 1))
            found[self.names[i]] = y
        rows = torch.cat(flat, 1)
        return rows[..., :2] * 2, rows[..., 2:4] ** 2, rows.max(-1)[0], found["p3"]


class Sequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 5, batch_first=True, bidirectional=True)

    def forward(self, x):
        return self.lstm(x[:, 0])[0].mean(1)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True, activation="gelu")

    def forward(self, x):
        return self.layer(x.flatten(1, 2))


class Whole(nn.Module):
    """A loop whose end depends on a size, keyword arguments, constants of a stated type."""

    def forward(self, x, scale: float = 2.0):
        while x.size(1) < 9:
            x = torch.cat([x, x * scale], 1)
        return F.pad(x, [1, 1], value=0.5) + torch.zeros(1, dtype=torch.float32), F.hardtanh(x)


MODELS = {"a network": Small, "a head": Head, "a sequence": Sequence, "attention": Attention, "a loop": Whole}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_scripted_model(make):
    torch.manual_seed(0)
    model = make().eval()
    graph = same(torch.jit.script(model), image())
    assert len(graph.nodes) <= len(trace(model, image()).nodes)


@pytest.mark.parametrize("make", [Small, Head, Sequence, Whole])
def test_a_traced_model(make):
    torch.manual_seed(0)
    model = make().eval()
    graph = same(torch.jit.trace(model, image()), image())
    assert [node.layer.type for node in graph.nodes] == [node.layer.type for node in trace(model, image()).nodes]


@pytest.mark.parametrize("program", [torch.jit.script, lambda model: torch.jit.trace(model, image())])
def test_a_saved_program_keeps_the_names_and_weights_of_its_modules(program, tmp_path):
    model = Small().eval()
    torch.jit.save(program(model), tmp_path / "small.pt")
    graph, direct = trace(load_model(str(tmp_path / "small.pt")), image()), trace(model, image())
    names = [node.name.replace("upsample_nearest2d", "interpolate") for node in graph.nodes]
    assert names == [node.name for node in direct.nodes]
    x = image()
    with torch.no_grad():
        torch.testing.assert_close(to_torch(graph)(x), model(x), rtol=1e-4, atol=1e-5)
    assert "test_script.py:" in next(node.where for node in graph.nodes if node.name == "layer.0.add")


@torch.jit.script
def repeated(x, times: int = 3):
    for step in range(times):
        x = torch.relu(x) + step
    return x


class Focus(nn.Module):
    def forward(self, x):
        return torch.cat([x[..., ::2, ::2], x[:, 1:, 1::2, ::2]], 1)


def test_several_axes_of_one_index_are_one_layer():
    x = torch.randn(1, 3, 4, 6)
    expected = [node.layer for node in trace(Focus(), x).nodes]
    for program in (torch.jit.script(Focus()), torch.export.export(Focus(), (x,)).module()):
        assert [node.layer for node in trace(program, x).nodes] == expected
    assert len(expected) == 3


def test_a_scripted_function():
    assert [node.layer.type for node in same(repeated, image()).nodes].count("ReLU") == 3


def test_a_program_within_a_model():
    part = torch.jit.script(Block().eval())
    model = Net(lambda self, x: self.part(x) + self.second(x), part=part, second=torch.jit.script(nn.Conv2d(4, 4, 1)))
    graph = same(model, image())
    assert model.part is part
    assert [node.name for node in graph.nodes][0] == "part.conv"
    assert "second" in {node.name for node in graph.nodes}


def test_a_frozen_program():
    frozen = torch.jit.freeze(torch.jit.script(nn.Sequential(nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4)).eval()))
    assert [node.layer.type for node in same(frozen, image()).nodes] == ["Convolution"]


def test_half_precision_is_left_as_it_was():
    program = torch.jit.script(nn.Conv2d(4, 4, 3)).half()
    trace(program, image())
    assert program.weight.dtype == torch.float16


class Decides(nn.Module):
    def forward(self, x):
        if bool(x.sum() > 0):
            return x * 2
        return x


class Forks(nn.Module):
    def forward(self, x):
        return torch.jit.wait(torch.jit.fork(torch.relu, x)) + 1


class Saves(nn.Module):
    def forward(self, x):
        torch.save(x, "leak")
        return x * 2


REFUSED = {
    "a decision": (Decides, r"Decides \(test_script.py:\d+\): a Python decision"),
    "a fork": (Forks, "prim::fork has no counterpart in Python"),
    "a file": (Saves, "aten::save, which reads or writes files"),
    "overloads": (lambda: nn.LSTM(4, 4), "no forward but several overloads"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(case):
    make, message = case
    with pytest.raises(UnsupportedError, match=message):
        trace(torch.jit.script(make()), torch.randn(2, 4))


def test_a_saved_program_that_accesses_files_is_not_loaded(tmp_path):
    torch.jit.save(torch.jit.script(Saves()), tmp_path / "saves.pt")
    with pytest.raises(ConversionError, match="calls torch.save, which accesses files"):
        load_model(str(tmp_path / "saves.pt"))


def test_a_damaged_program_is_one_error(tmp_path):
    path = tmp_path / "small.pt"
    torch.jit.save(torch.jit.script(Small()), path)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"constants", b"konstants").replace(b"version", b"vervion"))
    with pytest.raises(ConversionError, match="small.pt"):
        load_model(str(path))


def test_a_program_that_torch_computes_otherwise_is_refused(monkeypatch):
    real = script_module.run_graph
    monkeypatch.setattr(script_module, "run_graph", lambda *args: real(*args) * 1.01)
    with pytest.raises(ConversionError, match="computes other numbers in torch's own interpreter"):
        trace(torch.jit.script(Small().eval()), image())


def test_several_inputs_have_the_names_of_the_program():
    program = torch.jit.script(Net2().eval())
    assert [value.name for value in trace(program, (image(), image())).inputs] == ["left", "right"]
    assert tensors(program(image(), image()))


class Net2(nn.Module):
    def forward(self, left, right):
        return left * 2 + right


def mish_twice(x: torch.Tensor, times: int = 2) -> torch.Tensor:
    for _ in range(times):
        x = x * torch.tanh(torch.nn.functional.softplus(x))
    return x


class CallsScripted(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.mish = nn.Conv2d(3, 4, 3), (torch.jit.script(mish_twice),)

    def forward(self, x):
        return self.mish[0](self.conv(x)) + self.mish[0](x[:, :1, 1:-1, 1:-1], times=1)


def test_scripted_functions_that_a_model_calls_are_executed_operator_by_operator(tmp_path, real_caffe):
    compiled = torch.jit.ScriptFunction.__call__
    model, x = CallsScripted().eval(), torch.randn(1, 3, 6, 6)
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    export(model, x, *files)
    assert verify(model, *files, x, "caffe").equal
    assert real_caffe.networks_run
    assert torch.jit.ScriptFunction.__call__ is compiled
