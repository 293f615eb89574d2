import pytest
import torch

from pytorch2caffe import UnsupportedError, save_caffe, trace
from tests.layers.conftest import types_of

MATRIX = torch.randn(5, 6)
BATCH = torch.randn(2, 5, 6)
CASES = {
    "by a constant": (lambda x: x @ MATRIX, (2, 3, 5)),
    "2-D by a constant": (lambda x: torch.mm(x, MATRIX), (3, 5)),
    "a constant by it": (lambda x: MATRIX @ x, (2, 6, 3)),
    "by a batch of constants": (lambda x: torch.bmm(x, BATCH), (2, 3, 5)),
    "from the right": (lambda x: x.__rmatmul__(MATRIX.mT), (2, 5, 3)),
    "by itself": (lambda x: x @ x.transpose(-2, -1), (2, 3, 5)),
    "4-D": (lambda x: torch.matmul(x, x.mT), (1, 2, 3, 5)),
    "broadcast": (lambda x: torch.matmul(x, x[0].mT), (2, 3, 4)),
    "by a vector": (lambda x: x @ x[0, 0], (2, 3, 4)),
    "outer product": (lambda x: x[:, :, None] @ x[:, None, :], (2, 3)),
    "inner product": (lambda x: torch.dot(x[0], x[1])[None], (2, 6)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_a_constant_matrix_is_an_inner_product():
    assert types_of(lambda x: x @ MATRIX, torch.randn(2, 3, 5)) == ["InnerProduct"]


def test_too_large_a_product_says_how_large(tmp_path):
    graph = trace(lambda x: x @ x.mT, torch.randn(1, 4096, 64))
    with pytest.raises(UnsupportedError, match="1,073,741,824 numbers, more than 268,435,456"):
        save_caffe(graph, tmp_path / "a.prototxt", tmp_path / "a.caffemodel")
    assert not list(tmp_path.iterdir())
