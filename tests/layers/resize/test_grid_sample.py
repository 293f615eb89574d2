import pytest
import torch
import torch.nn.functional as F

from pytorch2caffe import UnsupportedError, trace

GRID = (torch.rand(2, 3, 4, 2, generator=torch.Generator().manual_seed(0)) - 0.5) * 3
THETA = torch.tensor([[[0.9, 0.3, 0.1], [-0.2, 1.1, 0.0]]])
CASES = {
    f"{mode}, {padding}, {'corners' if corners else 'edges'}": (
        lambda x, m=mode, p=padding, c=corners: F.grid_sample(x, GRID[: len(x)], m, p, align_corners=c)
    )
    for mode in ("bilinear", "nearest")
    for padding in ("zeros", "border")
    for corners in (False, True)
}
CASES |= {
    "one grid for all": lambda x: F.grid_sample(x, GRID[:1].expand(len(x), -1, -1, -1), align_corners=False),
    "an affine map": lambda x: F.grid_sample(
        x, F.affine_grid(THETA.expand(len(x), 2, 3), x.shape, align_corners=False), align_corners=False
    ),
    "the grid itself": lambda x: F.grid_sample(
        x, F.affine_grid(torch.eye(2, 3)[None].expand(len(x), 2, 3), x.shape, align_corners=True), align_corners=True
    ),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("shape", [(1, 3, 5, 6), (2, 3, 5, 6)], ids=str)
def test_runs_the_same_everywhere(model, shape, same_everywhere):
    same_everywhere(model, torch.randn(shape))


REFUSED = {
    "positions that are computed": (lambda x: F.grid_sample(x, x[:, :2].permute(0, 2, 3, 1)), "depend on the input"),
    "bicubic": (lambda x: F.grid_sample(x, GRID[:1], "bicubic"), "grid_sample with mode 'bicubic'"),
    "reflection": (lambda x: F.grid_sample(x, GRID[:1], padding_mode="reflection"), "padding 'reflection'"),
    "too many numbers": (
        lambda x: F.grid_sample(F.interpolate(x, size=80), torch.zeros(1, 60, 60, 2)),
        "a matrix of 23,040,000",
    ),
}


@pytest.mark.filterwarnings("ignore:Default grid_sample")
@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses(model, message):
    with pytest.raises(UnsupportedError, match=message):
        trace(model, torch.randn(1, 3, 5, 6))
