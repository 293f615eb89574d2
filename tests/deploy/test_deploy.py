"""Files for toolchains: each, read as its user guide describes it, computes what the preprocessing computes."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from pytorch2caffe import ConversionError, save_caffe, trace
from pytorch2caffe.cli import main
from pytorch2caffe.deploy import TOOLCHAINS
from pytorch2caffe.deploy.write import MANIFEST, deploy
from pytorch2caffe.quantize.image_options import ImageOptions
from pytorch2caffe.quantize.ncnn_source import to_cpp
from tests.deploy import readers

SIDE = 12
PIXELS = {
    "BGR, means": ImageOptions((104, 117, 123)),
    "RGB, means and a factor": ImageOptions((123.675, 116.28, 103.53), (1 / 58,), "RGB"),
    "BGR, a factor": ImageOptions((0,), (1 / 255,)),
    "RGB, no change": ImageOptions((0,), order="RGB"),
    "BGR, cropped": ImageOptions((127.5,), (1 / 127.5,), resize=(16, 20)),
    "RGB, its shorter side resized": ImageOptions((1, 2, 3), order="RGB", resize=(14,)),
}
PER_CHANNEL = ImageOptions((123.675, 116.28, 103.53), (1 / 58.395, 1 / 57.12, 1 / 57.375), "RGB")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A network of one image, and two photographs."""
    folder = tmp_path_factory.mktemp("net")
    paths = folder / "net.prototxt", folder / "net.caffemodel"
    save_caffe(trace(nn.Conv2d(3, 4, 3), torch.zeros(1, 3, SIDE, SIDE)), *paths)
    (folder / "photos").mkdir()
    generator = np.random.default_rng(0)
    for name in ("a", "b"):
        Image.fromarray(generator.integers(0, 256, (30, 40, 3), dtype=np.uint8)).save(folder / "photos" / f"{name}.png")
    return paths


@pytest.mark.parametrize("pixels", PIXELS.values(), ids=PIXELS)
def test_they_compute_what_the_preprocessing_computes(pixels, files, tmp_path, monkeypatch):
    photos = files[0].parent / "photos"
    made = {folder.suffix[1:]: folder for folder in deploy(*files, tmp_path / "n", TOOLCHAINS, pixels, [photos])}
    image = np.asarray(Image.open(photos / "a.png"))
    value = trace(nn.Conv2d(3, 4, 3), torch.zeros(1, 3, SIDE, SIDE)).inputs[0]
    preprocess = pixels.for_input(value)
    expected = preprocess(image)
    prepared = readers.rgb(made["nnie"] / "images" / "001.png")
    source = prepared
    if preprocess.resize is not None and len(preprocess.resize) == 2:  # AIPP crops by itself
        whole = type(preprocess)(*preprocess.resize, order="RGB")
        source = whole.pixels(image).transpose(1, 2, 0).astype(float)
    found = {
        "nnie": readers.nnie(made["nnie"]),
        "ascend": readers.ascend(made["ascend"], source),
        "rknn": readers.rknn(made["rknn"], monkeypatch),
        "sophgo": readers.sophgo(made["sophgo"]),
        "sigmastar": readers.sigmastar(made["sigmastar"], prepared),
        "openvino": readers.openvino(made["openvino"], prepared, preprocess.order),
        "mnn": readers.mnn(made["mnn"]),
    }
    for name, actual in found.items():
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-4, err_msg=name)
    assert to_cpp(preprocess) in (made["ncnn"] / "preprocess.cpp").read_text()
    assert {*found, "ncnn"} == {*TOOLCHAINS}


def test_a_letterbox(files, tmp_path):
    """The copied images have it, and what is computed at run time names it or does it."""
    photos = files[0].parent / "photos"
    pixels = ImageOptions((0,), (1 / 255,), "RGB", fit="letterbox", fill=(9,))
    made = {folder.suffix[1:]: folder for folder in deploy(*files, tmp_path / "n", TOOLCHAINS, pixels, [photos])}
    picture = readers.rgb(made["nnie"] / "images" / "001.png")
    assert (picture[0] == 9).all() and (picture[SIDE // 2] != 9).any()
    assert (
        "--keep_aspect_ratio --keep_ratio_mode letterbox --pad_value 9 --pad_type center"
        in (made["sophgo"] / "convert.sh").read_text()
    )
    assert "copy_make_border" in (made["ncnn"] / "preprocess.cpp").read_text()
    words = f"letterboxed to {SIDE}x{SIDE} with 9"
    for name, file in {"ascend": "aipp.cfg", "openvino": "convert.sh"}.items():
        assert words in (made[name] / file).read_text()
    for folder in made.values():
        assert json.loads((folder / "preprocess.json").read_text())["data"]["fit"] == "letterbox"
    several = ImageOptions((0,), fit="letterbox", fill=(1, 2, 3))
    with pytest.raises(ConversionError, match="sophgo: .* a border of 1 2 3; TPU-MLIR has one pad_value"):
        deploy(*files, tmp_path / "m", ["sophgo"], several, [photos])


def test_four_channels(tmp_path):
    """What has them: ncnn, MNN in RGBA, OpenVINO. The others refuse."""
    paths = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    save_caffe(trace(nn.Conv2d(4, 4, 3), torch.zeros(1, 4, SIDE, SIDE)), *paths)
    image = np.random.default_rng(0).integers(0, 256, (30, 40, 4), dtype=np.uint8)
    Image.fromarray(image).save(tmp_path / "a.png")
    pixels = ImageOptions((0,), order="RGB")
    deploy(*paths, tmp_path / "n", ["ncnn", "mnn", "openvino"], pixels, [tmp_path / "a.png"])
    assert np.asarray(Image.open(tmp_path / "n.mnn" / "images" / "001.png")).shape == (SIDE, SIDE, 4)
    for toolchain in {*TOOLCHAINS} - {"ncnn", "mnn", "openvino"}:
        with pytest.raises(
            ConversionError, match=f"{toolchain}: input '.*' is RGBA; the images of {toolchain} have one"
        ):
            deploy(*paths, tmp_path / "n", [toolchain], pixels, [tmp_path / "a.png"])
    with pytest.raises(ConversionError, match="mnn: input '.*' is BGRA"):
        deploy(*paths, tmp_path / "n", ["mnn"], ImageOptions((0,)), [tmp_path / "a.png"])


def test_the_files_are_exactly_these(files, tmp_path, golden):
    network = [str(shutil.copy(path, tmp_path)) for path in files]
    options = ["--mean", "104", "117", "123.5", "--norm", "0.017", "--images", str(files[0].parent / "photos")]
    toolchains = [word for name in TOOLCHAINS for word in ("--to", name)]
    assert main(["deploy", *network, *toolchains, *options]) == 0
    for name in TOOLCHAINS:
        for path in sorted((tmp_path / f"net.{name}").iterdir()):
            if path.is_file() and path.name not in (MANIFEST, "preprocess.json"):
                suffix = ".txt" if path.suffix == ".py" else ""  # pytest collects Python files
                golden(f"deploy-{name}-{path.name}{suffix}", path.read_text())


REFUSED = {
    "nnie, a factor per channel": ("nnie", PER_CHANNEL, "one per channel; nnie has one for all"),
    "sigmastar, a factor per channel": ("sigmastar", PER_CHANNEL, "--fold-preprocessing"),
    "nnie, a factor that is too small": ("nnie", ImageOptions((0,), (1e-4,)), "must be above 1/4096"),
    "ascend, a mean below 0": ("ascend", ImageOptions((-1,)), "AIPP subtracts 0 to 255"),
    "rknn, an input that is no image": ("rknn", None, r"input 'data' \[1, 3, 12, 12\] is not an image"),
}


@pytest.mark.parametrize(("toolchain", "pixels", "message"), REFUSED.values(), ids=REFUSED)
def test_what_a_toolchain_cannot_express_is_refused(toolchain, pixels, message, files, tmp_path):
    images = [files[0].parent / "photos"] if pixels else []
    with pytest.raises(ConversionError, match=message):
        deploy(*files, tmp_path / "n", ["openvino", toolchain], pixels, images)
    assert not list(tmp_path.iterdir())


def test_a_toolchain_that_calibrates_needs_images(files, tmp_path, capsys):
    assert main(["deploy", *map(str, files), "--to", "nnie", "--mean", "0", "-o", str(tmp_path / "n")]) == 2
    assert "nnie needs calibration images\n  fix: give them with --images" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_files_of_the_user_are_not_overwritten(files, tmp_path):
    arguments = (*files, tmp_path / "n", ["ascend"], ImageOptions((104, 117, 123)))
    (tmp_path / "n.ascend").mkdir()
    (tmp_path / "n.ascend" / "atc.sh").write_text("mine")
    with pytest.raises(ConversionError, match="atc.sh: not written by pytorch2caffe"):
        deploy(*arguments)
    assert [path.name for path in (tmp_path / "n.ascend").iterdir()] == ["atc.sh"]
    (tmp_path / "n.ascend" / "atc.sh").unlink()
    deploy(*arguments)
    (tmp_path / "n.ascend" / "net.om").write_text("what atc has made")
    deploy(*arguments)  # its own files again
    (tmp_path / "n.ascend" / "aipp.cfg").write_text("changed")
    with pytest.raises(ConversionError, match="aipp.cfg: not written by pytorch2caffe, or changed since"):
        deploy(*arguments)
    assert (tmp_path / "n.ascend" / "aipp.cfg").read_text() == "changed"
    assert (tmp_path / "n.ascend" / "net.om").exists()


def test_files_of_an_earlier_call_that_are_no_longer_needed_are_removed(files, tmp_path):
    photos = files[0].parent / "photos"
    deploy(*files, tmp_path / "n", ["nnie"], ImageOptions((104, 117, 123)), [photos])
    deploy(*files, tmp_path / "n", ["nnie"], ImageOptions((0,)), [photos / "a.png"])
    names = {path.relative_to(tmp_path / "n.nnie").as_posix() for path in (tmp_path / "n.nnie").rglob("*.*")}
    assert names == {"mapper.cfg", "images.txt", "images/001.png", "preprocess.json", MANIFEST}


class Pair(nn.Module):
    def forward(self, x, y):
        return x.mean((2, 3)) + y.mean((2, 3))


def test_several_inputs(tmp_path):
    paths = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    save_caffe(trace(Pair(), (torch.zeros(1, 3, 8, 8), torch.zeros(1, 1, 6, 4))), *paths)
    for name, count in (("a", 2), ("b", 2)):
        (tmp_path / name).mkdir()
        for index in range(count):
            Image.new("RGB", (9, 9), (200, 20 * index, 7)).save(tmp_path / name / f"{index}.png")
    pixels = ImageOptions((10,), (0.5,))
    deploy(*paths, tmp_path / "n", ["nnie", "rknn", "ascend"], pixels, [tmp_path / "a", tmp_path / "b"])
    cfg = readers.mapper_cfg(tmp_path / "n.nnie")
    assert cfg["image_list"] == ["images-1.txt", "images-2.txt"] and cfg["norm_type"] == ["5", "5"]
    assert (tmp_path / "n.nnie" / "mean-2.txt").read_text() == "10\n"
    lines = (tmp_path / "n.rknn" / "dataset.txt").read_text().splitlines()
    assert [len(line.split()) for line in lines] == [2, 2]
    assert all((tmp_path / "n.rknn" / path).exists() for line in lines for path in line.split())
    assert (tmp_path / "n.ascend" / "aipp.cfg").read_text().count("aipp_op {") == 2
    assert len(json.loads((tmp_path / "n.ascend" / "preprocess.json").read_text())) == 2
