"""Preprocessing by name, against the packages' own transforms, and the numbers of 0..1 that are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import pytorch2caffe
from pytorch2caffe.cli import main
from pytorch2caffe.graph.graph import Value
from pytorch2caffe.quantize.presets import PRESETS, preset

DATA = Value("data", (1, 3, 32, 32))


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)


def centre(image, side):
    start = (len(image) - side) // 2
    return image[start : start + side, start : start + side]


@pytest.mark.parametrize("name", ["torchvision", "timm"])
def test_torchvision(name, pixels):
    """ToTensor and Normalize of the crop, as in torchvision's references."""
    got = preset(name).for_input(Value("data", (1, 3, 35, 35)))
    assert got.resize == (40,), "35 is 7/8 of 40"
    unit = torch.from_numpy(centre(pixels, 35).copy()).permute(2, 0, 1).float() / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    wanted = (unit[:, 1:-1, 1:-1] - mean[:, None, None]) / std[:, None, None]
    assert torch.allclose(torch.from_numpy(got(pixels))[:, 1:-1, 1:-1], wanted, atol=2e-5)


def test_caffe_and_yolo():
    image = np.zeros((32, 32, 3), np.uint8)
    image[..., 0] = 200  # red
    caffe, yolo = (preset(name).for_input(DATA)(image)[:, 0, 0] for name in ("caffe", "yolo"))
    assert caffe.tolist() == [-104, -117, 77]
    assert yolo.tolist() == pytest.approx([200 / 255, 0, 0])


def test_the_transforms_of_torchvisions_weights():
    """SqueezeNet: 224 of 256; Inception v3: 299 of 342, also in pixels of 0..1 about ImageNet's mean."""
    got = preset("torchvision:squeezenet1_1").for_input(Value("data", (1, 3, 224, 224)))
    assert (got.order, got.resize) == ("RGB", (256,))
    assert got.mean == pytest.approx((123.675, 116.28, 103.53))
    assert preset("torchvision:inception_v3").for_input(Value("data", (1, 3, 299, 299))).resize == (342,)
    with pytest.raises(pytorch2caffe.ConversionError, match="no weights of 'squeezenet9'"):
        preset("torchvision:squeezenet9")


def test_transform_param(tmp_path):
    file = tmp_path / "train.prototxt"
    layer = 'layer {{ name: "data" type: "Data" top: "data" transform_param {{ {} }} }}'
    file.write_text(
        layer.format("scale: 0.017 mean_value: 103.94 mean_value: 116.78 mean_value: 123.68 crop_size: 224")
    )
    got = preset(str(file))
    assert got.norm == pytest.approx((0.017,))
    assert got.mean == pytest.approx((103.94, 116.78, 123.68))
    assert got.order == "BGR"
    file.write_text(layer.format('mean_file: "mean.binaryproto"'))
    with pytest.raises(pytorch2caffe.ConversionError, match="mean.binaryproto"):
        preset(str(file))


@pytest.fixture
def folder(tmp_path, monkeypatch, pixels):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 2, 32), nn.Flatten()).eval()
    pytorch2caffe.export(model, torch.zeros(1, 3, 32, 32), "net.prototxt", "net.caffemodel")
    Image.fromarray(pixels).save("photo.png")
    return tmp_path


CALIBRATE = ["calibrate", "--proto", "net.prototxt", "--model", "net.caffemodel", "--images", "photo.png"]


def calibrate(*more):
    return main([*CALIBRATE, "--method", "max", "-o", "net.table", *more])


def test_calibrate_prints_the_range_of_the_input(folder, capsys):
    assert calibrate("--preprocess", "torchvision") == 0
    assert (
        "input data: pixels become -2.118 to 2.64, RGB, resized to 36, cropped to 32x32, pillow-bilinear"
        in capsys.readouterr().out
    )
    written = json.loads((folder / "net.table.preprocess.json").read_text())["data"]
    assert written["order"] == "RGB"
    assert written["mean"] == pytest.approx(PRESETS["torchvision"].mean)
    (folder / "net.table.preprocess.json").rename(folder / "mine.json")
    assert calibrate("--preprocess", "mine.json") == 0
    assert calibrate("--preprocess", "yolo", "--resize", "36x36") == 0
    assert "resized to 36x36, cropped to 32x32" in capsys.readouterr().out


TORCHVISION = ["--preprocess", "torchvision"]
FILES = ["net.prototxt", "net.caffemodel"]


@pytest.mark.parametrize(
    "command",
    [
        ["accuracy", *FILES, "--labels", "val.txt", *TORCHVISION],
        ["deploy", *FILES, "--to", "ncnn", *TORCHVISION],
        ["ncnn", *FILES, "--no-check", "--int8", "--images", "photo.png", *TORCHVISION, "-o", "out"],
        ["ncnn", *FILES, "--images", "photo.png", *TORCHVISION, "-o", "out"],
        ["ncnn", *FILES, *TORCHVISION, "-o", "out"],
        ["verify", "net.py:net", *FILES, "--images", "photo.png", *TORCHVISION],
        ["verify", "net.prototxt", "n.param", "n.bin", "--weights", FILES[1], "--images", "photo.png", *TORCHVISION],
    ],
    ids=["accuracy", "deploy", "int8", "ncnn", "random pixels", "verify", "verify ncnn"],
)
def test_every_command_with_preprocessing_prints_the_range(command, folder, capsys, request):
    (folder / "val.txt").write_text("photo.png 1\n")
    (folder / "net.py").write_text(
        "from torch.nn import *\ndef net():\n    return Sequential(Conv2d(3, 2, 32), Flatten())\n"
    )
    if "n.param" in command:
        request.getfixturevalue("ncnn")
        assert main(["ncnn", *FILES, "--no-check", "-o", "n"]) == 0
    capsys.readouterr()
    assert main(command) == 0, capsys.readouterr().err
    # (0 - 0.485) / 0.229 and (1 - 0.406) / 0.225
    assert capsys.readouterr().out.count("input data: pixels become -2.118 to 2.64, RGB, ") == 1


@pytest.mark.parametrize(
    ("options", "fix"),
    [
        (["--mean", "0.485", "0.456", "0.406", "--std", "0.229", "0.224", "0.225"], "--mean 123.675 116.28 103.53"),
        (["--mean", "0.485", "0.456", "0.406"], "--order RGB"),
        (["--mean", "123.675", "116.28", "103.53", "--std", "0.229", "0.224", "0.225"], "--std 58.395 57.12 57.375"),
        (["--mean", "0.5"], "--mean 127.5"),
    ],
)
def test_numbers_for_pixels_of_0_to_1(options, fix, folder, capsys):
    assert calibrate(*options) == 2
    said = capsys.readouterr().err
    assert "pixels of 0..255" in said
    assert fix in said
    assert not (folder / "net.table").exists()


def test_a_mean_of_0_and_a_factor_are_accepted(folder):
    assert calibrate("--mean", "0", "--norm", "0.00392157") == 0
    assert calibrate("--mean", "127.5", "--std", "128") == 0


def test_a_preset_that_is_none_and_one_with_a_mean(folder, capsys):
    assert calibrate("--preprocess", "torchvison") == 2
    assert "write torchvision" in capsys.readouterr().err
    assert calibrate("--preprocess", "imagenet") == 2
    assert "torchvision, timm, caffe, yolo" in capsys.readouterr().err
    assert calibrate("--preprocess", "caffe", "--mean", "1") == 2
    assert "omit them" in capsys.readouterr().err


def network(folder, channels):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(channels, 2, 3)).eval()
    pytorch2caffe.export(model, torch.zeros(1, channels, 32, 32), "net.prototxt", "net.caffemodel")


@pytest.mark.parametrize("channels", [3, 4])
def test_a_missing_mean_is_one_line_and_a_given_one_none(channels, folder, capsys, ncnn):
    network(folder, channels)
    for index in range(3):
        (folder / f"{index}.png").write_bytes((folder / "photo.png").read_bytes())
    arguments = ["calibrate", "--proto", "net.prototxt", "--model", "net.caffemodel", "--images", "."]
    arguments += ["--method", "max", "-o", "net.table"]
    assert main(arguments) == 2
    assert capsys.readouterr().err.count("--mean is missing") == 1
    assert main([*arguments, "--mean", "0", "--fit", "letterbox"]) == 0
    said = capsys.readouterr()
    assert "--mean" not in said.err
    assert f"{'BGR' if channels == 3 else 'BGRA'}, letterboxed to 32x32 with 114" in said.out
    files = ["net.prototxt", "net.caffemodel", "--table", "net.table"]
    assert main(["ncnn", *files, "--images", "photo.png", "-o", "int8"]) == 0
    assert "on 1 image" in capsys.readouterr().out


def test_tensors_that_keep_their_numbers_are_mentioned(folder, capsys):
    np.save("x.npy", np.full((3, 32, 32), 7, np.float32))
    arguments = ["calibrate", "--proto", "net.prototxt", "--model", "net.caffemodel", "--images", "x.npy"]
    arguments += ["--method", "max", "-o", "net.table", "--mean", "3"]
    assert main(arguments) == 0
    assert "give --tensors pixels" in capsys.readouterr().err
    assert main([*arguments, "--tensors", "pixels"]) == 0
    assert "--tensors" not in capsys.readouterr().err
    assert 127 / float((folder / "net.table").read_text().split()[-1]) == pytest.approx(4)
