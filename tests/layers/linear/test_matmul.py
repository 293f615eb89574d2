import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, save_caffe, trace
from tests.layers.conftest import types_of

MATRIX = torch.randn(5, 6)
BATCH = torch.randn(2, 5, 6)


class Attention(nn.Module):
    def __init__(self, batch_first=True):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=batch_first)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0]


class AttentionWithWeights(Attention):
    def forward(self, x):
        return self.attention(x, x, x)


CASES = {
    "by a constant": (lambda x: x @ MATRIX, (2, 3, 5)),
    "2-D by a constant": (lambda x: torch.mm(x, MATRIX), (3, 5)),
    "a constant by it": (lambda x: MATRIX @ x, (2, 6, 3)),
    "by a batch of constants": (lambda x: torch.bmm(x, BATCH), (2, 3, 5)),
    "from the right": (lambda x: x.__rmatmul__(MATRIX.mT), (2, 5, 3)),
    "addbmm": (lambda x: torch.addbmm(torch.ones(3, 3), x, x.mT, alpha=2), (2, 3, 5)),
    "addmv": (lambda x: torch.addmv(torch.ones(2), x[:, 0], torch.arange(5.0)), (2, 3, 5)),
    "by itself": (lambda x: x @ x.transpose(-2, -1), (2, 3, 5)),
    "4-D": (lambda x: torch.matmul(x, x.mT), (1, 2, 3, 5)),
    "broadcast": (lambda x: torch.matmul(x, x[0].mT), (2, 3, 4)),
    "by a vector": (lambda x: x @ x[0, 0], (2, 3, 4)),
    "outer product": (lambda x: x[:, :, None] @ x[:, None, :], (2, 3)),
    "inner product": (lambda x: torch.dot(x[0], x[1])[None], (2, 6)),
    "addmm": (lambda x: torch.addmm(torch.ones(6), x, MATRIX, beta=0.5, alpha=2), (3, 5)),
    "baddbmm": (lambda x: torch.baddbmm(x @ x.mT, x, x.mT), (2, 3, 5)),
    "scaled dot product": (lambda x: F.scaled_dot_product_attention(x, x * 2, x + 1), (1, 2, 6, 4)),
    "scaled dot product, causal": (lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True), (1, 2, 6, 4)),
    "scaled dot product, masked": (
        lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=torch.eye(6, dtype=torch.bool)),
        (1, 2, 6, 4),
    ),
    "scaled dot product, a query that sees nothing": (
        lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=torch.ones(6, 6).tril(-1) > 0),
        (1, 2, 6, 4),
    ),
    "scaled dot product, -inf added for all of a query": (
        lambda x: F.scaled_dot_product_attention(
            x, x, x, attn_mask=torch.zeros(6, 6).index_fill(0, torch.tensor(2), -torch.inf)
        ),
        (1, 2, 6, 4),
    ),
    "scaled dot product, masked by its own values": (
        lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=x[:, :1] @ x[:, :1].mT > -1),
        (1, 2, 6, 4),
    ),
    "scaled dot product, fewer heads of keys": (
        lambda x: F.scaled_dot_product_attention(x, x[:, :2], x[:, 2:], enable_gqa=True),
        (1, 4, 6, 4),
    ),
    "scaled dot product with constant keys": (
        lambda x: F.scaled_dot_product_attention(x, BATCH[:, None], BATCH[:, None] + 1),
        (2, 1, 3, 6),
    ),
    "scaled dot product with a constant query": (
        lambda x: F.scaled_dot_product_attention(BATCH[:, None], x, x),
        (2, 1, 3, 6),
    ),
    "multi-head attention": (Attention(), (1, 5, 8)),
    "multi-head attention, batch second": (Attention(False), (5, 2, 8)),
    "multi-head attention with its weights": (AttentionWithWeights(), (2, 5, 8)),
    "transformer encoder layer": (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (1, 5, 8)),
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
