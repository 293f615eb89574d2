# ruff: noqa: ARG005 (tables of cases; functions in the form that torch calls)
"""A trace leaves PyTorch, the model and the random numbers as they were, also after an exception."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import nn
from torch.overrides import _get_current_function_mode_stack
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

from pytorch2caffe import UnsupportedError
from pytorch2caffe.frontends.torch import trace
from tests.frontends.torch.same import Net, conv, image, same


class Stateful(nn.Module):
    """Changes all it can: buffers, attributes, containers, weights, hooks."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout()
        self.register_buffer("count", torch.zeros(1))
        self.plain = torch.ones(6)
        self.calls, self.cache, self.log, self.table = 0, None, [], {}

    def forward(self, x):
        self.count += 1
        self.plain.mul_(2)
        self.calls += 1
        self.cache = x
        self.log.append(x)
        self.table["x"] = x
        self.register_forward_hook(lambda *_: None)
        y = self.drop(self.norm(self.conv(x))) * self.count + self.plain
        self.conv.weight.data = self.conv.weight.data * 2
        self.count.add_(1)
        return y + self.conv(x) + self.count


def state(model):
    parts = [(m.training, len(m._forward_hooks), len(m._forward_pre_hooks), list(vars(m))) for m in model.modules()]
    tensors = {n: (t.dtype, t.device, t.data_ptr(), t.requires_grad, t.clone()) for n, t in model.state_dict().items()}
    return parts, tensors


def assert_unchanged(model, before):
    parts, tensors = state(model)
    assert parts == before[0]
    for name, (*facts, contents) in tensors.items():
        assert facts == list(before[1][name][:-1]), name
        assert torch.equal(contents, before[1][name][-1]), name
    assert not _get_current_function_mode_stack() and not _get_current_dispatch_mode_stack()
    assert torch.is_grad_enabled()


@pytest.mark.filterwarnings("ignore:Stateful changes its state")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_given_back_as_it_was(dtype, training):
    model = Stateful().to(dtype).train(training)
    model.norm.eval()  # flags of single modules too
    before = state(model)
    trace(model, image())
    assert_unchanged(model, before)
    assert (model.calls, model.cache, model.log, model.table) == (0, None, [], {})
    assert torch.equal(model.plain, torch.ones(6))


@pytest.mark.filterwarnings("ignore:Stateful changes its state")
def test_changes_within_one_forward_are_seen():
    torch.manual_seed(0)
    model = Stateful().eval()
    x = image()
    graph = trace(model, x)
    from pytorch2caffe import to_torch

    with torch.no_grad():
        found, expected = to_torch(graph)(x.clone()), model(x)
    torch.testing.assert_close(found, expected)


def test_after_an_exception():
    def forward(self, x):
        self.c(x)
        raise LookupError

    model = Net(forward, c=conv()).half().train()
    before = state(model)
    with pytest.raises(LookupError):
        trace(model, image())
    assert_unchanged(model, before)
    model = Net(lambda self, x: torch.lgamma(self.c(x)), c=conv()).train()
    before = state(model)
    with pytest.raises(UnsupportedError):
        trace(model, image())
    assert_unchanged(model, before)


def test_nothing_in_torch_is_replaced():
    functions = {name: id(f) for name, f in {**vars(torch), **vars(torch.nn.functional), **vars(torch.Tensor)}.items()}
    trace(nn.Sequential(conv(), nn.ReLU(), nn.MultiheadAttention(6, 2))[:2], image())
    after = {name: id(f) for name, f in {**vars(torch), **vars(torch.nn.functional), **vars(torch.Tensor)}.items()}
    assert functions == after


def test_no_random_number_is_drawn():
    model, x = nn.Sequential(conv(), nn.BatchNorm2d(4), nn.Dropout(), nn.Linear(6, 2)), image()
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    trace(model, x)
    trace(lambda x: x + torch.arange(6), x)
    assert torch.equal(torch.rand(3), expected)


def test_a_trace_inside_a_trace():
    inner = conv()
    graphs = []

    def forward(self, x):
        graphs.append(trace(nn.Sequential(inner, nn.ReLU()), torch.randn(1, 4, 6, 6)))
        return self.c(x)

    outer = same(Net(forward, c=conv()), image())
    assert [node.name for node in outer.nodes] == ["c"]
    assert [node.name for node in graphs[0].nodes] == ["0", "1"]


@pytest.mark.filterwarnings("ignore:Stateful changes its state")
def test_one_model_in_several_threads():
    model = Stateful().train()
    before = state(model)
    graphs = []
    threads = [threading.Thread(target=lambda: graphs.append(trace(model, image()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(graphs) == 4
    assert all([n.name for n in g.nodes] == [n.name for n in graphs[0].nodes] for g in graphs)
    assert_unchanged(model, before)


def test_the_graph_keeps_its_numbers_when_the_model_changes():
    model = conv()
    graph = trace(model, image())
    kept = graph.nodes[0].blobs[0].copy()
    with torch.no_grad():
        model.weight.zero_()
    assert (graph.nodes[0].blobs[0] == kept).all()


def test_hooks_of_the_user_run():
    model = nn.Sequential(conv(), nn.ReLU())
    model[0].register_forward_hook(lambda module, args, output: output * 2)
    model[1].register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    graph = same(model, image())
    assert [node.layer.type for node in graph.nodes] == ["Convolution", "Power", "Power", "ReLU"]


def test_functions_run_their_modules_in_eval_mode():
    net = nn.Sequential(conv(), nn.Dropout(), nn.BatchNorm2d(4)).train()
    for model in (lambda x: net(x), net.forward):
        graph = trace(model, image())
        assert [n.layer.type for n in graph.nodes] == ["Convolution", "Dropout", "BatchNorm", "Scale"]
        assert net.training and net[1].training


@pytest.mark.parametrize("scope", [torch.no_grad, torch.enable_grad, torch.inference_mode], ids=lambda s: s.__name__)
def test_within_scopes_of_the_model(scope):
    def forward(self, x):
        with scope():
            return self.c(x) + 1

    same(Net(forward, c=conv()), image())


def test_autocast_inside_the_model_does_not_cost_precision():
    def forward(self, x):
        with torch.autocast("cpu", torch.bfloat16):
            return self.c(x) + 1

    model, x = Net(forward, c=conv()), image()
    from pytorch2caffe.frontends.torch.recording import record

    graph, values = record(model, x, keep=True)
    with torch.no_grad():
        expected = model.c(x) + 1
    torch.testing.assert_close(torch.from_numpy(values[next(iter(graph.outputs.values())).name]), expected)
