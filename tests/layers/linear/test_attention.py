import pytest
import torch
import torch.nn.functional as F

from tests.layers.conftest import types_of

CASES = {
    "two heads": lambda x: F.scaled_dot_product_attention(x, 2 * x, x + 1),
    "causal": lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True),
    "scaled, of other tokens": lambda x: F.scaled_dot_product_attention(x[:, :, :2], x, x[..., :3], scale=0.3),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(1, 2, 5, 4))


def test_at_most_fourteen_layers_on_rows_of_tokens():
    def model(x):
        return F.scaled_dot_product_attention(*(part.unflatten(2, (2, 4)).transpose(1, 2) for part in x.chunk(3, 2)))

    types = types_of(lambda x: model(x).transpose(1, 2).flatten(2), torch.randn(1, 5, 24))
    assert len(types) <= 14
    assert types.count("Slice") == 1
    assert "Silence" not in types
