import pytest
import torch
from torch import nn

from pytorch2caffe import trace
from tests.layers.conftest import types_of


class SqueezeExcite(nn.Module):
    """A gate per sample and channel."""

    def __init__(self, channels=4):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.down, self.up = nn.Conv2d(channels, 2, 1), nn.Conv2d(2, channels, 1)

    def forward(self, x):
        return x * self.up(self.down(self.pool(x)).relu()).sigmoid()


class LinearSqueezeExcite(nn.Module):
    """The same with fully connected layers, as older models write it."""

    def __init__(self, channels=4):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(channels, 2), nn.ReLU(), nn.Linear(2, channels), nn.Sigmoid())

    def forward(self, x):
        gate = self.fc(x.mean((2, 3))).view(x.size(0), x.size(1), 1, 1)
        return gate.expand_as(x) * x if self.training else x * gate


CHANNELS = torch.randn(4, 1, 1)
CASES = {
    "squeeze and excite": SqueezeExcite(),
    "squeeze and excite, linear": LinearSqueezeExcite(),
    "per channel": lambda x: x * CHANNELS,
    "per channel, with an offset": lambda x: x * CHANNELS + 2 * CHANNELS,
    "per channel, offset only": lambda x: x + CHANNELS,
    "spatial gate": lambda x: x * x.mean(1, keepdim=True).sigmoid(),
    "gate of the batch": lambda x: x * x.mean((1, 2, 3), keepdim=True),
    "centred": lambda x: x - x.mean((2, 3), keepdim=True),
}


@pytest.mark.parametrize("model", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [1, 2], ids=str)
def test_runs_the_same_everywhere(model, batch, same_everywhere):
    same_everywhere(model, torch.randn(batch, 4, 5, 6))


@pytest.mark.parametrize("batch", [1, 2], ids=str)
@pytest.mark.parametrize("model", [SqueezeExcite(), LinearSqueezeExcite()], ids=["convolutions", "linear"])
def test_squeeze_and_excite_is_a_scale_with_two_bottoms_from_axis_0(model, batch):
    from pytorch2caffe.backends.caffe.dialect_file import dialect
    from pytorch2caffe.backends.caffe.lower import lower
    from pytorch2caffe.runtime.infer import infer

    lowered = lower(trace(model, torch.zeros(batch, 4, 5, 6)), dialect("caffe"), infer)
    scale = lowered.nodes[-1]
    assert (scale.layer.type, len(scale.inputs), scale.blobs) == ("Scale", 2, ())
    assert scale.layer.to_caffe() == {"axis": 0}
    assert [value.shape for value in scale.inputs] == [(batch, 4, 5, 6), (batch, 4)]


def test_constants_per_channel_are_weights():
    assert types_of(lambda x: x * CHANNELS, torch.zeros(2, 4, 5, 6)) == ["Scale"]
    assert types_of(lambda x: x + CHANNELS, torch.zeros(2, 4, 5, 6)) == ["Scale"]


def test_bias_is_native_in_caffe_master(same_everywhere, request):
    def model(x):
        return x + x.mean((2, 3), keepdim=True)

    assert types_of(model, torch.zeros(2, 4, 5, 6), dialect="caffe-master")[-1] == "Bias"
    if "opencv" not in request.node.name:  # has no Bias
        same_everywhere(model, torch.randn(2, 4, 5, 6), dialect="caffe-master")


def test_a_reader_without_scale_is_written_repeated_factors(same_everywhere, request, tmp_path):
    target = tmp_path / "no_scale.toml"
    target.write_text('summary = "a reader"\nrests_on = "nothing"\nextends = "caffe"\nwithout = ["Scale"]\n')
    for model in (lambda x: x * CHANNELS + x.mean((2, 3), keepdim=True), SqueezeExcite()):
        same_everywhere(model, torch.randn(2, 4, 5, 6), dialect=str(target))
        assert "Scale" not in types_of(model, torch.zeros(2, 4, 5, 6), dialect=str(target))


def test_a_reader_whose_scale_is_of_channels_only(same_everywhere, request):
    """Weights of any axes are those of channels, in another shape."""
    weights = torch.linspace(0.5, 2, 20).reshape(4, 5)
    for model in (lambda x: x * weights[0] + weights[1], lambda x: x * weights[:, :, None], nn.LayerNorm(5)):
        x = torch.randn(2, 4, 5, 5)
        types = types_of(model, x, dialect="mnn")
        assert "Scale" in types
        assert not {"Tile", "Convolution"} & {*types}
        same_everywhere(model, x, dialect="mnn")
