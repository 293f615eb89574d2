"""The README and the pages of docs/: links, the README's length, and the commands and code that they show."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from pytorch2caffe import UnsupportedError, save_caffe, trace
from pytorch2caffe.cli import main
from tests.paths import ROOT

DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("*.md"))]
MOST_WORDS = 1200  # of the README
ODD = """import torch
from torch import nn


class Odd(nn.Module):
    def forward(self, x):
        x = torch.sort(x, 1).values
        return x if x.sum() else -x
"""


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(path: Path, kind: str) -> list[str]:
    """The code blocks of a page in one language."""
    return re.findall(rf"^```{kind}\n(.*?)^```", read(path), re.DOTALL | re.MULTILINE)


def commands(path: Path) -> Iterator[tuple[str, str]]:
    """Each command of a page's console blocks, with the output that is shown for it."""
    for block in blocks(path, "console"):
        for part in block.split("$ ")[1:]:
            line, _, output = part.partition("\n")
            yield line, output


README = ROOT / "README.md"


def test_the_readme_is_short():
    assert len(read(README).split()) <= MOST_WORDS


def test_the_python_of_the_readme(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile("\n".join(blocks(README, "python")), "README.md", "exec"), {"__name__": "readme"})
    assert (tmp_path / "net.caffemodel").stat().st_size > 0


@pytest.mark.parametrize("name", ["pytorch-to-caffe", "verify"])
def test_the_python_of_a_page(name, tmp_path, monkeypatch):
    """After that of pytorch-to-caffe.md, which makes the model and its files."""
    monkeypatch.chdir(tmp_path)
    names = dict.fromkeys(["pytorch-to-caffe", name])
    code = "\n".join(block for each in names for block in blocks(DOCS / f"{each}.md", "python"))
    exec(compile(code, name, "exec"), {"__name__": "page"})


@pytest.fixture
def shown_output(request) -> Callable[[Path, str, str], None]:
    """Asserts that a page shows this output of a command; with --update-golden it is written into the page."""

    def check(page: Path, line: str, output: str) -> None:
        shown = dict(commands(page))[line]
        output = output.replace("; equal in caffe", "")  # said where Caffe is installed
        if "verify" in line:  # the numbers differ from machine to machine
            shown, output = (text.split(", relative")[0] for text in (shown, output))
        if shown and request.config.getoption("--update-golden"):
            page.write_text(read(page).replace(f"$ {line}\n{shown}", f"$ {line}\n{output}"), encoding="utf-8")
            return
        assert not shown or output == shown, f"{page.name}: {line}; pytest --update-golden, then read the diff"

    return check


def test_the_commands_of_the_readme_and_of_commands(shown_output, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "110")
    pages = [README, DOCS / "commands.md"]
    shown = [(page, line) for page in pages for line, _ in commands(page)]
    ours = [(page, line) for page, line in shown if line.startswith("pytorch2caffe ") and ".py" not in line]
    assert len(ours) == 7
    for page, line in ours:
        assert main(shlex.split(line)[1:]) == 0, line
        shown_output(page, line, capsys.readouterr().out)


@pytest.mark.parametrize("page", [README, DOCS / "errors.md"], ids=lambda path: path.name)
def test_the_refusal_of_a_page(page, shown_output, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("mymodels.py").write_text(ODD, encoding="utf-8")
    (line,) = [line for line, _ in commands(page) if "mymodels.py" in line]
    assert main(shlex.split(line)[1:]) == 2
    shown_output(page, line, capsys.readouterr().err)


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", read(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


BASES = [ROOT, ROOT / "pytorch2caffe", ROOT / "pytorch2caffe" / "layers"]
EXAMPLES = {  # files that a page asks its reader to write
    "path/file.py",
    "pytorch2caffe/layers/elementwise/cross.py",
    "pytorch2caffe/passes/drop_dropouts.py",
    "tests/layers/elementwise/test_cross.py",
    "tests/passes/test_drop_dropouts.py",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_files_named_in_the_text_exist(page):
    """Paths between code marks, without placeholders: below the repository, the package or its layers."""
    text = re.sub(r"^```.*?^```", "", read(page), flags=re.DOTALL | re.MULTILINE)
    named = set(re.findall(r"`((?:\w[\w.-]*/)+(?:[\w-]+\.(?:py|md|toml|sh)))(?:::\w+)?`", text))
    missing = {path for path in named if not any((base / path).exists() for base in BASES)}
    assert missing - EXAMPLES == set()


def test_every_page_is_linked_from_the_readme():
    linked = {link.split("/")[-1] for link in re.findall(r"\((?:docs/)?([^)#]+\.md)", read(README))}
    assert {path.name for path in PAGES} - {"README.md"} <= linked


CHIP = (DOCS / "adding-a-dialect.md", "my-chip.toml")


def test_the_dialect_of_the_page(tmp_path, monkeypatch, capsys):
    """It is read, a model is written for it in its own layers, and its rules refuse what they forbid."""
    monkeypatch.chdir(tmp_path)
    page, name = CHIP
    (toml,) = blocks(page, "toml")
    Path(name).write_text(toml, encoding="utf-8")
    small = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU6(), nn.MaxPool2d(2), nn.Flatten())
    graph = save_caffe(trace(small, torch.zeros(1, 3, 17, 17)), "small.prototxt", "small.caffemodel", name)
    types = {node.layer.type for node in graph.nodes}
    assert types == {"Convolution", "ReLU6", "Pooling", "Reshape"}
    assert "ceil_mode: false" in read(Path("small.prototxt"))
    large = trace(nn.MaxPool2d(9), torch.zeros(1, 3, 18, 18))
    with pytest.raises(UnsupportedError, match="windows of at most 8x8"):
        save_caffe(large, "large.prototxt", "large.caffemodel", name)
    save_caffe(large, "large.prototxt", "large.caffemodel")
    assert main(["check", "large.prototxt", "--target", name]) == 1
    assert "use two smaller poolings" in capsys.readouterr().out
