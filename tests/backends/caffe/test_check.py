"""`check` on good files and on files made wrong on purpose; `lower` on both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import save_caffe, trace
from pytorch2caffe.backends.caffe.dialect_file import dialect, names
from pytorch2caffe.cli import main
from pytorch2caffe.convert.check_files import check_files
from pytorch2caffe.verify.runtimes import get
from tests.backends.caffe.test_dialects import REFUSED
from tests.models import tiny
from tests.paths import SHARED

SQUEEZENET = SHARED / "data" / "squeezenet_v1.1"
INPUT = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }\n'


def layer(type: str, param: str = "", name: str = "y", bottom: str = "data", top: str = "y") -> str:
    return f'layer {{ name: "{name}" type: "{type}" bottom: "{bottom}" top: "{top}" {param} }}\n'


OLD = INPUT.replace("layer", "layers").replace('"Input"', "DUMMY_DATA").replace("input_param", "dummy_data_param")
POOL = "pooling_param { pool: MAX kernel_size: 3 stride: 2 %s }"
# target, text, what it says, how it is mended
WRONG = {
    "a layer of another fork": (
        "caffe",
        INPUT + layer("SpatialTransformer"),
        "layer 'y': caffe has no layer SpatialTransformer",
        "use layers",
    ),
    "a misspelt type": (
        "caffe",
        INPUT + layer("Relu"),
        "caffe has no layer Relu",
        "did you mean ReLU?",
    ),
    "a layer that others read": (
        "nnie",
        INPUT + layer("ArgMax", "argmax_param { axis: 1 }"),
        "nnie has no layer ArgMax",
        f"{', '.join(name for name in names() if 'ArgMax' in dialect(name).layers)} have it",
    ),
    "an unknown field": (
        "caffe",
        INPUT + layer("ReLU", "relu_param { slope: 1 }"),
        "line 2: ReLUParameter.slope is not in any",
        "correct",
    ),
    "round_mode for 1.0": (
        "caffe",
        INPUT + layer("Pooling", POOL % "round_mode: FLOOR"),
        "caffe has no round_mode in Pooling",
        "lower",
    ),
    "ceil_mode for 1.0": (
        "caffe",
        INPUT + layer("Pooling", POOL % "ceil_mode: false"),
        "caffe has no ceil_mode in Pooling",
        "lower",
    ),
    "round_mode for OpenCV": (
        "opencv",
        INPUT + layer("Pooling", POOL % "round_mode: FLOOR"),
        "has no round_mode",
        "write ceil_mode: false",
    ),
    "an order of Permute": (
        "nnie",
        INPUT + layer("Permute", "permute_param { order: 0 order: 3 order: 1 order: 2 }"),
        "0, 2, 3, 1 only",
        "lower",
    ),
    "a Reshape of the batch": (
        "nnie",
        INPUT + layer("Reshape", "reshape_param { shape { dim: 3 dim: -1 } }"),
        "must be 0",
        "keep the batch",
    ),
    "a padded average": (
        "ncnn",
        INPUT + layer("Pooling", "pooling_param { pool: AVE kernel_size: 3 pad: 1 }"),
        "leaves the padding out",
        "by a Convolution",
    ),
    "the form of 2014": (
        "ncnn",
        OLD,
        "`layers`, the form",
        "lower",
    ),
    "an input header": (
        "ncnn",
        'input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8\n' + layer("ReLU"),
        "`input:` header",
        "lower",
    ),
    "a name too long": (
        "nnie",
        INPUT + layer("ReLU", name="y" * 33),
        "33 characters",
        "shortens",
    ),
    "a name with a space": (
        "ncnn",
        INPUT + layer("ReLU", name="a b"),
        "a character that ncnn does not accept",
        "replaces it by _",
    ),
    "a batch of two": (
        "ncnn",
        INPUT.replace("dim: 1", "dim: 2") + layer("ReLU"),
        "shape [2, 3, 8, 8]",
        "batch of 1",
    ),
    "two of one name": (
        "caffe",
        INPUT + layer("ReLU") + layer("TanH", bottom="y", top="z"),
        "2 layers have this name",
        "rename",
    ),
    "a bottom of nobody": (
        "caffe",
        INPUT + layer("ReLU", bottom="x"),
        "bottom 'x' is the top of no layer",
        "earlier top",
    ),
    "no input": (
        "caffe",
        'name: "empty"\n',
        "the network has no input",
        "Input",
    ),
    "beyond four axes": (
        "nnie",
        INPUT + layer("Reshape", "reshape_param { shape { dim: 0 dim: 3 dim: 2 dim: 4 dim: 8 } }"),
        "5 axes",
        "join",
    ),
    "a fifth parameter of Log": (
        "opencv",
        INPUT + layer("Log", "log_param { shift: 1 }"),
        "opencv has no shift in Log",
        "lower",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_on_purpose(case, tmp_path, capsys):
    target, text, what, fix = WRONG[case]
    path = tmp_path / "wrong.prototxt"
    path.write_text(text)
    assert main(["check", str(path), "--target", target]) == 1
    said = capsys.readouterr().out
    assert what in said
    assert f"fix: {fix}" in said or fix in said.split("fix: ", 1)[1]


def test_everything_at_once_and_word_for_word(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("wrong.prototxt").write_text(
        INPUT
        + layer("Pooling", POOL % "round_mode: FLOOR", "pool", top="pool")
        + layer("SpatialTransformer", "", "up")
        + layer("Permute", "permute_param { order: 0 order: 3 order: 1 order: 2 }", "turn", "pool", "turn")
    )
    assert main(["check", "wrong.prototxt", "--target", "nnie"]) == 1
    assert (
        capsys.readouterr().out
        == """\
wrong.prototxt: 3 problems for nnie in 3 layers
  1. layer 'pool': nnie has no round_mode in Pooling
     fix: pytorch2caffe lower expresses it in layers that nnie has
  2. layer 'up': nnie has no layer SpatialTransformer
     fix: use layers that it has; if your consumer has this one, list it in a dialect of your own (docs/dialects.md)
  3. layer 'turn': order [0, 3, 1, 2] in Permute: NNIE permutes to 0, 2, 3, 1 only
     fix: pytorch2caffe lower expresses the others by Slice, Reshape and Concat
"""
    )


def test_weights_are_looked_at_too(tmp_path):
    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    save_caffe(trace(nn.Conv2d(3, 4, 3), torch.zeros(1, 3, 8, 8)), *files)
    assert check_files(*files, dialect("caffe")) == []
    files[0].write_text(files[0].read_text().replace("num_output: 4", "num_output: 5"))
    assert "needs weights [5, 3, 3, 3]" in str(check_files(*files, dialect("caffe"))[0])
    files[0].write_text(files[0].read_text().replace("conv2d", "other"))
    assert any("no weights for this Convolution" in p.what for p in check_files(*files, dialect("caffe")))


@pytest.mark.parametrize("content", [b"layer {", b"\x00\x01\x02", b"layer { name: 3 }"])
def test_what_cannot_be_read_ends_with_2(content, tmp_path, capsys):
    (tmp_path / "broken.prototxt").write_bytes(content)
    assert main(["check", str(tmp_path / "broken.prototxt")]) == 2
    assert "broken.prototxt" in capsys.readouterr().err


# Those that have all that the model `tiny` takes.
ABLE = [name for name in names() if ("tiny", name) not in REFUSED]
WITHOUT_DROPOUT = {"ascend", "nncase", "tengine"}


@pytest.mark.parametrize("target", ABLE)
def test_what_we_write_passes_our_own_check(target, tmp_path):
    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    save_caffe(trace(tiny(), torch.zeros(1, 3, 32, 32)), *files, target)
    assert check_files(*files, dialect(target)) == []


@pytest.mark.skipif(not SQUEEZENET.exists(), reason="../shared/data is not here")
@pytest.mark.parametrize("target", sorted({*names()} - WITHOUT_DROPOUT))
def test_squeezenet_is_fine_everywhere(target, capsys):
    files = [str(SQUEEZENET / "deploy.prototxt"), str(SQUEEZENET / "squeezenet_v1.1.caffemodel")]
    assert main(["check", *files, "--target", target]) == 0
    assert f"66 layers, {target} supports all of them" in capsys.readouterr().out


@pytest.mark.slow
def test_lower_takes_a_file_to_another_reader(tmp_path, capsys):
    """From OpenCV's spelling to BVLC Caffe's and on to NNIE, the numbers the same."""
    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    save_caffe(trace(tiny(), torch.zeros(1, 3, 32, 32)), *files, "opencv")
    x = np.random.default_rng(0).standard_normal((1, 3, 32, 32)).astype(np.float32)
    expected = list(get("builtin").run(*files, {"data": x}).values())[-1]
    for target in ABLE:
        prefix = str(tmp_path / target)
        assert main(["lower", *map(str, files), "--target", target, "--fold-bn", "-o", prefix]) == 0, target
        assert "outputs equal" in capsys.readouterr().out
        new = Path(f"{prefix}.prototxt"), Path(f"{prefix}.caffemodel")
        assert check_files(*new, dialect(target)) == []
        assert "BatchNorm" not in new[0].read_text()
        actual = list(get("builtin").run(*new, {"data": x}).values())[-1]
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


def test_lower_refuses_with_2_and_writes_nothing(tmp_path, capsys):
    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    save_caffe(trace(lambda x: x.relu(), torch.zeros(2, 3)), *files)
    assert main(["lower", *map(str, files), "--target", "ncnn", "-o", str(tmp_path / "out")]) == 2
    assert "first dimension of 1" in capsys.readouterr().err
    assert not list(tmp_path.glob("out*"))
