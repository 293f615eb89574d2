import pytest
import torch

from pytorch2caffe import UnsupportedError, export, trace

WEIGHT, SQUARE, CUBE, COLOURS = torch.randn(4, 5), torch.randn(4, 4), torch.randn(3, 4, 6), torch.randn(2, 3)
CASES = {
    "matrix product": (lambda x: torch.einsum("bij,jk->bik", x, WEIGHT), (2, 3, 4)),
    "attention scores": (lambda x: torch.einsum("bhqd,bhkd->bhqk", x, x + 1), (1, 2, 3, 4)),
    "transpose": (lambda x: torch.einsum("ijk->kij", x), (2, 3, 4)),
    "sum": (lambda x: torch.einsum("ijk->ik", x), (2, 3, 4)),
    "implicit output": (lambda x: torch.einsum("ij,kj", x, x), (3, 4)),
    "sum of one side": (lambda x: torch.einsum("bi,bj->b", x, x * 2), (3, 4)),
    "outer": (lambda x: torch.einsum("bi,bj->bij", x, x * 2), (3, 4)),
    "colours of the third axis from the end": (lambda x: torch.einsum("oi,...ihw->...ohw", COLOURS, x), (2, 3, 4, 5)),
    "every axis of an ellipsis": (lambda x: torch.einsum("...ij,...kj->...ik", x, x + 1), (1, 2, 3, 4)),
    "ellipsis without an arrow": (lambda x: torch.einsum("...i,i", x, WEIGHT[:, 0]), (2, 3, 4)),
    "constant of two summed axes": (lambda x: torch.einsum("bijc,ijk->bkc", x, CUBE), (2, 3, 4, 2)),
    "constant scale": (lambda x: torch.einsum("bij,j->bij", x, WEIGHT[:, 0]), (2, 3, 4)),
    "three tensors": (lambda x: torch.einsum("bi,ij,bj->b", x, SQUARE, x + 1), (3, 4)),
    "diagonal": (lambda x: torch.einsum("bii->bi", x), (2, 3, 3)),
    "trace": (lambda x: torch.einsum("bii->b", x), (2, 3, 3)),
    "non-local": (lambda x: torch.einsum("bchw,bcij->bhwij", x, x), (1, 3, 2, 4)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_colours_are_one_convolution(tmp_path):
    graph = export(
        lambda x: torch.einsum("oi,...ihw->...ohw", COLOURS, x),
        torch.randn(2, 3, 4, 5),
        tmp_path / "n.prototxt",
        tmp_path / "n.caffemodel",
    )
    assert [node.layer.type for node in graph.nodes] == ["Convolution"]


def test_refused():
    with pytest.raises(UnsupportedError, match="einsum '...i,...i->...' repeats axes of size 1"):
        trace(lambda x: torch.einsum("...i,...i->...", x, x[:1]), torch.randn(3, 3))
