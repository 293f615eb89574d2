"""MkDocs hooks: the pages at the top of the repository are pages of the site, and links between them lead to these."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
PAGES = {  # file at the top of the repository: page of the site
    "README.md": "index.md",
    "README.zh.md": "zh.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
}
LINK = re.compile(r"(\]\()([^)\s#]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages at the top."""
    for name, page in PAGES.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=LINK.sub(_from_the_top, text)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links from docs/ to the pages at the top."""
    return LINK.sub(lambda link: f"{link[1]}{_site_page(link[2])}", markdown)


def _from_the_top(link: re.Match[str]) -> str:
    return f"{link[1]}{PAGES.get(link[2], link[2].removeprefix('docs/'))}"


def _site_page(target: str) -> str:
    """`../CONTRIBUTING.md` as `contributing.md`, `../../README.md` as `../index.md`."""
    above, name = re.fullmatch(r"((?:\.\./)*)(.*)", target).groups()  # type: ignore[union-attr]
    return above[3:] + PAGES[name] if above and name in PAGES else target
