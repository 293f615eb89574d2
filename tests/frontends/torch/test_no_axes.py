"""Tensors with no axes (one number), and tensors that hold no numbers."""

import pytest
import torch
import torch.nn.functional as F

from pytorch2caffe import ConversionError, UnsupportedError, export, trace, verify

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


EMPTY = [lambda x: x[:, :0], lambda x: x.narrow(1, 0, 0), lambda x: x.split([0, 3], 1)[1], lambda x: x.repeat(0, 1)]


@pytest.mark.parametrize("model", EMPTY)
def test_a_result_without_numbers_is_refused(model):
    with pytest.raises(UnsupportedError, match="which has no elements"):
        trace(model, torch.zeros(2, 3))
