"""Every code block of every page: Python, JSON and TOML are well-formed, and commands have the options shown."""

from __future__ import annotations

import ast
import json
import re
import shlex
import sys

import click
import pytest

from pytorch2caffe.cli import cli
from tests.test_docs import DOCS, PAGES, README, ROOT, read

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
EVERY_PAGE = [*PAGES, *sorted(DOCS.glob("tutorials/*.md"))]
CHINESE = ROOT / "README.zh.md"
MISTAKES = DOCS / "messages.md"  # whose commands are wrong, and the page shows the answers
PLACEHOLDERS = ("...", "COMMAND", "TOOLCHAIN")  # which stand for what the reader writes


def commands(kind: str, block: str) -> list[str]:
    """The command lines of this package in a block; a line that ends with a backslash goes on."""
    lines = block.replace("\\\n", " ").splitlines()
    shown = [line.removeprefix("$ ") for line in lines if kind == "sh" or line.startswith("$ ")]
    return [line for line in shown if line.startswith("pytorch2caffe ")]


def unknown_options(line: str) -> str:
    """What is wrong with the options of a command line, "" if nothing is; its files are not looked at."""
    words = [word for word in shlex.split(line, comments=True)[1:] if word not in PLACEHOLDERS]
    if not words or words[0].startswith("-"):
        return ""
    command = cli.get_command(click.Context(cli), words[0])
    if command is None:
        return f"{line}: there is no command {words[0]}"
    while isinstance(command, click.Group):
        words = words[1:]
        found = command.get_command(click.Context(command), words[0])
        if found is None:
            return f"{line}: there is no command {words[0]}"
        command = found
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    given = {word.split("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)}
    unknown = given - options - {"-h", "--help"}
    return f"{line}: {', '.join(sorted(unknown))}" if unknown else ""


@pytest.mark.parametrize("page", EVERY_PAGE, ids=lambda path: path.stem)
def test_code_blocks_are_well_formed(page):
    wrong = []
    for kind, block in BLOCK.findall(read(page)):
        if kind == "python":
            ast.parse(block)
        elif kind == "json":
            json.loads(block)
        elif kind == "toml" and sys.version_info >= (3, 11):
            import tomllib

            tomllib.loads(block)
        elif kind in ("sh", "console") and page != MISTAKES:
            wrong += filter(None, map(unknown_options, commands(kind, block)))
    assert wrong == []


def test_an_unknown_option_is_found():
    assert unknown_options("pytorch2caffe verify m.py:N a.prototxt b.caffemodel --htlm x").endswith(": --htlm")
    assert unknown_options("pytorch2caffe exprot m") and unknown_options("pytorch2caffe table chekc x")
    assert not unknown_options("pytorch2caffe export m -o net --input-shape 1,3,4,4  # --no-such-option")


def test_the_chinese_readme_is_in_step(request):
    """The same code blocks, headings and links; pytest --update-golden copies the code blocks."""
    english, chinese = read(README), read(CHINESE)
    if request.config.getoption("--update-golden"):
        originals = (match[0] for match in BLOCK.finditer(english))
        chinese = BLOCK.sub(lambda _: next(originals), chinese)
        CHINESE.write_text(chinese, encoding="utf-8")
    assert [match[0] for match in BLOCK.finditer(chinese)] == [match[0] for match in BLOCK.finditer(english)]
    outside = [BLOCK.sub("", text) for text in (english, chinese)]
    levels = [re.findall(r"^(#+) ", text, re.MULTILINE) for text in outside]
    assert levels[0] == levels[1]
    links = [set(re.findall(r"\]\(([^)]+)\)", text)) - {README.name, CHINESE.name} for text in outside]
    assert links[0] == links[1]
    numbers = [set(re.findall(r"\d[\d,.]*\d", text)) for text in outside]
    assert numbers[0] <= numbers[1], "figures of the English page that the Chinese one lacks"
