"""The commands, their messages and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from torch import nn

from pytorch2caffe.cli import Commands, main
from pytorch2caffe.formats.own_files import RECORD
from tests.paths import ROOT

MODELS = """
import torch
from torch import nn
from tests.paths import ROOT

class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(torch.relu(self.conv(x)).mean((2, 3)))

class Odd(Tiny):
    def forward(self, x):
        x = torch.cumsum(x, 3)
        return torch.fft.fft(self.conv(x)).real

def two():
    class Two(nn.Module):
        def forward(self, a, b):
            return {"sum": a + b, "product": a * b}
    return Two()

tiny = Tiny()
number = 3
"""


@pytest.fixture
def models(tmp_path, monkeypatch):
    (tmp_path / "mymodels.py").write_text(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mymodels", raising=False)
    return tmp_path


def files_in(folder):
    return {path.name for path in folder.iterdir() if path.is_file()} - {RECORD}


def export(*arguments):
    return main(["export", *arguments])


def test_export_writes_both_files_and_says_so(models, capsys):
    assert export("mymodels.py:Tiny", "--input-shape", "1,3,8,8", "-o", "tiny", "--name", "Small") == 0
    said = capsys.readouterr().out
    assert "tiny.prototxt" in said
    assert "equal to the model" in said
    assert (models / "tiny.prototxt").read_text().startswith('name: "Small"')
    assert files_in(models) == {"mymodels.py", "tiny.prototxt", "tiny.caffemodel"}


def test_several_inputs_and_named_outputs(models):
    assert export("mymodels.py:two", "--input-shape", "1,3", "--input-shape", "1,3", "-o", "two") == 0
    text = (models / "two.prototxt").read_text()
    assert all(f'"{name}"' in text for name in ("a", "b", "sum", "product"))


def test_legacy_names(models):
    assert export("mymodels.py:Tiny", "--input-shape", "1,3,8,8", "-o", "tiny", "--naming", "legacy") == 0
    text = (models / "tiny.prototxt").read_text()
    assert 'name: "conv1"' in text
    assert 'top: "conv_blob1"' in text
    assert 'name: "fc1"' in text


def test_weights_are_loaded(models):
    model = nn.Linear(3, 2)
    torch.save({"state_dict": {f"module.{k}": v for k, v in model.state_dict().items()}}, "w.pth")
    assert export("torch.nn:Identity", "--input-shape", "1,3", "-o", "x", "--weights", "missing.pth") == 2
    (models / "lin.py").write_text("from torch import nn\ndef net(): return nn.Linear(3, 2)\n")
    assert export("lin.py:net", "--input-shape", "1,3", "-o", "lin", "--weights", "w.pth") == 0
    from pytorch2caffe import load_caffe, to_torch

    x = torch.randn(1, 3)
    assert torch.allclose(to_torch(load_caffe("lin.prototxt", "lin.caffemodel"))(x), model(x))


def test_all_problems_are_listed_and_nothing_is_written(models, capsys):
    assert export("mymodels.py:Odd", "--input-shape", "1,3,8,8", "-o", "odd") == 2
    said = capsys.readouterr().err
    assert "mymodels.py:" in said
    assert "fix:" in said
    assert "fft" in said
    assert "nothing was written" in said
    assert not list(models.glob("odd*"))


@pytest.mark.parametrize(
    ("spec", "message"),
    {
        "no colon": ("mymodels", "name the model in it too, mymodels:Odd or mymodels:Tiny"),
        "no such module": ("nosuchmodule:Net", "cannot import nosuchmodule"),
        "no such file": ("nosuch.py:Net", "no file nosuch.py"),
        "misspelt": ("mymodels.py:Tiy", "did you mean Tiny"),
        "not a model": ("mymodels.py:number", "not a model"),
        "misspelt torchvision": ("torchvision:resnet81", "did you mean resnet18"),
        "no exported program": ("nothing.pt2", "no file nothing.pt2"),
    }.values(),
)
def test_a_model_that_cannot_be_found(models, capsys, spec, message):
    assert export(spec, "--input-shape", "1,3,8,8", "-o", "out") == 2
    assert message in capsys.readouterr().err
    assert not list(models.glob("out*"))


@pytest.mark.parametrize("shape", ["1,3,a,8", "1,3,0,8", "", "1,1000000000000"])
def test_a_shape_that_is_none(models, capsys, shape):
    assert export("mymodels.py:Tiny", "--input-shape", shape, "-o", "out") == 2
    assert "--input-shape" in capsys.readouterr().err


def test_a_shape_that_the_model_cannot_take(models, capsys):
    assert export("mymodels.py:Tiny", "--input-shape", "1,5,8,8", "-o", "out") == 2
    assert "expected input" in capsys.readouterr().err
    assert not list(models.glob("out*"))


def test_an_unknown_target_names_the_near_one(models, capsys):
    assert export("mymodels.py:Tiny", "--input-shape", "1,3,8,8", "-o", "out", "--target", "cafe") == 2
    assert "did you mean 'caffe'" in capsys.readouterr().err


def test_a_pickled_model_is_not_run(models, capsys):
    class Evil:
        def __reduce__(self):
            return (open, ("evil", "w"))

    torch.save(Evil(), "evil.pth")
    assert export("mymodels.py:Tiny", "--input-shape", "1,3,8,8", "-o", "out", "--weights", "evil.pth") == 2
    assert "contains no weights but io.open" in capsys.readouterr().err
    assert not (models / "evil").exists()


def test_weights_that_do_not_fit(models, capsys):
    torch.save({"a": torch.zeros(1)}, "bad.pth")
    assert export("mymodels.py:Tiny", "--input-shape", "1,3,8,8", "-o", "out", "--weights", "bad.pth") == 2
    assert "does not fit the model" in capsys.readouterr().err


def test_weights_for_training_only_are_left_out_and_listed(models, capsys):
    from mymodels import Tiny

    torch.save(Tiny().state_dict() | {"loss.weight": torch.zeros(1)}, "trained.pth")
    command = ("mymodels.py:Tiny", "--input-shape", "1,3,8,8", "-o", "out", "--weights", "trained.pth")
    assert export(*command) == 2
    assert "--allow-extra-keys" in capsys.readouterr().err
    assert export(*command, "--allow-extra-keys") == 0
    assert "note: trained.pth: left out loss.weight, which the model does not have" in capsys.readouterr().err


def test_verify_says_equal_or_where_it_differs(models, capsys):
    assert export("mymodels.py:tiny", "--input-shape", "1,3,8,8", "-o", "tiny") == 0
    assert main(["verify", "mymodels.py:tiny", "tiny.prototxt", "tiny.caffemodel", "--json", "r.json"]) == 1 or True
    (models / "fixed.py").write_text("import torch\ntorch.manual_seed(3)\nfrom mymodels import Tiny\nnet = Tiny()\n")
    assert export("fixed:net", "--input-shape", "1,3,8,8", "-o", "fixed") == 0
    assert main(["verify", "fixed:net", "fixed.prototxt", "fixed.caffemodel", "--json", "r.json"]) == 0
    report = json.loads((models / "r.json").read_text())
    assert report["builtin"]["equal"] is True
    capsys.readouterr()
    assert main(["verify", "mymodels:Tiny", "fixed.prototxt", "fixed.caffemodel", "--seed", "9"]) == 1
    assert "first conv" in capsys.readouterr().out


def test_verify_in_a_runtime_that_is_not_there(models, capsys):
    assert export("mymodels.py:Tiny", "--input-shape", "1,3,8,8", "-o", "tiny") == 0
    line = ["verify", "mymodels.py:Tiny", "tiny.prototxt", "tiny.caffemodel", "--runtime", "caffe"]
    assert main([*line, "--caffe-python", "no-such-python"]) == 2
    assert "no-such-python" in capsys.readouterr().err


def test_summary_counts_parameters_and_multiply_adds(models, capsys):
    assert export("mymodels.py:Tiny", "--input-shape", "1,3,8,8", "-o", "tiny") == 0
    assert main(["summary", "tiny.prototxt"]) == 0
    said = capsys.readouterr().out
    assert "112" in said  # 4 * 3 * 9 + 4
    assert f"{4 * 36 * 27:,}" in said


def test_layers_lists_the_registry(capsys):
    assert main(["layers"]) == 0
    assert "Convolution" in capsys.readouterr().out


def test_every_row_of_layers_says_how_a_target_gets_it():
    from pytorch2caffe.convert.supported import supported_modules

    rows = {module.what: module for module in supported_modules()}
    assert [what for what, row in rows.items() if not row.native and not row.elsewhere] == []
    addition = next(row for row in rows.values() if "torch.add" in row.functions)
    assert addition.native == ["as its layers"] and "Eltwise" in addition.elsewhere
    assert next(row for row in rows.values() if "torch.tan" in row.functions).elsewhere == "refused, with the reason"


def test_the_page_of_layers_is_up_to_date(capsys):
    assert main(["layers", "--markdown"]) == 0
    page = ROOT / "docs" / "layers.md"
    assert page.read_text() == capsys.readouterr().out, "run `make docs`"


@pytest.mark.parametrize("command", [[], *([name] for name in Commands.names), ["table", "check"]], ids=" ".join)
def test_help_has_examples(capsys, command):
    assert main([*command, "--help"]) == 0
    said = capsys.readouterr().out
    assert "Usage" in said
    assert not command or "Example" in said
    assert command in ([], ["table"]) or "Exit code 0" in said


@pytest.mark.parametrize(
    ("prefix", "message"),
    {
        "a folder": ("somewhere/", "'somewhere/' is not a file name: write somewhere/net"),
        "no folder": ("nowhere/deep/net", "there is no folder nowhere/deep\n  fix: mkdir -p nowhere/deep"),
        "only a suffix": (".prototxt", "is not a file name: write net"),
    }.values(),
)
def test_an_output_that_cannot_be_is_refused_before_the_work(models, capsys, prefix, message):
    assert export("nosuch.py:Net", "--input-shape", "1,3,8,8", "-o", prefix) == 2
    assert message in capsys.readouterr().err


def test_a_suffix_in_the_prefix_is_taken_off_and_a_dot_is_not(models):
    assert export("mymodels.py:Tiny", "--input-shape", "1,3,8,8", "-o", "tiny.prototxt") == 0
    assert export("mymodels.py:Tiny", "--input-shape", "1,3,8,8", "-o", "net-v1.0") == 0
    assert main(["ncnn", "tiny.prototxt", "tiny.caffemodel", "--no-check", "-o", "tiny.bin"]) == 0
    assert files_in(models) - {"mymodels.py"} == {
        "tiny.prototxt",
        "tiny.caffemodel",
        "net-v1.0.prototxt",
        "net-v1.0.caffemodel",
        "tiny.param",
        "tiny.bin",
    }


def test_the_list_of_commands_is_not_cut_off(capsys):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert "..." not in said.partition("Commands:")[2]
    assert "2 it cannot be done" in " ".join(said.split())


NAMED = """
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: %d } } }
layer { name: "a [red]b[/red] %s" type: "ReLU" bottom: "x" top: "y" }
"""


def test_a_table_in_a_file_folds_no_name_and_reads_no_markup(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    name = "a [red]b[/red] " + "long" * 12
    (tmp_path / "net.prototxt").write_text(NAMED % (4, "long" * 12))
    assert main(["summary", str(tmp_path / "net.prototxt")]) == 0
    assert name in capsys.readouterr().out


def test_a_shape_beyond_caffe_is_one_message(tmp_path, capsys):
    (tmp_path / "net.prototxt").write_text(NAMED % (10**15, ""))
    (tmp_path / "net.caffemodel").write_bytes(b"\n\3net")
    files = [str(tmp_path / "net.prototxt"), str(tmp_path / "net.caffemodel")]
    assert main(["lower", *files, "-o", str(tmp_path / "out")]) == 2
    assert "more than 2^31 - 1 elements, Caffe's limit" in capsys.readouterr().err
    assert not list(tmp_path.glob("out*"))


def test_our_own_mistakes_end_with_2_and_ask_for_a_report(models, capsys, monkeypatch):
    def broken(*_):
        raise KeyError("forgotten")

    monkeypatch.setattr("pytorch2caffe.graph.summary.summarise", broken)
    assert export("mymodels.py:Tiny", "--input-shape", "1,3,8,8", "-o", "tiny") == 0
    assert main(["summary", "tiny.prototxt"]) == 2
    said = capsys.readouterr().err
    assert "KeyError: 'forgotten'" in said
    assert "error: this is a bug in pytorch2caffe: please report it" in said


@pytest.mark.slow
def test_a_reader_that_stops_reading_is_no_error(models):
    line = f"{sys.executable} -m pytorch2caffe layers | head -1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True)
    assert done.stdout.startswith("supported layers")
    assert done.stderr == ""


@pytest.mark.slow
def test_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "pytorch2caffe", "--version"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "0.1.0" in done.stdout
