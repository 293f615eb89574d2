"""The documentation site: built without a warning, every page in it, links within it lead somewhere, no network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.paths import ROOT

pytest.importorskip("mkdocs", reason='the docs extra is not installed: pip install ".[docs]"')
pytest.importorskip("material", reason='the docs extra is not installed: pip install ".[docs]"')
pytest.importorskip("mkdocstrings", reason='the docs extra is not installed: pip install ".[docs]"')
pytestmark = pytest.mark.slow


class Links(HTMLParser):
    """The links, the anchors, and what a browser loads by itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links, self.anchors, self.loaded = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("script", "img", "iframe") and given.get("src"):
            self.loaded.append(given["src"])
        if tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload"):
            self.loaded.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    line = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return folder


def test_every_page_is_in_it(site):
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in ROOT.glob("docs/**/*.md")}
    pages |= {Path(f"{name}.html") for name in ("index", "zh", "contributing", "changelog", "security")}
    assert {page for page in pages if not (site / page).is_file()} == set()


def test_links_lead_somewhere_and_nothing_is_loaded_from_elsewhere(site):
    read = {path: Links(path.read_text("utf-8")) for path in site.rglob("*.html") if path.name != "404.html"}
    lost = []
    for path, page in read.items():
        assert [each for each in page.loaded if urlsplit(each).netloc] == [], path.name
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file() or parts.fragment and unquote(parts.fragment) not in read[target].anchors:
                lost.append((path.name, link))
    assert lost == []


def test_docstrings_are_in_it_as_tables(site):
    text = re.sub(r"<[^>]+>", " ", (site / "reference.html").read_text("utf-8"))
    for said in ("largest difference that counts as equal", "in the order of execution", "Parameters:"):
        assert said in text
