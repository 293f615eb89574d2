"""BatchNorm and Scale in one layer."""

from __future__ import annotations

from pytorch2caffe.layers.elementwise.scale import Scale
from pytorch2caffe.layers.normalization.affine_batch_norm import AffineBatchNorm
from pytorch2caffe.layers.normalization.batch_norm import BatchNorm
from pytorch2caffe.passes.join_batch_norm import join_batch_norm
from tests.passes.graphs import Net, applied, types


def normalised(net: Net):
    return net.add(BatchNorm(eps=1e-3), net.x, blobs=[net.random(4), net.random(4), net.random(1)], name="bn")


def test_joined() -> None:
    net = Net(2, 4, 5, 5)
    y = net.add(Scale(bias_term=True), normalised(net), blobs=[net.random(4), net.random(4)], name="scale")
    after = applied(join_batch_norm, net.done(y), 1e-6)
    (node,) = after.nodes
    assert node.layer == AffineBatchNorm(1e-3, True)
    assert (node.name, node.outputs[0].name, len(node.blobs)) == ("bn", "scale", 5)


def test_without_a_bias() -> None:
    net = Net(2, 4, 5, 5)
    y = net.add(Scale(), normalised(net), blobs=[net.random(4)])
    assert types(applied(join_batch_norm, net.done(y), 1e-6)) == ["AffineBatchNorm"]


def test_a_scale_of_another_axis_stays() -> None:
    net = Net(2, 4, 5, 5)
    y = net.add(Scale(axis=2), normalised(net), blobs=[net.random(5)])
    assert types(applied(join_batch_norm, net.done(y))) == ["BatchNorm", "Scale"]


def test_a_norm_that_is_an_output_stays() -> None:
    net = Net(2, 4, 5, 5)
    norm = normalised(net)
    y = net.add(Scale(), norm, blobs=[net.random(4)])
    assert types(applied(join_batch_norm, net.done(norm, y))) == ["BatchNorm", "Scale"]


def test_statistics_of_the_batch_stay() -> None:
    net = Net(2, 4, 5, 5)
    norm = net.add(BatchNorm(use_global_stats=False), net.x, blobs=[net.random(4), net.random(4), net.random(1)])
    y = net.add(Scale(), norm, blobs=[net.random(4)])
    assert types(applied(join_batch_norm, net.done(y))) == ["BatchNorm", "Scale"]
