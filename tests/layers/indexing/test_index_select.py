import numpy as np
import pytest
import torch

from pytorch2caffe import UnsupportedError, save_caffe, to_torch, trace
from pytorch2caffe.verify.runtimes import get
from tests.layers.conftest import types_of

INDEX = torch.tensor([3, 0, 2, 2, 1, 3, 0])
CASES = {
    "index_select": lambda x: x.index_select(2, INDEX),
    "index_select of channels": lambda x: torch.index_select(x, 1, torch.tensor([2, 0])),
    "index_select of the batch": lambda x: x.index_select(0, torch.tensor([0, 0])),
    "index_select, a run": lambda x: x.index_select(3, torch.arange(1, 4)),
    "index_select, everything": lambda x: x.index_select(3, torch.arange(5)) * 2,
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 3, 4, 5)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


REFUSED = {
    "an index from values": lambda x: torch.arange(9.0).index_select(0, (x[0, 0, 0] * 0).long()),
}


@pytest.mark.parametrize("model", REFUSED.values(), ids=REFUSED)
def test_others_are_refused(model):
    with pytest.raises(UnsupportedError):
        trace(model, torch.randn(1, 3, 4, 5))


MANY = 160  # a matrix for so many has more than 64 kB
SHUFFLED = np.random.default_rng(0).permutation(MANY)
SOME = np.random.default_rng(1).integers(0, MANY // 2, 2 * MANY)  # some twice, half of them never
COSTLY = {
    "channels in any order": lambda x: x[:, SHUFFLED],
    "some channels": lambda x: x.index_select(1, torch.from_numpy(SOME)),
    "one channel, many times": lambda x: x[:, torch.zeros(MANY, dtype=torch.long)],
    "channels interleaved": lambda x: x[:, torch.arange(MANY).reshape(4, -1).t().flatten()],
    "channels reversed": lambda x: x.flip(1),
    "columns reversed": lambda x: x.reshape(1, 2, 3, MANY).flip(3),
    "rows in any order": lambda x: x.reshape(1, 2, MANY, 3)[:, :, SHUFFLED],
    "overlapping runs": lambda x: torch.cat((x[:, :99], x[:, 50:], x[:, 7:12]), 1)[:, 3:],
}


@pytest.mark.parametrize("model", COSTLY.values(), ids=COSTLY)
def test_many_positions_run_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(1, MANY, 2, 3))


def test_the_form_that_costs_least():
    x = torch.zeros(1, 3, 4, 9)
    assert types_of(lambda x: x.roll(2, 3), x, dialect="opencv") == ["Reshape", "Slice", "Concat"]
    assert types_of(lambda x: x.roll(2, 3), x) == ["Slice", "Concat", "Slice", "Silence"]  # fits every width
    assert types_of(lambda x: x.flip(3), x) == ["InnerProduct"]
    many = torch.zeros(1, MANY, 2, 3)
    assert types_of(COSTLY["channels in any order"], many) == ["Slice", "Concat"]
    assert types_of(COSTLY["some channels"], many) == ["Slice", "Silence", "Concat"]
    assert types_of(COSTLY["channels interleaved"], many, dialect="opencv") == ["ShuffleChannel"]
    assert types_of(lambda x: x[:, [3, 0, 2, 1, 5, 4]], torch.zeros(1, 6, 2, 3)) == ["Convolution"]


def test_a_permutation_of_channels_has_no_weights(tmp_path):
    """condensenet74: 124 MB for 20 MB of weights before."""
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(trace(COSTLY["channels in any order"], torch.zeros(1, MANY, 2, 3)), *files)
    assert files[1].stat().st_size < 100 * MANY < 4 * MANY * MANY


def test_what_is_not_selected_has_no_influence(tmp_path, real_caffe):
    """0 times infinity is not a number: a matrix would give NaN."""
    x = torch.randn(1, MANY, 2, 3)
    x[:, MANY - 1] = torch.inf
    model = COSTLY["some channels"]
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    graph = save_caffe(trace(model, x), *files)
    (output,) = graph.outputs.values()
    for runtime in (get("builtin"), real_caffe):
        results = {top: array for (_, top), array in runtime.run(*files, {"data": x.numpy()}).items()}
        assert np.array_equal(results[output.name], model(x).numpy())


def test_its_indices_are_not_for_training():
    model = to_torch(trace(COSTLY["some channels"], torch.randn(1, MANY, 2, 3)))
    assert list(model.parameters()) == [] and len(list(model.buffers())) == 1
