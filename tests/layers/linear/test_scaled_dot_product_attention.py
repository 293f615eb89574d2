import pytest
import torch
import torch.nn.functional as F
from torch import nn

BATCH = torch.randn(2, 5, 6)
KEYS = torch.randn(1, 2, 3, 4)


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
    "scaled dot product": (lambda x: F.scaled_dot_product_attention(x, x * 2, x + 1), (1, 2, 6, 4)),
    "scaled dot product, causal": (lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True), (1, 2, 6, 4)),
    "scaled dot product, masked": (
        lambda x: F.scaled_dot_product_attention(x, x, x, attn_mask=torch.eye(6, dtype=torch.bool)),
        (1, 2, 6, 4),
    ),
    "scaled dot product, a query that attends to nothing": (
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
    "scaled dot product, fewer heads of constant keys": (
        lambda x: F.scaled_dot_product_attention(x, KEYS, KEYS + 1, enable_gqa=True),
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
