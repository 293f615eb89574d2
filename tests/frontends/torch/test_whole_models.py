"""Models that torch.save pickled whole: known classes are read; damage and strange files are one clear error."""

from __future__ import annotations

import random

import pytest
import torch
from torch import nn

from pytorch2caffe import ConversionError
from pytorch2caffe.frontends.torch.loading.models import load_model, load_weights


class Odd:
    """What a pickle asks to be called."""

    def __reduce__(self):
        return nn.Sequential, (5,)


@pytest.fixture
def whole(tmp_path):
    path = tmp_path / "net.pth"
    torch.save(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), path)
    return path


def test_a_whole_model(whole):
    assert load_model(str(whole))(torch.ones(1, 4)).shape == (1, 3)


@pytest.mark.parametrize("seed", range(5))
def test_damaged_files_are_errors(seed, whole):
    rng = random.Random(seed)
    content = whole.read_bytes()
    for _ in range(60):
        damaged = bytearray(content)
        for _ in range(rng.choice([1, 3, 10])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        whole.write_bytes(damaged)
        for read in (lambda: load_model(str(whole)), lambda: load_weights(nn.Linear(4, 3), whole)):
            try:
                read()
            except ConversionError as error:
                assert str(whole) in str(error)


def test_a_call_that_fails(whole):
    torch.save(Odd(), whole)
    with pytest.raises(ConversionError, match="cannot be read: it is not a file of torch.save"):
        load_model(str(whole))


def test_a_file_of_an_old_pytorch_says_what_to_do(whole):
    torch.save(nn.Linear(4, 3), whole, _use_new_zipfile_serialization=False)
    with pytest.raises(ConversionError, match=r"PyTorch before 1\.6.*save it again"):
        load_model(str(whole))
