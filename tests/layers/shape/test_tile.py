import pytest
import torch

from tests.layers.conftest import types_of

COLUMN = (2, 3, 1, 1)
CASES = {
    "tile": (lambda x: torch.tile(x, (2,)), (2, 3, 4)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_is_one_tile_per_axis_in_caffe_master(same_everywhere, request):
    assert types_of(lambda x: x.expand(2, 3, 4, 5), torch.zeros(COLUMN), dialect="caffe-master") == ["Tile", "Tile"]
    if "opencv" not in request.node.name:  # has no Tile
        same_everywhere(lambda x: x.expand(2, 3, 4, 5), torch.randn(COLUMN), dialect="caffe-master")
