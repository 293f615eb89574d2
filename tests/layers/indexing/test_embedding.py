import pytest
import torch
import torch.nn.functional as F
from torch import nn

from pytorch2caffe import UnsupportedError, trace
from tests.layers.conftest import lacks


class Sentence(nn.Module):
    def __init__(self, **settings):
        super().__init__()
        self.table, self.head = nn.Embedding(11, 6, **settings), nn.Linear(6, 3)

    def forward(self, words):
        return self.head(self.table(words).mean(1))


CASES = {
    "a sentence": (Sentence(), (2, 5)),
    "with padding": (Sentence(padding_idx=0), (1, 7)),
    "functional": (lambda words: F.embedding(words, torch.arange(33.0).reshape(11, 3) / 10), (4,)),
    "of three axes": (lambda words: F.embedding(words, torch.arange(33.0).reshape(11, 3) / 10) * 2, (2, 3, 2)),
}


@pytest.mark.parametrize("dialect", ["caffe", "caffe-master"])
@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_a_table_of_traced_numbers_runs_the_same_everywhere(model, shape, dialect, same_everywhere, request):
    if dialect == "caffe-master" and "opencv" in request.node.name:
        pytest.skip("OpenCV has no Embed")
    same_everywhere(model, torch.randint(0, 11, shape), dialect=dialect)


def test_a_table_that_changes_as_it_runs_is_refused():
    with pytest.raises(UnsupportedError, match="writes into a tensor that it does not return"):
        trace(nn.Embedding(11, 6, max_norm=1.0), torch.zeros(1, 5, dtype=torch.long))


ONE_HOT = {
    "classes of pixels": lacks(
        lambda x: F.one_hot(x.argmax(1), 4).permute(0, 3, 1, 2) * x, (2, 4, 3, 5), opencv="has no ArgMax"
    ),
    "more classes": lacks(lambda x: F.one_hot(x.argmax(1), num_classes=6).float(), (1, 4, 5), opencv="has no ArgMax"),
    "as a mask": lacks(
        lambda x: torch.where(F.one_hot(x.argmax(-1), 5).bool(), x, -1.0), (1, 4, 5), opencv="has no ArgMax"
    ),
    "of a comparison": (lambda x: F.one_hot((x > 0).long(), 2).to(x) + 1, (1, 4, 5)),
}


@pytest.mark.parametrize(("model", "shape"), ONE_HOT.values(), ids=ONE_HOT)
def test_one_hot_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_one_hot_of_an_unknown_number_of_classes_is_refused():
    with pytest.raises(UnsupportedError, match="as many classes as the greatest number has\n *fix: pass num_classes"):
        trace(lambda x: F.one_hot(x.argmax(1)).float(), torch.randn(1, 4, 5))
