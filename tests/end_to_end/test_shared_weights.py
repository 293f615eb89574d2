"""A module that is used several times: its weights are in the caffemodel once, where the consumer can share them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import caffe_proto
from pytorch2caffe import UnsupportedError, export, load_caffe
from pytorch2caffe.backends.caffe.dialect_file import dialect
from pytorch2caffe.cli import main
from pytorch2caffe.convert.check_files import check_files
from pytorch2caffe.verify.runtimes import get
from tests.layers.conftest import outputs_of, relative_l2
from tests.lively import make_lively


class Repeated(nn.Module):
    """A module called `times` times in a row."""

    def __init__(self, block: nn.Module, times: int = 4) -> None:
        super().__init__()
        self.block = block
        self.times = times

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for _ in range(self.times):
            x = self.block(x)
            x = x[0] if isinstance(x, tuple) else x
        return x


class Decoder(nn.Module):
    """A cell that is unrolled over the steps of a sequence, as in a text recogniser."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(32, 32)
        self.head = nn.Linear(32, 32)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h, c = x, x
        steps = []
        for _ in range(4):
            h, c = self.cell(x, (h, c))
            x = self.head(h)
            steps.append(x)
        return torch.stack(steps, 1)


class TiedWeight(nn.Module):
    """Two layers with one weight and biases of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(16, 16), nn.Linear(16, 16)
        self.two.weight = self.one.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.two(self.one(x))


IMAGE = (2, 16, 6, 6)
CASES = {
    "Conv2d": (Repeated(nn.Conv2d(16, 16, 3, padding=1)), IMAGE),
    "ConvTranspose2d": (Repeated(nn.ConvTranspose2d(16, 16, 3, padding=1)), IMAGE),
    "Conv2d, BatchNorm2d, PReLU": (
        Repeated(nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.PReLU(16))),
        IMAGE,
    ),
    "Linear": (Repeated(nn.Linear(32, 32)), (2, 32)),
    "LayerNorm, Linear": (Repeated(nn.Sequential(nn.LayerNorm(32), nn.Linear(32, 32))), (2, 32)),
    "LSTM": (Repeated(nn.LSTM(32, 32, batch_first=True), 3), (2, 5, 32)),
    "LSTMCell": (Decoder(), (2, 32)),
    "GRU": (Repeated(nn.GRU(32, 32, batch_first=True), 3), (2, 2, 32)),
}


def written(model: nn.Module, shape: tuple[int, ...], folder, name: str = "caffe", **options):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    make_lively(model, x)
    files = folder / "net.prototxt", folder / "net.caffemodel"
    graph = export(model, x, *files, dialect=name, **options)
    with torch.no_grad():
        expected = outputs_of(model(x))
    return graph, files, x.numpy(), expected


def bytes_of_weights(model: nn.Module) -> int:
    return sum(tensor.nbytes for tensor in model.parameters())


@pytest.mark.parametrize(("model", "shape"), CASES.values(), ids=CASES)
def test_the_weights_are_written_once_and_right_in_real_caffe(model, shape, tmp_path, real_caffe):
    graph, files, x, expected = written(model, shape, tmp_path)
    names = [node.name for node in graph.nodes if node.blobs]
    stored = [name for name, blobs in caffe_proto.blobs_by_name(files[1]).items() if len(blobs)]
    assert set(stored) < set(names)
    structure = 200 * len(graph.nodes)
    assert files[1].stat().st_size < 1.3 * bytes_of_weights(model) + structure
    tops = {top: array for (_, top), array in real_caffe.run(*files, {"data": x}).items()}
    for value, array in zip(graph.outputs.values(), expected, strict=True):
        assert relative_l2(tops[value.name], array) < 1e-5


def test_four_calls_of_a_convolution_take_the_bytes_of_one(tmp_path):
    """157 kB before, for weights of 39 kB."""
    model = Repeated(nn.Conv2d(33, 33, 3, padding=1))
    _, files, *_ = written(model, (1, 33, 4, 4), tmp_path)
    assert files[1].stat().st_size < bytes_of_weights(model) + 1000


def test_layers_that_share_one_of_their_weights_keep_all(tmp_path, real_caffe):
    """Caffe refuses a layer with fewer blobs than its own: "Incompatible number of blobs"."""
    graph, files, x, expected = written(TiedWeight(), (2, 16), tmp_path)
    assert [len(blobs) for blobs in caffe_proto.blobs_by_name(files[1]).values() if len(blobs)] == [2, 2]
    assert files[0].read_text().count('name: "one.0"') == 2
    results = list(real_caffe.run(*files, {"data": x}).values())
    assert relative_l2(results[-1], expected[0]) < 1e-5
    first, second = (node for node in load_caffe(*files).nodes)
    assert first.blobs[0] is second.blobs[0]


def test_an_owner_in_another_shard(tmp_path, real_caffe):
    model = nn.Sequential(Repeated(nn.Linear(32, 32)), nn.Linear(32, 32), nn.Linear(32, 32))
    graph, files, x, expected = written(model, (2, 32), tmp_path, split_weights=6000)
    assert len(graph.caffemodels) == 3
    results = list(real_caffe.run(files[0], graph.caffemodels, {"data": x}).values())
    assert relative_l2(results[-1], expected[0]) < 1e-5


@pytest.mark.parametrize("runtime", ["opencv", "builtin"])
def test_opencv_gets_the_weights_of_each_layer(runtime, tmp_path):
    if reason := get(runtime).unavailable():
        pytest.skip(reason)
    model, shape = CASES["Conv2d, BatchNorm2d, PReLU"]
    graph, files, x, expected = written(model, shape, tmp_path, "opencv")
    stored = caffe_proto.blobs_by_name(files[1])
    assert all(len(stored[node.name]) for node in graph.nodes if node.blobs)
    tops = {top: array for (_, top), array in get(runtime).run(*files, {"data": x}).items()}
    (value,) = graph.outputs.values()
    assert relative_l2(tops[value.name], expected[0]) < 1e-5


def test_check_names_the_layer_that_has_the_weights_and_lower_writes_them(tmp_path, capsys):
    _, files, *_ = written(Repeated(nn.Linear(32, 32), 2), (2, 32), tmp_path)
    assert check_files(*files, dialect("caffe")) == []
    (problem,) = check_files(*files, dialect("opencv"))
    assert problem.where == "layer 'block_1'"
    assert problem.what == "its weights are stored once, with layer 'block'; opencv needs each layer's own"
    assert main(["lower", *map(str, files), "--target", "opencv", "-o", str(tmp_path / "own")]) == 0
    assert check_files(tmp_path / "own.prototxt", tmp_path / "own.caffemodel", dialect("opencv")) == []


def test_weights_that_no_layer_has_are_missing(tmp_path):
    _, files, *_ = written(Repeated(nn.Linear(32, 32), 2), (2, 32), tmp_path)
    (tmp_path / "other.prototxt").write_text(files[0].read_text().replace('name: "block.0"', 'name: "x"', 1))
    (problem,) = check_files(tmp_path / "other.prototxt", files[1], dialect("caffe"))
    assert problem.what == "no weights for this InnerProduct in the caffemodel"
    with pytest.raises(UnsupportedError, match="needs weights"):
        load_caffe(tmp_path / "other.prototxt", files[1])


def test_a_shared_layer_read_and_written_again_is_shared(tmp_path):
    _, files, x, expected = written(*CASES["Linear"], tmp_path)
    assert main(["lower", *map(str, files), "-o", str(tmp_path / "again")]) == 0
    again = tmp_path / "again.prototxt", tmp_path / "again.caffemodel"
    assert again[1].stat().st_size <= files[1].stat().st_size
    np.testing.assert_allclose(list(get("builtin").run(*again, {"data": x}).values())[-1], expected[0], rtol=1e-5)
