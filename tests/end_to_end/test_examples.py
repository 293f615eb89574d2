"""Every script in example/ and every block of the README runs."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from torch import nn

from pytorch2caffe.cli import main
from tests.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
ELSEWHERE = {"tf_save_model.py", "test.py", "caffe-int8-convert-tool-dev-weight.py"}  # test_seeds.py runs them
SCRIPTS = sorted(path for path in (ROOT / "example").glob("*.py") if path.name not in ELSEWHERE)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_example(script, tmp_path):
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_demo_says_what_to_install_to_the_letter(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    demo = runpy.run_path(str(ROOT / "example" / "demo.py"))
    missing = SimpleNamespace(unavailable=lambda: 'install it: pip install "x[extra]"')
    models = SimpleNamespace(get_model=lambda *_, **__: nn.Identity())
    known = {"torchvision_models": lambda: models, "names": lambda: ["missing"], "get": lambda _: missing}
    monkeypatch.setattr("pytorch2caffe.export", lambda *_: None)
    for name, item in known.items():
        monkeypatch.setitem(demo["main"].__globals__, name, item)
    assert demo["main"]() == 0
    assert 'pip install "x[extra]"' in capsys.readouterr().out


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ODD = """import torch
from torch import nn
from tests.paths import ROOT


class Odd(nn.Module):
    def forward(self, x):
        x = torch.cumprod(x, 1)
        return x if x.sum() else -x
"""


def blocks(text, kind):
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def commands(text):
    """Each command of the console blocks with the output that is shown for it."""
    for block in blocks(text, "console"):
        for part in block.split("$ ")[1:]:
            line, _, output = part.partition("\n")
            yield line, output


def test_the_python_of_the_readme(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = blocks(README, "python")
    assert len(code) == 2
    exec(compile("\n".join(code), "README.md", "exec"), {"__name__": "readme"})
    assert (tmp_path / "net.caffemodel").stat().st_size > 0
    (layer,) = blocks((ROOT / "docs" / "development.md").read_text(encoding="utf-8"), "python")
    exec(compile(layer, "development.md", "exec"), {"__name__": "development"})


def test_the_commands_of_the_readme(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    ours = [entry for entry in commands(README) if entry[0].startswith("pytorch2caffe ") and ".py" not in entry[0]]
    assert len(ours) == 7
    for line, output in ours:
        assert main(shlex.split(line)[1:]) == 0, line
        said = capsys.readouterr().out
        if "verify" in line:  # numbers differ from machine to machine
            said, output = said.split(", relative")[0], output.split(", relative")[0]
        assert not output or said == output, line


def test_the_refusal_of_the_readme(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("mymodels.py").write_text(ODD, encoding="utf-8")
    ((line, output),) = [entry for entry in commands(README) if "mymodels.py" in entry[0]]
    assert main(shlex.split(line)[1:]) == 2
    assert capsys.readouterr().err == output


def anchors(path):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_linked_from_the_readme():
    assert {path.name for path in PAGES[1:]} <= {link.split("/")[-1] for link in re.findall(r"\(docs/[^)]+", README)}
