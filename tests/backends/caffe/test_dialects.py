"""Each dialect on a handful of models, in the reader itself where it is at hand."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from pytorch2caffe import UnsupportedError, load_caffe, save_caffe, trace
from pytorch2caffe.backends.caffe.dialect_file import dialect, names
from pytorch2caffe.verify.runtimes import get
from tests.layers.conftest import relative_l2
from tests.lively import make_lively
from tests.models import tiny


class Shuffled(nn.Module):
    """Grouped convolutions with their channels shuffled, and the axes turned at the end."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.shuffle = nn.ChannelShuffle(2)
        self.mix = nn.Conv2d(8, 8, 3, padding=1, groups=2)

    def forward(self, x):
        x = nn.functional.hardswish(self.mix(self.shuffle(nn.functional.mish(self.conv(x)))))
        return nn.functional.silu(nn.functional.avg_pool2d(x, 3, 2, 1)).permute(0, 2, 3, 1)


class Sequence(nn.Module):
    """An LSTM over the columns of a picture."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(12, 5)

    def forward(self, x):
        return self.lstm(x.flatten(1, 2).permute(2, 0, 1))[0]


MODELS = {
    "tiny": (tiny, (1, 3, 32, 32)),
    "shuffled": (Shuffled, (1, 3, 17, 18)),
    "sequence": (Sequence, (1, 3, 4, 6)),
    "softplus": (nn.Softplus, (1, 3, 4, 6)),
    "bn": (lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 3)), (1, 3, 3, 3)),
}
# model -> words of the refusal, and the dialects that have not what it takes
HAS_NOT = {
    "tiny": ("no operation MAX|no layer Sigmoid|no pool AVE", "armnn coreml nncase tengine tidl vitis-ai"),
    "shuffled": (
        "no layer BNLL|no axis 2 in Concat",
        "armnn coreml mindspore-lite nncase openvino paddle rknn sigmastar snpe tengine tidl tnn vitis-ai",
    ),
    "sequence": (
        "no axis 0 in Slice|no shape.0. 6 in Reshape|no layer (Reshape|Silence)|reshapes within an image",
        "armnn ascend coreml ncnn nncase nnie rknn tengine tensorrt tidl vitis-ai",
    ),
    "softplus": (
        "no layer BNLL",
        "armnn mindspore-lite nncase openvino paddle rknn sigmastar snpe sophgo tengine tidl tnn vitis-ai",
    ),
}
REFUSED = {(name, target): words for name, (words, targets) in HAS_NOT.items() for target in targets.split()}


def lively(name):
    torch.manual_seed(0)
    make, shape = MODELS[name]
    x = torch.randn(shape)
    return make_lively(make(), x), x


@pytest.mark.slow
@pytest.mark.parametrize("target", names())
@pytest.mark.parametrize("name", MODELS)
def test_runs_in_its_reader(name, target, tmp_path, request):
    model, x = lively(name)
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    graph = trace(model, x)
    if (name, target) in REFUSED:
        with pytest.raises(Exception, match=REFUSED[name, target]):
            save_caffe(graph, *files, target)
        assert not list(tmp_path.iterdir())
        return
    lowered = save_caffe(graph, *files, target)
    runtime = dialect(target).runtime or "builtin"
    if runtime == "caffe":
        request.getfixturevalue("real_caffe")
    if reason := get(runtime).unavailable():
        pytest.skip(reason)
    results = {top: array for (_, top), array in get(runtime).run(*files, {lowered.inputs[0].name: x.numpy()}).items()}
    (output,) = lowered.outputs.values()
    assert relative_l2(results[output.name], model(x).detach().numpy()) < 1e-5


def types(name, target, tmp_path):
    model, x = lively(name)
    lowered = save_caffe(trace(model, x), tmp_path / "n.prototxt", tmp_path / "n.caffemodel", target)
    return {node.layer.type for node in lowered.nodes}


def test_opencv_gets_what_it_has(tmp_path):
    assert {"ShuffleChannel", "Permute", "Mish", "HardSwish", "Swish"} <= types("shuffled", "opencv", tmp_path)
    assert "LSTM" not in types("sequence", "opencv", tmp_path)
    assert "LSTM" in types("sequence", "caffe", tmp_path)


class Tokens(nn.Module):
    """Linear layers after reshapes that split the batch and join rows and columns."""

    def __init__(self):
        super().__init__()
        self.rows, self.tokens = nn.Linear(6, 4), nn.Linear(5, 2)

    def forward(self, x):
        return self.tokens(x.permute(0, 2, 3, 1).flatten(1, 2)), self.rows(x.reshape(10, 2, 6))


def test_mnn_computes_the_reshapes_before_linear_layers(tmp_path):
    if reason := get("mnn").unavailable():
        pytest.skip(reason)
    torch.manual_seed(0)
    model, x, files = Tokens(), torch.randn(1, 5, 4, 6), (tmp_path / "n.prototxt", tmp_path / "n.caffemodel")
    lowered = save_caffe(trace(model, x), *files, "mnn")
    results = {top: array for (_, top), array in get("mnn").run(*files, {lowered.inputs[0].name: x.numpy()}).items()}
    for value, expected in zip(lowered.outputs.values(), model(x), strict=True):
        assert relative_l2(results[value.name], expected.detach().numpy()) < 1e-5


def test_opencv_spells_ceil_mode(tmp_path):
    types("tiny", "opencv", tmp_path)
    text = (tmp_path / "n.prototxt").read_text()
    assert "ceil_mode: false" in text
    assert "round_mode" not in text
    pools = [node.layer for node in load_caffe(tmp_path / "n.prototxt").nodes if node.layer.type == "Pooling"]
    assert pools[0].round_mode == "FLOOR"


def test_ncnn_gets_padded_averages_as_convolutions(tmp_path):
    model, x = lively("shuffled")
    lowered = save_caffe(trace(model, x), tmp_path / "n.prototxt", tmp_path / "n.caffemodel", "ncnn")
    kinds = [node.layer.type for node in lowered.nodes]
    assert "Pooling" not in kinds
    assert [node.layer.group for node in lowered.nodes if node.name.startswith("avg_pool2d")] == [8]


class Deep(nn.Module):
    """Names longer than 32 characters."""

    def __init__(self):
        super().__init__()
        block = nn.Sequential()
        block.a_convolution_of_a_very_long_name_1 = nn.Conv2d(3, 4, 3)
        block.a_convolution_of_a_very_long_name_2 = nn.Conv2d(4, 4, 3)
        self.features = nn.Sequential(block, nn.BatchNorm2d(4))

    def forward(self, x):
        return self.features(x)


def test_nnie_gets_short_names_a_map_and_no_batch_norm(tmp_path):
    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    lowered = save_caffe(trace(Deep(), torch.zeros(1, 3, 8, 8)), *files, "nnie")
    assert [node.layer.type for node in lowered.nodes] == ["Convolution", "Convolution"]
    every = [node.name for node in lowered.nodes] + [v.name for node in lowered.nodes for v in node.outputs]
    assert max(map(len, every)) <= 32
    assert len({node.name for node in lowered.nodes}) == 2
    written = json.loads((tmp_path / "n.names.json").read_text())
    assert written["features.0.a_convolution_of_a_ve"] == "features.0.a_convolution_of_a_very_long_name_1"
    assert written["features.0.a_convolution_of_a_~1"] == "features.0.a_convolution_of_a_very_long_name_2"


def test_nnie_takes_one_permute_and_has_the_others_said_otherwise(tmp_path):
    for order, native in (((0, 2, 3, 1), True), ((0, 3, 1, 2), False)):
        graph = trace(lambda x, order=order: x.relu().permute(order), torch.zeros(1, 3, 4, 5))
        lowered = save_caffe(graph, tmp_path / "n.prototxt", tmp_path / "n.caffemodel", "nnie")
        assert ("Permute" in {node.layer.type for node in lowered.nodes}) == native


def test_every_dialect_says_who_and_how_we_know():
    assert all(dialect(name).summary and dialect(name).rests_on for name in names())


@pytest.mark.parametrize(
    "layer", [nn.Conv3d(2, 2, 3), nn.ConvTranspose3d(2, 2, 3)], ids=lambda layer: type(layer).__name__
)
def test_a_layer_of_too_many_axes_is_refused_for_them(layer, tmp_path):
    graph = trace(layer, torch.zeros(1, 2, 4, 4, 4))
    with pytest.raises(UnsupportedError, match="of 5 axes; ncnn accepts at most 4"):
        save_caffe(graph, tmp_path / "n.prototxt", tmp_path / "n.caffemodel", dialect="ncnn")
