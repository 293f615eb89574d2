"""Which consumers accept a network."""

import pytest
import torch
from torch import nn

from pytorch2caffe import save_caffe, trace
from pytorch2caffe.backends.caffe.dialect_file import names
from pytorch2caffe.cli import main
from pytorch2caffe.convert.consumers import consumers_of, consumers_of_files
from tests.layers.conftest import caffe_text


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return torch.nn.functional.relu6(self.conv(x)).sigmoid()


X = torch.zeros(1, 3, 8, 8)


def by_name(acceptances):
    return {each.consumer: each for each in acceptances}


def test_there_are_three_answers():
    found = by_name(consumers_of(trace(Net(), X)))
    assert list(found) == names()
    assert found["caffe-master"].cells() == ("caffe-master", "as it is", "3", "")
    assert found["caffe"].cells() == ("caffe", "after lowering", "7 (+4)", "")
    consumer, how, layers, why = found["vitis-ai"].cells()
    assert (how, layers) == ("no", "")
    assert why == "sigmoid (test_consumers.py:20): vitis-ai has no layer Sigmoid"


def test_of_files_every_setting_counts(tmp_path):
    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    save_caffe(
        trace(nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(2, 2)), torch.zeros(1, 3, 9, 9)), *files, "openvino"
    )
    found = by_name(consumers_of_files(*files))
    assert found["openvino"].how() == found["opencv"].how() == "as it is"
    assert found["caffe"].how() == "after lowering"


def test_check_prints_a_table(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "n.prototxt").write_text(
        caffe_text('layer { name: "y" type: "Sigmoid" bottom: "x" top: "y" }', x=(1, 2))
    )
    assert main(["check", "n.prototxt", "--target", "all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].strip() == f"n.prototxt: {len(names()) - 5} of {len(names())} consumers accept it"
    assert sum("has no layer Sigmoid" in line for line in lines) == 5
    assert not [*tmp_path.glob("*.caffemodel")]


def test_a_dry_run_of_an_export_prints_a_table_and_writes_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["export", "tests.convert.test_consumers:Net", "--input-shape", "1,3,8,8", "--dry-run"]
    assert main([*arguments, "--target", "all"]) == 0
    assert "after lowering" in capsys.readouterr().out
    assert main([*arguments, "--target", "opencv"]) == 0
    assert "3 layers for opencv; nothing was written" in capsys.readouterr().out
    assert main([*arguments, "--target", "tidl"]) == 2
    assert "tidl has no layer Sigmoid" in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Missing option '-o' / '--output'; --dry-run writes nothing."),
        (["-o", "n", "--target", "all"], "--target all needs --dry-run"),
    ],
)
def test_an_export_without_a_place_or_for_all_is_a_mistake(options, message, capsys):
    assert main(["export", "tests.convert.test_consumers:Net", "--input-shape", "1,3,8,8", *options]) == 2
    assert message in capsys.readouterr().err
