"""Models whose state changes when they are called: named if their results depend on it, restored in any case."""

from __future__ import annotations

import warnings
from collections import deque
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from pytorch2caffe.cli import main
from pytorch2caffe.frontends.torch import trace
from pytorch2caffe.frontends.torch.repeated_calls import StateWarning
from tests.frontends.torch.same import Net, conv, image, same


class Recurrent(nn.Module):
    """Keeps its hidden state between calls."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.h = conv(), None

    def forward(self, x):
        self.h = self.conv(x) if self.h is None else self.conv(x) + self.h.tanh()
        return self.h


class Difference(nn.Module):
    """The difference to the previous frame, in a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("previous", torch.zeros(1, 4, 6, 6))

    def forward(self, x):
        y = x - self.previous
        self.previous.copy_(x)
        return y


class Largest(nn.Module):
    """The largest value seen so far: another call with the same input gives the same result."""

    def __init__(self) -> None:
        super().__init__()
        self.largest = torch.zeros(1)

    def forward(self, x):
        self.largest = torch.maximum(self.largest, x.amax())
        return x / self.largest


def counting(self, x):
    self.calls += 1
    return x * self.calls


def growing(self, x):
    self.log.append(x.mean())
    return x * len(self.log)


def window(self, x):
    self.frames.append(x)
    return torch.stack(tuple(self.frames)).mean(0)


def keyed(self, x):
    self.table["sum"] = self.table.get("sum", 0) + x
    return self.table["sum"]


def of_an_object(self, x):
    self.memory.h = self.memory.h * 0.5 + x
    return self.memory.h


def with_new_weights(self, x):
    y = self.conv(x)
    self.conv.weight.data = self.conv.weight.data * 0.5
    return y


def averaging(self, x):
    self.mean.mul_(0.9).add_(x.mean((0, 2, 3)), alpha=0.1)
    return x - self.mean[:, None, None]


def with_buffer(function, name, buffer):
    net = Net(function)
    net.register_buffer(name, buffer)
    return net


def with_attribute(function, **attributes):
    net = Net(function)
    vars(net).update(attributes)
    return net


STATES = {  # how to make the model, what is named
    "an attribute": (Recurrent, "encoder.h"),
    "a buffer": (Difference, "encoder.previous"),
    "a maximum so far": (Largest, "encoder.largest"),
    "a running mean": (lambda: with_buffer(averaging, "mean", torch.zeros(4)), "encoder.mean"),
    "a counter": (lambda: with_attribute(counting, calls=0), "encoder.calls"),
    "a list": (lambda: with_attribute(growing, log=[]), "encoder.log[1]"),
    "a deque": (lambda: with_attribute(window, frames=deque(maxlen=3)), "encoder.frames[1]"),
    "a dict": (lambda: with_attribute(keyed, table={}), "encoder.table['sum']"),
    "an object": (lambda: with_attribute(of_an_object, memory=SimpleNamespace(h=0)), "encoder.memory.h"),
    "a weight": (lambda: Net(with_new_weights, conv=conv()), "encoder.conv.weight"),
}


@pytest.mark.parametrize("make, name", STATES.values(), ids=STATES)
def test_state_that_changes_the_results_is_named_and_restored(make, name: str) -> None:
    encoder = make().eval()
    model = Net(lambda self, x: self.head(self.encoder(x)), encoder=encoder, head=conv()).eval()
    x = image()
    with pytest.warns(StateWarning) as caught:
        graph = trace(model, x)
    message = str(caught[0].message)
    assert message.startswith("Net changes its state when it is called (") and name in message
    assert "the network computes what the first call does" in message and "fix: make the state an input" in message
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StateWarning)
        assert [node.name for node in trace(model, x).nodes] == [node.name for node in graph.nodes]  # restored
        same(model, x)


class Head(nn.Module):
    """Computes its grid and strides at the first call, as YOLO's heads do, and again for another size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.shape, self.grid = conv(), None, torch.empty(0)

    def forward(self, x):
        if self.shape != x.shape:
            self.shape = x.shape
            self.grid = torch.arange(float(x.shape[-1])) + 0.5
        return self.conv(x) + self.grid


def remembering(self, x):
    self.latest = x
    self.outputs["latest"] = x
    return x * 2


def counting_only(self, x):
    self.calls += 1
    self.seen += 1
    return x * 2


def set_before_use(self, x):
    self.h = torch.zeros(1)
    self.h = self.h + x
    return self.h


def memoised(self, x):
    if x.shape not in self.memo:
        self.memo[x.shape] = torch.linspace(0, 1, x.shape[-1])
    return x * self.memo[x.shape]


def scratch(self, x):
    self.mean.copy_(x.mean((0, 2, 3)))
    return x - self.mean[:, None, None]


HARMLESS = {
    "a grid": Head,
    "the latest input": lambda: with_attribute(remembering, latest=None, outputs={}),
    "a counter that nothing reads": lambda: with_attribute(counting_only, calls=0, seen=torch.zeros(1)),
    "set before use": lambda: with_attribute(set_before_use, h=None),
    "a table by shape": lambda: with_attribute(memoised, memo={}),
    "a buffer that is overwritten first": lambda: with_buffer(scratch, "mean", torch.zeros(4)),
}


@pytest.mark.parametrize("make", HARMLESS.values(), ids=HARMLESS)
def test_caches_give_no_warning(make) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same(make(), image())


def test_a_model_that_changes_nothing_is_called_once() -> None:
    calls = []
    trace(Net(lambda self, x: calls.append(0) or self.conv(x), conv=conv()), image())
    assert len(calls) == 1


def test_the_closure_of_a_function() -> None:
    seen = []

    def forward(x):
        seen.append(x)
        return x * len(seen)

    with pytest.warns(StateWarning, match=r"forward changes its state when it is called \(seen\[1\]"):
        trace(forward, image())
    assert seen == []


def test_a_method_of_an_object() -> None:
    class Session:
        def __init__(self):
            self.net, self.h = conv(), 0

        def step(self, x):
            self.h = self.net(x) + self.h
            return self.h

    session = Session()
    with pytest.warns(StateWarning, match=r"\(h\)"):
        trace(session.step, image())
    assert session.h == 0


def test_a_model_that_can_be_called_once_only() -> None:
    def forward(self, x):
        return x * self.factors.pop()

    model = with_attribute(forward, factors=[2.0])
    with pytest.warns(StateWarning, match=r"factors\[0\]\), and a second call raises IndexError: pop"):
        trace(model, image())
    assert model.factors == [2.0]


@pytest.mark.filterwarnings("always::pytorch2caffe.frontends.torch.repeated_calls.StateWarning")
def test_export_warns_once_on_stderr(tmp_path: Path, monkeypatch, capsys) -> None:
    (tmp_path / "net.py").write_text("from tests.frontends.torch.test_state import Recurrent\n")
    monkeypatch.chdir(tmp_path)
    assert main(["export", "net.py:Recurrent", "--input-shape", "1,4,6,6", "-o", "net"]) == 0
    said = capsys.readouterr().err
    assert said.count("warning: Recurrent changes its state when it is called (h)") == 1
