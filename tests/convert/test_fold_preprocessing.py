"""--fold-preprocessing: the network takes pixels, and gives what the model gives for the preprocessed image."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from pytorch2caffe import load_caffe
from pytorch2caffe.cli import main
from pytorch2caffe.convert.export import export
from pytorch2caffe.errors import ConversionError
from pytorch2caffe.quantize.image_options import ImageOptions
from pytorch2caffe.runtime.run import run
from tests.lively import make_lively

PIXELS = ImageOptions((123.675, 116.28, 103.53), (1 / 58.395, 1 / 57.12, 1 / 57.375), "RGB")


class Branches(nn.Module):
    """Two convolutions of the image, one without a bias."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3, stride=2), nn.Conv2d(3, 4, 3, stride=2, bias=False)

    def forward(self, x):
        return self.a(x) + self.b(x)


class Whole(nn.Module):
    def forward(self, x):
        return torch.cat([x, x * 2], 1)


class Twice(nn.Module):
    """A convolution that is called for the image and for its own result: its weights are shared."""

    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return self.a(self.a(x))


SCALE, ONE = "are a Scale before it", "are a Convolution of kernel 1"
CASES = {
    "not padded": (nn.Conv2d(3, 5, 3), PIXELS, "folded into"),
    "padded": (nn.Conv2d(3, 5, 3, padding=1), PIXELS, SCALE),
    "padded, no mean": (nn.Conv2d(3, 5, 3, padding=1), ImageOptions((0,), (1 / 255,), "RGB"), "folded into"),
    "padded, BGR": (nn.Conv2d(3, 5, 3, padding=1), ImageOptions((104, 117, 123)), SCALE),
    "grey": (nn.Conv2d(1, 5, 3, bias=False), ImageOptions((127.5,), (1 / 127.5,)), "folded into"),
    "two readers": (Branches(), PIXELS, "folded into a, b"),
    "one per channel": (nn.Conv2d(3, 6, 3, groups=3), PIXELS, ONE),
    "padded by reflection": (nn.Conv2d(3, 5, 3, padding=1, padding_mode="reflect"), PIXELS, ONE),
    "another layer": (Whole(), PIXELS, ONE),
    "shared weights": (Twice(), PIXELS, ONE),
}


@pytest.mark.parametrize(("model", "pixels", "note"), CASES.values(), ids=CASES)
def test_it_is_exact(model, pixels, note, tmp_path):
    channels = 1 if note == "folded into" and pixels.mean == (127.5,) else 3
    make_lively(model, torch.randn(1, channels, 9, 11))
    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    graph = export(model, torch.zeros(1, channels, 9, 11), *files, fold_pixels=pixels, check_runtime=False)
    assert note in graph.notes["data"]
    image = np.random.default_rng(0).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    preprocess = pixels.for_input(graph.inputs[0])
    with torch.no_grad():
        expected = model(torch.from_numpy(preprocess(image))[None]).numpy()
    plain = ImageOptions((0,), order="BGR").for_input(graph.inputs[0])
    found = list(run(load_caffe(*files), {"data": plain(image)[None]}).values())
    actual = next(array for array in reversed(found) if array.shape == expected.shape)
    assert np.linalg.norm(actual - expected) < 1e-5 * np.linalg.norm(expected)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


def test_the_check_would_see_a_mistake(monkeypatch, tmp_path):
    import pytorch2caffe.convert.export as module

    monkeypatch.setattr(module, "fold_preprocessing", lambda *_: {"data": "nothing"})
    with pytest.raises(ConversionError, match="the files do not give the model's numbers"):
        files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
        export(nn.Conv2d(3, 5, 3), torch.zeros(1, 3, 8, 8), *files, fold_pixels=PIXELS, check_runtime=False)
    assert not list(tmp_path.iterdir())


def test_from_the_command_line_with_a_deploy_set(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").write_text("import torch\ndef net():\n    return torch.nn.Conv2d(3, 4, 3)\n")
    Image.new("RGB", (20, 20), (200, 100, 50)).save("a.png")
    mean = ["--mean", "123.675", "116.28", "103.53", "--std", "58.395", "57.12", "57.375", "--order", "RGB"]
    command = ["export", "m.py:net", "--input-shape", "1,3,8,8", "-o", "n", "--deploy", "nnie", "--images", "a.png"]
    assert main([*command, *mean]) == 2
    assert "one per channel; nnie has one for all" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".py" and path.is_file()) == ["a.png"]
    assert main([*command, *mean, "--fold-preprocessing", "--no-check-runtime"]) == 0
    output = capsys.readouterr().out
    assert "input data takes pixels, 0 to 255: folded into" in output and "n.nnie: images.txt, mapper.cfg" in output
    cfg = (tmp_path / "n.nnie" / "mapper.cfg").read_text()
    assert "[norm_type] 0" in cfg and "[RGB_order] BGR" in cfg and "[mean_file] null" in cfg


USAGE = {
    "without a mean": (["--fold-preprocessing"], "--fold-preprocessing needs --mean or --preprocess"),
    "a mean for nothing": (["--mean", "0"], "--mean and --preprocess are for --fold-preprocessing and --deploy"),
    "no images": (["--deploy", "mnn", "--mean", "0"], "mnn needs calibration images"),
}


@pytest.mark.parametrize(("options", "message"), USAGE.values(), ids=USAGE)
def test_what_does_not_fit_together(options, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").write_text("import torch\ndef net():\n    return torch.nn.Conv2d(3, 4, 3)\n")
    assert main(["export", "m.py:net", "--input-shape", "1,3,8,8", "-o", "n", *options]) == 2
    assert message in capsys.readouterr().err


MEAN = ["--mean", "123.675", "116.28", "103.53", "--std", "58.395", "57.12", "57.375", "--order", "RGB"]


@pytest.fixture
def padded(tmp_path, monkeypatch):
    """A network whose first layer is padded, as Caffe files net.*, and as a model of m.py."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").write_text(
        "import torch\ndef net():\n    torch.manual_seed(1)\n    return torch.nn.Conv2d(3, 4, 3, padding=1)\n"
    )
    assert main(["export", "m.py:net", "--input-shape", "1,3,8,8", "-o", "net", "--no-check-runtime"]) == 0
    torch.manual_seed(1)
    return nn.Conv2d(3, 4, 3, padding=1)


def expected_for(model: nn.Module, image: np.ndarray) -> np.ndarray:
    """The model's output for the preprocessed image [H, W, BGR]."""
    rgb = torch.from_numpy(image[..., ::-1].astype(np.float32)).movedim(-1, 0)
    mean, std = (torch.tensor(values)[:, None, None] for values in (PIXELS.mean, (58.395, 57.12, 57.375)))
    with torch.no_grad():
        return model(((rgb - mean) / std)[None]).numpy()


def test_lower_folds_it_too(padded, capsys):
    assert main(["lower", "net.prototxt", "net.caffemodel", *MEAN, "--fold-preprocessing", "-o", "new"]) == 0
    assert "input data takes pixels, 0 to 255: mean and factor are a Scale before it" in capsys.readouterr().out
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    pixels = image.astype(np.float32).transpose(2, 0, 1)[None]
    *_, actual = run(load_caffe("new.prototxt", "new.caffemodel"), {"data": pixels}).values()
    np.testing.assert_allclose(actual, expected_for(padded, image), rtol=1e-4, atol=1e-5)


def test_lower_would_see_a_mistake(padded, monkeypatch, tmp_path, capsys):
    import pytorch2caffe.convert.fold_pixels as module

    monkeypatch.setattr(module, "fold_preprocessing", lambda *_: {"data": "nothing"})
    assert main(["lower", "net.prototxt", "net.caffemodel", *MEAN, "--fold-preprocessing", "-o", "new"]) == 1
    assert "with the preprocessing folded in" in capsys.readouterr().err
    assert not list(tmp_path.glob("new.*"))


@pytest.mark.parametrize("source", [["m.py:net", "--input-shape", "1,3,8,8"], ["net.prototxt", "net.caffemodel"]])
def test_ncnn_folds_it_too(source, padded, capsys, ncnn):
    assert main(["ncnn", *source, *MEAN, "--fold-preprocessing", "-o", "new"]) == 0
    output = capsys.readouterr().out
    assert "outputs in ncnn equal" in output and "input data takes pixels, 0 to 255" in output
    image = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    net = ncnn.Net()
    net.load_param("new.param")
    net.load_model("new.bin")
    extractor = net.create_extractor()
    extractor.input("data", ncnn.Mat.from_pixels(np.ascontiguousarray(image), ncnn.Mat.PixelType.PIXEL_BGR, 8, 8))
    _, actual = extractor.extract(net.output_names()[0])
    np.testing.assert_allclose(np.array(actual), expected_for(padded, image)[0], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("command", ["lower", "ncnn"])
def test_without_a_mean(command, padded, capsys):
    assert main([command, "net.prototxt", "net.caffemodel", "--fold-preprocessing", "-o", "new"]) == 2
    assert "--fold-preprocessing needs --mean or --preprocess" in capsys.readouterr().err


def test_a_mean_that_lower_would_not_use(padded, capsys):
    assert main(["lower", "net.prototxt", "net.caffemodel", "--mean", "0", "-o", "new"]) == 2
    assert "--mean and --preprocess are for --fold-preprocessing" in capsys.readouterr().err


def test_ncnn_with_a_table_of_the_network_before(padded, tmp_path, capsys):
    (tmp_path / "net.table").write_text("conv2d_param_0 1 1 1 1\nconv2d 1\n")
    options = ["--table", "net.table", *MEAN, "--fold-preprocessing"]
    assert main(["ncnn", "net.prototxt", "net.caffemodel", *options, "-o", "new"]) == 2
    assert "calibrate with --int8 instead" in capsys.readouterr().err
