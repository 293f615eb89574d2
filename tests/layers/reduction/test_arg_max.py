import numpy as np
import pytest
import torch

from pytorch2caffe import save_caffe, trace
from pytorch2caffe.verify.runtimes import get
from tests.layers.conftest import lacks, types_of

CASES = {
    "argmax of channels": lambda x: x.argmax(1),
    "argmax, kept": lambda x: torch.argmax(x, 2, keepdim=True),
    "argmax, last axis": lambda x: x.argmax(-1),
    "argmax of everything": lambda x: x.argmax(keepdim=True) * 1,
    "argmax, of equal ones the first": lambda x: (x - 9).relu().argmax(1),
    "argmax of a long axis": lambda x: x.flatten(1).repeat(1, 2).argmax(1),
    "argmax beside -inf": lambda x: x.masked_fill(x < 0, -torch.inf).flatten(1).argmax(1),
    "argmin of equal ones": lambda x: x.relu().argmin(3),
    "argmin": lambda x: torch.argmin(x, 1),
}


@pytest.mark.parametrize(
    "model",
    [lacks(m, opencv="has no ArgMax") for m in CASES.values()],
    ids=CASES,
)
def test_runs_the_same_everywhere(model, same_everywhere):
    same_everywhere(model, torch.randn(2, 3, 4, 5))


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
def test_opencv_which_has_no_argmax_has_other_layers(model, tmp_path):
    if reason := get("opencv").unavailable():
        pytest.skip(reason)
    x, files = torch.randn(2, 3, 4, 5), (tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    lowered = save_caffe(trace(model, x), *files, dialect="opencv")
    (name,) = (value.name for value in lowered.outputs.values())
    results = {top: array for (_, top), array in get("opencv").run(*files, {"data": x.numpy()}, {name}).items()}
    assert np.array_equal(results[name], model(x).numpy())


def test_caffe_counts_from_behind_as_it_takes_the_last_of_equal_numbers():
    types = types_of(lambda x: x.argmax(1, keepdim=True), torch.zeros(1, 30, 4, 5))
    assert types == ["Slice", "Concat", "ArgMax", "Power"]
