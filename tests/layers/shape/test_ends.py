"""Positions counted from the end, in layers that fit every size; Caffe runs them in tests/end_to_end."""

import pytest
import torch

from pytorch2caffe import UnsupportedError, load_caffe, save_caffe, to_torch, trace
from pytorch2caffe.graph.other_sizes import fixed_by
from pytorch2caffe.runtime.infer import infer

CASES = {
    "all but the last rows": lambda x: x[:, :, :-2],
    "all but the first and the last columns": lambda x: x[..., 1:-2],
    "both axes": lambda x: x[:, :, 2:-1, :-1],
    "a part of the channels too": lambda x: x[:, 1:, 1:-1],
    "rolled to the end": lambda x: x.roll(3, 2),
    "rolled both ways": lambda x: x.roll((1, -2), (3, 2)),
    "halves": lambda x: torch.cat(x.chunk(2, 3), 1),
    "thirds": lambda x: x.chunk(3, 2)[1],
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_fits_every_size(model, tmp_path):
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    written = save_caffe(trace(model, torch.randn(1, 2, 9, 8)), *files)
    assert fixed_by(written, infer).keys() <= {"height", "width"}  # a third, or a half, of twice the size is whole
    x = torch.randn(1, 2, 12, 14)
    torch.testing.assert_close(to_torch(load_caffe(*files, input_shape=x.shape))(x), model(x), rtol=0, atol=0)


def test_a_size_that_has_no_halves_is_refused(tmp_path):
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(trace(CASES["halves"], torch.randn(1, 2, 9, 8)), *files)
    with pytest.raises(UnsupportedError, match="Slice of 7 into 2 equal parts"):
        load_caffe(*files, input_shape=(1, 2, 9, 7))
