"""No command replaces a file that no command wrote, or that was changed since, without --force."""

from __future__ import annotations

import subprocess

import pytest
import torch
from torch import nn

import pytorch2caffe
from pytorch2caffe.cli import main
from pytorch2caffe.cli.mmdnn.tocode import main as mmtocode
from pytorch2caffe.cli.mmdnn.toir import main as mmtoir
from pytorch2caffe.formats.own_files import RECORD

MINE = b"mine, and there is no other copy"
NET = ["net.prototxt", "net.caffemodel"]
CALIBRATE = ["calibrate", "--proto", NET[0], "--model", NET[1], "--images", "x.npy", "--method", "max"]


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU()).eval()
    pytorch2caffe.export(model, torch.zeros(1, 3, 8, 8), folder / NET[0], folder / NET[1])
    return {name: (folder / name).read_bytes() for name in NET}


@pytest.fixture
def folder(tmp_path, network, monkeypatch):
    for name, content in network.items():
        (tmp_path / name).write_bytes(content)
    import numpy as np

    np.save(tmp_path / "x.npy", np.ones((3, 8, 8), np.float32))
    monkeypatch.chdir(tmp_path)
    return tmp_path


COMMANDS = {
    "export": (["export", "torch.nn:ReLU", "--input-shape", "1,3", "-o", "out"], ["out.prototxt", "out.caffemodel"]),
    "convert to pytorch": (
        ["convert", *NET, "--from", "caffe", "--to", "pytorch", "-o", "out"],
        ["out.py", "out.pth", "out.npy", "out_state_dict.pth"],
    ),
    "convert to ir": (["convert", *NET, "--from", "caffe", "--to", "ir", "-o", "out"], ["out.json", "out.pb"]),
    "convert to ncnn": (["convert", *NET, "--from", "caffe", "--to", "ncnn", "-o", "out"], ["out.param", "out.bin"]),
    "lower": (["lower", *NET, "--target", "nnie", "-o", "out"], ["out.prototxt", "out.names.json"]),
    "resize": (["resize", *NET, "--input-shape", "2,3,8,8", "-o", "out"], ["out.prototxt", "out.caffemodel"]),
    "ncnn": (["ncnn", *NET, "--no-check", "-o", "out"], ["out.param", "out.bin"]),
    "calibrate": ([*CALIBRATE, "-o", "out.table"], ["out.table"]),
    "a report": ([*CALIBRATE, "-o", "x.table", "--report", "out.html"], ["out.html", "out.json"]),
    "verify": (["verify", "torch.nn:ReLU", "r.prototxt", "r.caffemodel", "--json", "out.json"], ["out.json"]),
    "a page of summary": (["summary", NET[0], "--html", "out.html"], ["out.html"]),
    "a page of check": (["check", NET[0], "--html", "out.html"], ["out.html"]),
    "deploy": (["deploy", *NET, "--to", "openvino", "--mean", "0", "-o", "out"], ["out.openvino/convert.sh"]),
    "mmtoir": (["mmtoir", "-f", "caffe", "-n", NET[0], "-w", NET[1], "-o", "out"], ["out.json", "out.npy"]),
}


def run(arguments):
    return mmtoir(arguments[1:]) if arguments[0] == "mmtoir" else main(arguments)


@pytest.mark.parametrize(("arguments", "files"), COMMANDS.values(), ids=COMMANDS)
def test_a_foreign_file_is_kept_without_force(arguments, files, folder, capsys):
    assert main(["export", "torch.nn:ReLU", "--input-shape", "1,3", "-o", "r"]) == 0
    for name in files:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(MINE)
    before = {path for path in folder.rglob("*")}
    assert run(arguments) == 2
    said = capsys.readouterr().err
    assert "--force" in said
    assert any(name.split("/")[-1] in said for name in files)
    assert {(folder / name).read_bytes() for name in files} == {MINE}
    assert {path for path in folder.rglob("*")} == before
    assert run([*arguments, "--force"]) == 0
    assert all((folder / name).read_bytes() != MINE for name in files)
    assert run(arguments) == 0, "its own files may be replaced"
    with (folder / files[0]).open("ab") as stream:
        stream.write(b"\n# mine\n")
    assert run(arguments) == 2, "they may not once they were changed"


def test_the_record_is_one_that_sha256sum_reads(folder):
    assert main(["export", "torch.nn:ReLU", "--input-shape", "1,3", "-o", "r"]) == 0
    assert main(["export", "torch.nn:Tanh", "--input-shape", "1,3", "-o", "t"]) == 0
    assert len((folder / RECORD).read_text().splitlines()) == 4
    assert subprocess.run(["sha256sum", "-c", "--quiet", RECORD], cwd=folder, check=False).returncode == 0


def test_an_empty_file_is_replaced(folder):
    (folder / "r.prototxt").touch()
    assert main(["export", "torch.nn:ReLU", "--input-shape", "1,3", "-o", "r"]) == 0


def test_functions_replace_as_open_does(folder):
    (folder / "r.prototxt").write_bytes(MINE)
    pytorch2caffe.export(nn.ReLU(), torch.zeros(1, 3), folder / "r.prototxt", folder / "r.caffemodel")
    assert not (folder / RECORD).exists()


def test_a_model_of_the_same_name_as_the_output_is_kept(folder, capsys):
    """The case that lost a user's model: `-o net` beside net.py."""
    (folder / "net.py").write_bytes(MINE)
    assert main(["convert", *NET, "--from", "caffe", "--to", "pytorch", "-o", "net"]) == 2
    assert "net.py exists" in capsys.readouterr().err
    arguments = ["-f", "pytorch", "-n", "net.pb", "-w", "net.npy", "-d", "net.py", "-dw", "w.npy"]
    assert mmtoir(["-f", "caffe", "-n", NET[0], "-w", NET[1], "-o", "net"]) == 0
    assert mmtocode(arguments) == 2
    assert (folder / "net.py").read_bytes() == MINE


def test_a_dry_run_may_name_a_foreign_file(folder, capsys):
    (folder / "out.prototxt").write_bytes(MINE)
    assert main(["export", "torch.nn:ReLU", "--input-shape", "1,3", "-o", "out", "--dry-run"]) == 0
    assert (folder / "out.prototxt").read_bytes() == MINE
