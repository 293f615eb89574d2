import pytest
import torch

CASES = {
    "by hand": lambda x: x * torch.sigmoid(1.702 * x),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(2, 4, 3, 6), (2, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_swish_with_beta_runs_the_same_in_its_simpler_layers():
    from pytorch2caffe.graph.builder import Builder
    from pytorch2caffe.graph.graph import Graph
    from pytorch2caffe.layers.activation.swish import Swish
    from pytorch2caffe.runtime.build import build
    from pytorch2caffe.runtime.infer import infer

    net, x = Builder(Graph(), infer), torch.randn(2, 3)
    y = Swish(1.5).lower(net, [net.input("x", (2, 3))], [])
    assert [node.layer.type for node in net.graph.nodes] == ["Power", "Sigmoid", "Eltwise"] and y.shape == (2, 3)
    torch.testing.assert_close(build(Swish(1.5).to_torch([(2, 3)], []))(x), x * torch.sigmoid(1.5 * x))
