"""Tensors with no axes (one number), and tensors that hold no numbers."""

import pytest
import torch
import torch.nn.functional as F

from pytorch2caffe import ConversionError, UnsupportedError, export, trace, verify
from tests.frontends.torch.same import image, same

ONE_NUMBER = {
    "relu": lambda x: x.relu(),
    "sum along its last axis": lambda x: x.sum(-1) + x.mean(()) + x.amax(0),
    "softmax": lambda x: x.softmax(-1) * 3,
    "log softmax": lambda x: F.log_softmax(x, 0),
    "logsumexp": lambda x: x.logsumexp(0),
    "product": lambda x: x.prod(0),
    "norm": lambda x: x.norm(dim=-1),
    "squeeze": lambda x: x.squeeze(0) * 2,
    "transpose": lambda x: x.transpose(0, -1) * 2,
    "flip": lambda x: x.flip(0) * 2,
    "gather": lambda x: x.gather(0, torch.tensor([0])) * 2,
    "argmax and topk": lambda x: x.argmax(0) + x.argmin() + x.topk(1)[0],
    "prelu": lambda x: F.prelu(x, torch.tensor([0.25])),
    "cosine similarity": lambda x: F.cosine_similarity(x, x * 2, 0),
    "at least some axes": lambda x: [*torch.atleast_1d(x, x * 2), *torch.atleast_2d([x, x * 3]), torch.atleast_3d(x)],
    "index_select": lambda x: torch.index_select(x, 0, torch.tensor(0)) * 2,
    "two of them": lambda x: torch.stack((x, x * 2)),
}


@pytest.mark.parametrize("model", ONE_NUMBER.values(), ids=ONE_NUMBER)
def test_one_number_is_a_tensor_too(model, tmp_path):
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    export(model, torch.tensor(0.5), *files)
    assert verify(model, *files, torch.tensor(-1.5)).equal


def test_an_input_without_numbers_is_refused():
    with pytest.raises(ConversionError, match=r"the input data, \[0, 3\], has no elements"):
        trace(lambda x: x * 2, torch.zeros(0, 3))


EMPTY = [lambda x: x[:, :0], lambda x: x.narrow(1, 0, 0), lambda x: x.split([0, 3], 1)[0], lambda x: x.repeat(0, 1)]


@pytest.mark.parametrize("model", EMPTY)
def test_a_result_without_numbers_is_left_out(model):
    with pytest.warns(UserWarning, match="output 2 of 2 does not depend on the input"):
        assert len(trace(lambda x: (x * 2, model(x)), torch.zeros(2, 3)).outputs) == 1
    with pytest.raises(UnsupportedError, match="does not depend on the input"):
        trace(model, torch.zeros(2, 3))


PARTS = {
    "a slice": lambda x: torch.cat([x, x[:, :, :0]], 2) * 2,
    "a list": lambda x: torch.cat([x[:, []], x], 1) * 2,
    "computed with": lambda x: torch.cat([(x[:, :0] * 2).relu().reshape(1, 0, 6, 6), x], 1) * 2,
    "a chunk": lambda x: torch.cat(torch.split(x, [2, 0, 2], 1)[::-1], 1),
    "split at and beyond its ends": lambda x: torch.cat(x.tensor_split([0, 1, 1, 3, 9], 1)[::-1], 1),
    "the only piece": lambda x: x.split([4, 0], 1)[0] * 2 + x.split([0, 4], 1)[0].sum(),
    "zeros": lambda x: torch.cat([torch.zeros(1, 0, 6, 6), x], 1) + 1,
    "of torch.empty": lambda x: torch.cat([torch.empty(0), x], 1) + 1,
    "summed": lambda x: x + x[:, :0].sum(1, keepdim=True),
    "padded": lambda x: x + F.pad(x[:, :, :0], (0, 0, 3, 3), value=2.0),
    "written into": lambda x: _filled(x[:, :0] * 2, x),
}


def _filled(empty, x):
    empty.add_(x[:, :0]).fill_(3)
    empty[:, :, :2] = 1
    return torch.cat([x, empty], 1) * 2


@pytest.mark.parametrize("model", PARTS.values(), ids=PARTS)
def test_a_part_without_numbers(model):
    same(model, image())
