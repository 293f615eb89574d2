import pytest
import torch

from tests.layers.conftest import types_of


def linear_attention(x):
    q, k, v = x.unflatten(2, (3, 2, -1)).unbind(2)
    q, k = q.relu(), k.relu()
    scale = torch.einsum("nlhd,nhd->nlh", q, k.sum(1)) + 1
    return (torch.einsum("nlhd,nhdv->nlhv", q, torch.einsum("nshd,nshv->nhdv", k, v)) / scale[..., None]).flatten(2)


def by_transposing(x):
    q, k, v = (part.unflatten(2, (2, -1)).transpose(1, 2) for part in x.chunk(3, 2))
    return (q @ (k.mT @ v)).transpose(1, 2).flatten(2)


def of_one_number(x):
    q, k, v = x[..., :3, None], x[..., 3:6, None], x[..., 6:].unflatten(2, (3, -1))
    return torch.einsum("nlhd,nhdv->nlhv", q, torch.einsum("nshd,nshv->nhdv", k, v)[..., :1])


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("model", [linear_attention, by_transposing, of_one_number])
def test_runs_the_same_everywhere(model, samples, same_everywhere):
    same_everywhere(model, torch.randn(samples, 5, 24))


def test_at_most_twelve_layers_on_rows_of_tokens():
    types = types_of(by_transposing, torch.randn(1, 5, 24))
    assert len(types) <= 12
    assert "Concat" not in types
