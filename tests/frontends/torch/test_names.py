# ruff: noqa: ARG005, E501 (tables of cases; functions in the form that torch calls)
from __future__ import annotations

import functools
import threading

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations

from pytorch2caffe import save_caffe
from pytorch2caffe.frontends.torch import trace
from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
from tests.frontends.torch.same import Net, conv, image, same


def names(graph):
    return [node.name for node in graph.nodes]


def test_layers_have_their_modules_names_and_places():
    model = torchvision_models().resnet18(weights=None)
    graph = trace(model, torch.randn(1, 3, 64, 64))
    first = graph.nodes[:6]
    assert names(graph)[:6] == ["conv1", "bn1", "bn1.scale", "relu", "maxpool", "layer1.0.conv1"]
    assert all(node.line.startswith("resnet.py:") for node in first), [node.where for node in first]
    assert first[-1].where.startswith("layer1.0.conv1 (resnet.py:")
    assert graph.nodes[-1].name == "fc"


def test_a_module_has_its_own_name_also_if_another_call_would_get_it():
    def forward(self, x):
        return self.add(self.a_1(self.a(self.a(self.a(x)))) + 1)

    graph = same(Net(forward, a=conv(), a_1=conv(), add=conv()), image())
    assert names(graph) == ["a", "a_2", "a_3", "a_1", "add_1", "add"]
    assert [node.module for node in graph.nodes] == ["a", "a", "a", "a_1", "", "add"]


def test_calls_inside_a_users_module_have_its_path_and_the_functions_name():
    block = Net(lambda self, x: F.relu(torch.relu(self.c(x)) + x), c=conv())
    graph = trace(Net(lambda self, x: self.block(x) * 2, block=block), image())
    assert names(graph) == ["block.c", "block.relu", "block.add", "block.relu_1", "mul"]
    assert [node.module for node in graph.nodes] == ["block.c", "block", "block", "block", ""]


def test_a_module_called_twice_shares_its_weights(tmp_path):
    shared = conv()
    graph = same(nn.Sequential(shared, nn.ReLU(), shared), image())
    assert names(graph) == ["0", "1", "2"]
    assert graph.nodes[0].blobs[0] is graph.nodes[2].blobs[0]
    save_caffe(graph, tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    assert (tmp_path / "net.prototxt").read_text().count('name: "0.0"') == 2


class Block(nn.Module):
    """A convolution with the activation that all blocks share, as a default of the class."""

    default_act = nn.SiLU()

    def __init__(self):
        super().__init__()
        self.conv, self.act = conv(), self.default_act

    def forward(self, x):
        return self.act(self.conv(x))


def test_a_module_that_several_have_is_named_by_the_one_that_calls_it():
    graph = same(nn.Sequential(Block(), nn.Sequential(Block(), Block())), image())
    assert names(graph) == ["0.conv", "0.act", "1.0.conv", "1.0.act", "1.1.conv", "1.1.act"]
    assert [node.module for node in graph.nodes] == names(graph)


def test_below_a_module_that_several_have():
    block = nn.Sequential(conv(), nn.ReLU())
    stage = Net(lambda self, x: self.list[1](self.list[0](x)), list=nn.ModuleList([block, nn.Sequential(block)]))
    assert names(same(stage, image())) == ["list.0.0", "list.0.1", "list.1.0.0", "list.1.0.1"]


def test_several_names_in_one_module_are_used_in_turn():
    act = nn.ReLU()
    block = nn.Sequential(conv(), act, conv(), act)
    assert names(same(block, image())) == ["0", "1", "2", "3"]
    again = Net(lambda self, x: self.b(self.b(x)), b=block)
    assert names(same(again, image())) == ["b.0", "b.1", "b.2", "b.3", "b.0_1", "b.1_1", "b.2_1", "b.3_1"]


def test_a_module_that_is_called_from_elsewhere_has_its_first_name():
    act = nn.ReLU()
    inner = Net(lambda self, x: act(self.c(x)), c=conv())
    model = Net(lambda self, x: self.a(self.i(x)), a=act, i=inner, other=nn.Sequential(act))
    assert names(same(model, image())) == ["i.c", "a", "a_1"]


def test_modules_that_contain_each_other():
    child, model = conv(), Net(lambda self, x: self.child(x))
    model.child = child
    child.back = model
    assert names(trace(model, image())) == ["child.conv2d"]


def test_weights_of_a_module_at_several_places_are_shared(tmp_path):
    block = nn.Sequential(conv(), nn.BatchNorm2d(4), nn.PReLU())
    graph = same(nn.Sequential(block, nn.ReLU(), block), image())
    save_caffe(graph, tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    text = (tmp_path / "net.prototxt").read_text()
    for name in ("0.0.0", "0.0.1", "0.1.0", "0.1.1", "0.1.2", "0.1.scale.0", "0.1.scale.1", "0.2.0"):
        assert text.count(f'name: "{name}"') == 2, name


def test_tied_parameters_of_two_modules_are_shared():
    one, two = conv(), conv()
    two.weight = one.weight
    graph = same(nn.Sequential(one, two), image())
    assert graph.nodes[0].blobs[0] is graph.nodes[1].blobs[0]
    assert graph.nodes[0].blobs[1] is not graph.nodes[1].blobs[1]


def test_names_are_unique_and_have_no_white_space():
    strange = nn.Module()
    strange.add_module("a b", nn.ReLU())
    strange.forward = lambda x: getattr(strange, "a b")(getattr(strange, "a b")(x))
    graph = trace(Net(lambda self, x: self.s(x), s=strange), image())
    assert names(graph) == ["s.a_b", "s.a_b_1"]


def test_modules_that_the_model_does_not_register_are_named_after_their_class():
    hidden = [nn.ReLU()]
    graph = trace(Net(lambda self, x: hidden[0](self.c(x)), c=conv()), image())
    assert names(graph) == ["c", "relu"]
    inner = Net(lambda self, x: nn.Sigmoid()(x))
    assert names(trace(Net(lambda self, x: self.part(x), part=inner), image())) == ["part.sigmoid"]


def test_a_parametrised_layer_keeps_its_name():
    assert names(same(nn.Sequential(parametrizations.weight_norm(conv())), image())) == ["0"]


def test_a_function_names_the_modules_it_uses():
    net = conv()
    assert names(same(lambda x: net(x).relu(), image())) == ["net", "relu"]
    assert names(same(functools.partial(lambda model, x: model(x), net), image())) == ["model"]
    assert names(same(Net(lambda self, x: self.c(x), c=net).forward, image())) == ["c"]


class Callable:
    def __init__(self):
        self.net = conv()

    def __call__(self, x):
        return self.net(x)


def test_other_callables():
    assert names(same(Callable(), image())) == ["net"]
    assert names(same(nn.DataParallel(nn.Sequential(conv())), image())) == ["0"]
    assert names(same(Net(lambda self, x: self.p(x), p=nn.DataParallel(conv())), image())) == ["p.module"]


@pytest.mark.slow
def test_compiled_models_and_parts_run_as_written():
    assert names(same(torch.compile(nn.Sequential(conv())), image())) == ["0"]
    part = torch.compile(lambda x: torch.relu(x) * 2)
    assert names(same(lambda x: part(x), image())) == ["relu", "mul"]


def test_legacy_names():
    graph = trace(nn.Sequential(conv(), nn.ReLU(), conv(), nn.MaxPool2d(2)), image(), naming="legacy")
    assert names(graph) == ["conv1", "relu1", "conv2", "max_pool1"]
    assert [node.outputs[0].name for node in graph.nodes] == [
        "conv_blob1",
        "relu_blob1",
        "conv_blob2",
        "max_pool_blob1",
    ]
    assert list(graph.outputs) == ["max_pool_blob1"]
    with pytest.raises(ValueError, match="'modules' or 'legacy'"):
        trace(nn.ReLU(), image(), naming="other")


def test_the_graph_is_named_after_the_model():
    assert trace(nn.ReLU(), image()).name == "ReLU"
    assert trace(nn.ReLU(), image(), "mine").name == "mine"
    assert trace(lambda x: x + 1, image()).name == "lambda"


def test_threads_each_trace_their_own():
    found = {}
    models = {i: nn.Sequential(*(conv() for _ in range(i + 1))) for i in range(4)}

    def work(i):
        found[i] = names(trace(models[i], image()))

    threads = [threading.Thread(target=work, args=(i,)) for i in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: [str(n) for n in range(i + 1)] for i in models}
