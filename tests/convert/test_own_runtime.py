"""The consumer itself runs what was written for it, before the files appear."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pytorch2caffe import ConversionError, UnsupportedError, export
from pytorch2caffe.backends.caffe.dialect_file import dialect, names
from pytorch2caffe.cli import main
from pytorch2caffe.convert import own_runtime
from pytorch2caffe.convert.lower_files import lower_files
from pytorch2caffe.errors import DifferentError
from pytorch2caffe.verify.runtimes import RuntimeFailed, RuntimeUnavailable, get
from pytorch2caffe.verify.runtimes import names as runtimes


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.map = nn.Conv2d(3, 4, 3), nn.Parameter(torch.rand(6, 6))

    def forward(self, x):
        return self.conv(x) * self.map


@pytest.fixture
def opencv():
    if reason := get("opencv").unavailable():
        pytest.skip(f"opencv: {reason}")
    return get("opencv")


@pytest.fixture
def files(tmp_path):
    return tmp_path / "net.prototxt", tmp_path / "net.caffemodel"


@pytest.fixture
def argmax(tmp_path):
    """A dialect of OpenCV that claims a layer which OpenCV's importer lacks."""
    path = tmp_path / "dialect" / "argmax.toml"
    path.parent.mkdir()
    path.write_text('extends = "opencv"\nruntime = "opencv"\n[layers]\nArgMax = ["axis"]\n')
    return str(path)


X = torch.randn(1, 3, 8, 8)


def test_each_dialect_names_a_runtime_that_there_is_or_none():
    found = {name: dialect(name).runtime for name in names() if dialect(name).runtime}
    assert found["caffe"] == found["caffe-master"] == "caffe"
    assert found["ncnn"] == "caffe2ncnn"
    assert set(found.values()) <= set(runtimes())


def test_it_runs_the_files(opencv, files, monkeypatch):
    ran = []
    monkeypatch.setattr(opencv, "_run", lambda *args, run=opencv._run: ran.append(args[0]) or run(*args))
    assert export(Net(), X, *files, dialect="opencv").checks == {"opencv": ""}
    assert len(ran) == 1
    assert export(Net(), X, *files, dialect="opencv", check_runtime=False).checks == {}
    assert export(Net(), X, *files, dialect="opencv", check=False).checks == {}
    assert export(Net(), X, *files, dialect="nnie").checks == {}
    assert len(ran) == 1
    assert export(Net(), X, *files, dialect="opencv", check=False, check_runtime=True).checks == {"opencv": ""}
    assert len(ran) == 2


def test_real_caffe_runs_the_default_files(real_caffe, files):
    assert export(Net(), X, *files).checks == {"caffe": ""}


def test_what_it_cannot_run_is_not_written(opencv, files, argmax):
    with pytest.raises(
        RuntimeFailed,
        match=r"""(?sx)opencv,\ which\ reads\ files\ for\ 'argmax',\ cannot\ run\ them:
                       .*ArgMax.*fix:.*--no-check-runtime.*nothing\ was\ written""",
    ):
        export(lambda x: x.argmax(1), X, *files, dialect=argmax)
    assert not any(path.exists() for path in files)
    export(lambda x: x.argmax(1), X, *files, dialect=argmax, check_runtime=False)
    assert all(path.exists() for path in files)
    before = [path.read_bytes() for path in files]
    with pytest.raises(RuntimeFailed, match="cannot run them"):
        lower_files(*files, files[0].with_name("net"), argmax)
    assert [path.read_bytes() for path in files] == before


def test_other_numbers_are_not_written(opencv, files, monkeypatch):
    def doubled(*args, run=opencv._run):
        return {key: array * 2 for key, array in run(*args).items()}

    export(Net(), X, *files)
    before = [path.read_bytes() for path in files]
    monkeypatch.setattr(opencv, "_run", doubled)
    with pytest.raises(DifferentError, match="opencv, which reads files for 'opencv', computes other numbers"):
        export(Net(), X, *files, dialect="opencv")
    with pytest.raises(DifferentError, match="opencv, which reads files for 'opencv', computes other numbers"):
        lower_files(*files, files[0].with_name("net"), "opencv")
    assert [path.read_bytes() for path in files] == before


def test_one_that_is_not_installed_is_left_out_unless_asked_for(opencv, files, monkeypatch):
    monkeypatch.setattr(opencv, "unavailable", lambda: "no module named cv2")
    with pytest.raises(RuntimeUnavailable, match="opencv: no module named cv2"):
        export(Net(), X, *files, dialect="opencv", check_runtime=True)
    assert not any(path.exists() for path in files)
    assert export(Net(), X, *files, dialect="opencv").checks == {}


def test_asked_for_where_there_is_none(files):
    with pytest.raises(RuntimeUnavailable, match="no runtime of this package runs files for 'nnie'"):
        export(Net(), X, *files, dialect="nnie", check_runtime=True)


@pytest.mark.parametrize(
    ("limit", "why"), [("MOST_MULTIPLY_ADDS", "0.0 G multiply-adds"), ("MOST_BYTES", "0 MB of weights")]
)
def test_a_large_network_is_run_if_asked_for(opencv, files, monkeypatch, limit, why):
    monkeypatch.setattr(own_runtime, limit, 10)
    assert export(Net(), X, *files, dialect="opencv").checks == {"opencv": why}
    assert export(Net(), X, *files, dialect="opencv", check_runtime=True).checks == {"opencv": ""}


def test_outputs_of_one_axis(opencv, files):
    assert export(lambda x: x.sum((1, 2, 3)), X, *files, dialect="opencv").checks == {"opencv": ""}


def test_opencv_has_no_scalars(files):
    with pytest.raises(UnsupportedError, match="OpenCV has no arrays without axes"):
        export(lambda x: x.sum(), X, *files, dialect="opencv")


def test_the_commands_say_so(opencv, files, capsys, argmax):
    args = ["export", f"{__name__}:Net", "--input-shape", "1,3,8,8", "-o", str(files[0]), "--target"]
    assert main([*args, "opencv"]) == 0
    assert "read back and equal to the model on a random input; equal in opencv" in capsys.readouterr().out
    assert main([*args, "opencv", "--no-check-runtime"]) == 0
    assert "opencv\n" not in capsys.readouterr().out.partition("weights")[2]
    assert main([*args, "nnie", "--check-runtime"]) == 2
    lowered = files[0].with_name("lowered")
    assert main(["lower", *map(str, files), "-o", str(lowered), "--target", "opencv"]) == 0
    assert "outputs equal to the old files' on a random input; equal in opencv" in capsys.readouterr().out


def test_a_runtime_that_there_is_not(files, tmp_path):
    target = tmp_path / "chip.toml"
    target.write_text('extends = "caffe"\nruntime = "chip"\n')
    with pytest.raises(ConversionError, match="there is no runtime 'chip'"):
        export(Net(), X, *files, dialect=str(target))
