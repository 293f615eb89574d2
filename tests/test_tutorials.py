"""The tutorials from first to last line: their files are written, their commands run, their outputs compared."""

from __future__ import annotations

import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest

from pytorch2caffe.cli import main
from tests.paths import ROOT

PAGES = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
NEEDS = {
    "tensorflow1": ["tensorflow"],
    "onnx": ["onnx", "onnxscript", "onnxruntime"],
    "chip": ["PIL", "ncnn"],
    "int8-accuracy": ["PIL", "ncnn", "sklearn"],
}
NUMBER = re.compile(r"-?\d+\.\d+(e[-+]\d+)?")
CHANGES = re.compile(r"[\dN.,]+ (layers?|channels|bytes|[kMG]B)\b")  # with each improvement of a pass
BORDER = re.compile("[━─]+")  # as wide as the numbers


def plain(text: str) -> list[str]:
    """The lines of an output without what differs from machine to machine."""
    text = BORDER.sub("─", CHANGES.sub("N", NUMBER.sub("N", text.replace("; equal in caffe", ""))))
    text = re.sub(r"^(largest losses in int8).*$|\d+ (?=of 10$)", r"\1", text, flags=re.MULTILINE)
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_tutorial(page, request, tmp_path, monkeypatch, capfd):
    for module in NEEDS.get(page.stem, []):
        pytest.importorskip(module)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    text = page.read_text("utf-8")
    for name in re.findall(r"^# (\w+)\.py$", text, re.MULTILINE):
        monkeypatch.delitem(sys.modules, name, raising=False)
    before = set(sys.modules)
    for kind, block in BLOCK.findall(text):
        if name := re.match(r"# ([\w.]+\.(?:py|prototxt))\n", block):
            Path(name[1]).write_text(block, encoding="utf-8")
            if name[1] != "net.py" and name[1].endswith(".py"):
                runpy.run_path(name[1])
                capfd.readouterr()
        if kind != "console":
            continue
        outputs = []
        for part in block.split("$ ")[1:]:
            line, _, shown = part.partition("\n")
            assert main(shlex.split(line)[1:]) == 0, line
            output = "\n".join(each.rstrip() for each in capfd.readouterr().out.splitlines()) + "\n"
            outputs.append(f"$ {line}\n{output.replace('; equal in caffe', '')}")
            if not request.config.getoption("--update-golden"):
                missing = [each for each in plain(shown) if each not in plain(output)]
                assert missing == [], f"{line}; pytest --update-golden, then read the diff\n{output}"
        text = text.replace(block, "".join(outputs))
    for module in set(sys.modules) - before:
        if module in ("net", "oldnet"):
            del sys.modules[module]
    if request.config.getoption("--update-golden"):
        page.write_text(text, encoding="utf-8")
