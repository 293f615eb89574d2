import pytest
import torch

from tests.layers.conftest import types_of

COLUMN = (2, 3, 1, 1)
CASES = {
    "expand": (lambda x: x.expand(2, 3, 4, 5), COLUMN),
    "expand, a tuple": (lambda x: x.expand((2, 3, 4, 1)), COLUMN),
    "expand, -1": (lambda x: x.expand(-1, -1, 4, 5), COLUMN),
    "expand to more axes": (lambda x: x.expand(4, 2, 3), (2, 3)),
    "expand the batch": (lambda x: x.expand(3, -1, -1), (1, 2, 4)),
    "expand a row": (lambda x: x.expand(2, 3, 6) * 1, (6,)),
    "expand nothing": (lambda x: x.expand(2, 3, 1, 1) * 2, COLUMN),
    "expand_as": (lambda x: x.mean(1, keepdim=True).expand_as(x), (2, 3, 4, 5)),
    "broadcast_to": (lambda x: torch.broadcast_to(x, (2, 3, 4, 5)), COLUMN),
    "broadcast_to, method": (lambda x: x.broadcast_to((2, 3, 2, 1)), COLUMN),
    "repeat": (lambda x: x.repeat(1, 2, 3, 1), (2, 3, 4, 5)),
    "repeat, a tuple": (lambda x: x.repeat((2, 1)), (2, 6)),
    "repeat with more axes": (lambda x: x.repeat(3, 1, 2), (2, 3)),
    "repeat once": (lambda x: x.repeat(1, 1) * 2, (2, 3)),
    "tile": (lambda x: torch.tile(x, (2,)), (2, 3, 4)),
    "repeat_interleave": (lambda x: x.repeat_interleave(3, 1), (2, 3, 5)),
    "repeat_interleave along the last": (lambda x: torch.repeat_interleave(x, 2, dim=-1), (2, 3, 4, 5)),
    "repeat_interleave of all": (lambda x: x.repeat_interleave(2), (2, 3)),
    "repeat_interleave once": (lambda x: x.repeat_interleave(1, 0) * 2, (2, 3)),
    "repeat_interleave by hand": (lambda x: x[:, :, None].expand(-1, -1, 4, -1).reshape(2, 12, 5), (2, 3, 5)),
}


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


def test_is_one_tile_per_axis_in_caffe_master(same_everywhere, request):
    assert types_of(lambda x: x.expand(2, 3, 4, 5), torch.zeros(COLUMN), dialect="caffe-master") == ["Tile", "Tile"]
    if "opencv" not in request.node.name:  # has no Tile
        same_everywhere(lambda x: x.expand(2, 3, 4, 5), torch.randn(COLUMN), dialect="caffe-master")


def test_what_changes_nothing_is_no_layer():
    assert types_of(lambda x: x.expand(2, -1).repeat(1, 1).relu(), torch.zeros(2, 6)) == ["ReLU"]
