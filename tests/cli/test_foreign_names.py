"""Names of foreign files do not move the cursor, end lines or turn the reading direction, wherever they are shown."""

from __future__ import annotations

import re

import pytest

from pytorch2caffe import load_caffe, save_caffe
from pytorch2caffe.backends.ncnn.writer import save_ncnn
from pytorch2caffe.cli import main

HOSTILE = "a\x1b[2J\u202eb\x07\x9b"
MARKS = "\x7f-\x9f\u202a-\u202e\u2066-\u2069"
NET = """input: "data" input_shape {{ dim: 1 dim: 2 dim: 4 dim: 4 }}
layer {{ name: "{name}" type: "{type}" bottom: "data" top: "{name}" }}
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    """net: with such a name. unknown: with such a type too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "net.prototxt").write_text(NET.format(name=HOSTILE, type="ReLU"), encoding="utf-8")
    save_caffe(load_caffe(tmp_path / "net.prototxt"), tmp_path / "saved.prototxt", tmp_path / "saved.caffemodel")
    (tmp_path / "unknown.prototxt").write_text(NET.format(name=HOSTILE, type=f"Odd{HOSTILE}"), encoding="utf-8")
    (tmp_path / "net.table").write_text(f"{HOSTILE}_param_0 x\n", encoding="utf-8")
    return tmp_path


COMMANDS = {
    "summary": "summary net.prototxt",
    "check": "check unknown.prototxt",
    "check for all": "check unknown.prototxt --target all",
    "table check": "table check net.table --proto net.prototxt",
    "an error": "summary unknown.prototxt",
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_terminal_gets_no_foreign_control_character(command, files, capsys):
    main(command.split())
    said = "".join(capsys.readouterr())
    assert not re.search(f"[\x00-\x09\x0b-\x1f{MARKS}]", said)
    assert r"a\x1b[2J\u202eb\x07\x9b" in said


@pytest.mark.parametrize("command", ["summary net.prototxt", "check unknown.prototxt"])
def test_a_page_has_none_either(command, files):
    main([*command.split(), "--html", "page.html"])
    page = (files / "page.html").read_text(encoding="utf-8")
    assert not re.search(f"[\x00-\x08\x0b-\x1f{MARKS}]", page)
    assert re.search(r"[^\\]\\u202eb", page)
    data = "".join(re.findall('<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL))
    assert {len(slashes) for slashes in re.findall(r"(\\+)u202e", data)} == {2}


EMPTY = """input: "data" input_shape { dim: 1 dim: 3 dim: 4 dim: 4 }
layer { name: "" type: "ReLU" bottom: "data" top: "a" }
layer { name: "s" type: "Sigmoid" bottom: "a" top: "" }
layer { name: "x" type: "TanH" bottom: "" top: "c" }
"""


def test_empty_names_stay_empty_in_caffe_and_get_one_in_ncnn(tmp_path):
    graph = load_caffe(EMPTY)
    save_caffe(graph, tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    again = load_caffe(tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    assert [node.name for node in again.nodes] == ["", "s", "x"]
    assert [node.outputs[0].name for node in again.nodes] == ["a", "", "c"]
    save_ncnn(graph, tmp_path / "net")
    lines = [line.split() for line in (tmp_path / "net.param").read_text(encoding="utf-8").splitlines()]
    assert lines[3:] == [
        ["ReLU", "_", "1", "1", "data", "a"],
        ["Sigmoid", "s", "1", "1", "a", "_"],
        ["TanH", "x", "1", "1", "_", "c"],
    ]


def test_a_large_prototxt_is_not_called_binary(tmp_path, capsys):
    (tmp_path / "net.prototxt").write_bytes(b"# " + b"x" * (1 << 24) + b"\nname: 'x'\n")
    assert main(["summary", str(tmp_path / "net.prototxt")]) == 2
    assert "more than 16,777,216 bytes: too large for a prototxt" in capsys.readouterr().err
