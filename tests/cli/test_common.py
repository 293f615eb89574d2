"""-q, -v and --json of every command."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import click
import pytest
import torch
from torch import nn

import pytorch2caffe
from pytorch2caffe.cli import Commands, cli, main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 2, 3)).eval()
    pytorch2caffe.export(model, torch.zeros(1, 3, 8, 8), "net.prototxt", "net.caffemodel")
    return tmp_path


def commands():
    context = click.Context(cli)
    for name in Commands.names:
        command = cli.get_command(context, name)
        yield from command.commands.values() if isinstance(command, click.Group) else [command]


def test_every_command_has_them():
    for command in commands():
        names = {name for param in command.params for name in param.opts}
        assert names >= {"-q", "--quiet", "-v", "--verbose", "--json"}, command.name


EXPORT = ["export", "torch.nn:ReLU", "--input-shape", "1,3", "-o", "out"]


def test_json_on_stdout_is_alone(folder, capsys):
    assert main([*EXPORT, "--json", "-"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["command"] == "export"
    assert content["exit_code"] == 0
    assert {path.rpartition("/")[2] for path in content["files"]} == {"out.prototxt", "out.caffemodel"}
    assert (content["layers"], content["target"]) == (1, "caffe")
    assert "out.prototxt: 1 layer for caffe" in content["output"]
    assert content["output"][-1].startswith("next: net = caffe.Net('out.prototxt'")


def test_json_in_a_file_and_the_reason_of_a_failure(folder, capsys):
    assert main(["check", "net.prototxt", "--target", "nnie", "--json", "r.json"]) == 0
    assert "nnie supports all of them" in capsys.readouterr().out
    assert json.loads((folder / "r.json").read_text())["problems"] == []
    assert main(["summary", "net.prototxt", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["layers"][0]["type"] == "Convolution"
    assert main([*EXPORT, "--target", "cafe", "--json", "-"]) == 2
    content = json.loads(capsys.readouterr().out)
    assert content["exit_code"] == 2
    assert content["files"] == []
    assert "did you mean 'caffe'" in content["messages"][0]


def test_json_of_verify(folder, capsys):
    assert main(["export", "torch.nn:ReLU", "--input-shape", "1,3", "-o", "r"]) == 0
    capsys.readouterr()
    assert main(["verify", "torch.nn:ReLU", "r.prototxt", "r.caffemodel", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["builtin"]["equal"] is True


def test_quiet(folder, capsys):
    assert main([*EXPORT, "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["export", "torch.nn:ReLU", "--input-shape", "1,3", "-o", "missing/out", "-q"]) == 2
    assert "no folder missing" in capsys.readouterr().err


def test_verbose(folder, capsys):
    assert main([*EXPORT, "-v", "--target", "cafe"]) == 2
    said = capsys.readouterr().err
    assert f"torch {torch.__version__}" in said
    assert "Traceback" in said
    assert said.rstrip().endswith(" s")


@pytest.mark.parametrize(
    ("words", "count", "found"),
    [("pytorch2caffe ex", "1", "plain,export"), ("pytorch2caffe export --target nn", "3", "plain,nnie")],
)
def test_completion(words, count, found):
    """The script that docs/commands.md shows for bash."""
    code = "import sys; sys.argv = ['pytorch2caffe']; from pytorch2caffe.cli import entry_point; entry_point()"
    environment = {"_PYTORCH2CAFFE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": count}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert found in done.stdout, done
