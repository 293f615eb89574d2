"""Activations that a file spells out in arithmetic."""

from __future__ import annotations

from math import pi, sqrt

import pytest

from pytorch2caffe.graph.graph import Value
from pytorch2caffe.layers.activation.clip import Clip
from pytorch2caffe.layers.activation.gelu import GELU
from pytorch2caffe.layers.activation.hard_sigmoid import HardSigmoid
from pytorch2caffe.layers.activation.hard_swish import HardSwish
from pytorch2caffe.layers.activation.sigmoid import Sigmoid
from pytorch2caffe.layers.activation.swish import Swish
from pytorch2caffe.layers.activation.tanh import TanH
from pytorch2caffe.layers.elementwise.eltwise import Eltwise
from pytorch2caffe.layers.elementwise.erf import Erf
from pytorch2caffe.layers.elementwise.power import Power
from pytorch2caffe.passes.join_activations import join_activations
from tests.passes.graphs import Net, applied


def times(net: Net, a: Value, b: Value) -> Value:
    return net.add(Eltwise("PROD"), a, b)


def erf_gate(net: Net) -> Value:
    return net.add(Power(shift=1.0), net.add(Erf(), net.add(Power(scale=1 / sqrt(2)), net.x)))


def ramp(net: Net) -> Value:
    return net.add(Clip(0.0, 6.0), net.add(Power(shift=3.0), net.x))


def tanh_gate(net: Net) -> Value:
    cubic = net.add(Power(scale=0.044715), net.add(Power(power=3.0), net.x))
    inner = net.add(Power(scale=sqrt(2 / pi)), net.add(Eltwise(), net.x, cubic))
    return net.add(Power(scale=0.5, shift=0.5), net.add(TanH(), inner))


FORMS = {
    "gelu, halved last": (GELU(), lambda net: net.add(Power(scale=0.5), times(net, net.x, erf_gate(net)))),
    "gelu, halved first": (GELU(), lambda net: times(net, net.add(Power(scale=0.5), net.x), erf_gate(net))),
    "gelu, its gate halved": (GELU(), lambda net: times(net, net.x, net.add(Power(scale=0.5), erf_gate(net)))),
    "gelu by tanh": (GELU("tanh"), lambda net: times(net, net.x, tanh_gate(net))),
    "silu": (Swish(), lambda net: times(net, net.x, net.add(Sigmoid(), net.x))),
    "quick gelu": (
        Swish(1.702),
        lambda net: times(net, net.x, net.add(Sigmoid(), net.add(Power(scale=1.702), net.x))),
    ),
    "hard sigmoid": (HardSigmoid(), lambda net: net.add(Power(scale=1 / 6), ramp(net))),
    "hard swish": (HardSwish(), lambda net: net.add(Power(scale=1 / 6), times(net, net.x, ramp(net)))),
    "hard swish by its gate": (HardSwish(), lambda net: times(net, net.x, net.add(HardSigmoid(), net.x))),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_of_an_exporter_is_one_layer(name: str) -> None:
    layer, form = FORMS[name]
    net = Net(2, 5)
    assert [node.layer for node in applied(join_activations, net.done(form(net)), 2e-6).nodes] == [layer]


def test_other_numbers_and_other_inputs_stay() -> None:
    net = Net(2, 5)
    other = net.add(TanH(), net.x)
    wrong = net.add(Power(scale=0.4), times(net, net.x, erf_gate(net)))
    graph = net.done(wrong, times(net, other, net.add(Sigmoid(), net.x)))
    assert len(applied(join_activations, graph).nodes) == len(graph.nodes)


def test_what_another_layer_reads_stays() -> None:
    net = Net(2, 5)
    gate = net.add(Sigmoid(), net.x)
    after = applied(join_activations, net.done(times(net, net.x, gate), gate), 2e-6)
    assert [node.layer for node in after.nodes] == [Sigmoid(), Swish()]
