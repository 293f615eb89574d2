"""Pages in headless Chromium: what must be visible is, in both themes and widths, and the script does what it should.

Needs playwright (pip install playwright) and Chromium: playwright's, the system's, or the program that CHROMIUM names.
"""

from __future__ import annotations

import os
import shutil

import pytest

from pytorch2caffe.pages.diagram import Box, Diagram, Histograms
from pytorch2caffe.pages.page import Column, Line, Page, Section, Table, Text, to_html

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PROGRAM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
LONG = "features." + "a_module_with_a_long_name." * 6 + "conv"
INK_OF = "element => getComputedStyle(element).color"


def page():
    names = ["stem", *(f"layer{s}.{b}.{part}" for s in range(3) for b in range(5) for part in "abcde"), LONG]
    boxes = [
        Box(
            name,
            "Convolution 1x64x56x56",
            tuple(name.split(".")[:-1]),
            (names[index - 1],) if index else (),
            heat=index / len(names),
            wrong=name == "layer1.2.c",
            details={"source line": "net.py:7", "worst element": f"[0, {index}]: 1.5 instead of 2"},
            histograms=Histograms(-1.0, 2.0, {"model": (1, 5, 2), "file": (2, 4, 2)}),
        )
        for index, name in enumerate(names)
    ]
    columns = (Column("blob", text=True), Column("rel L2", ".1e"), Column("result", text=True))
    values = {name: (7 * index) % 13 / 10 for index, name in enumerate(names)}
    lines = [Line((name, values[name], "ok"), box=name) for name in names]
    drawing = Diagram(tuple(boxes), "relative L2", "0", "1", "different")
    blocks = [Text("different: " + LONG, "wrong"), drawing, Table(columns, lines)]
    facts = {"files": "net.prototxt, net.caffemodel", "runtime": "builtin", "tolerance": "0.0001"}
    return to_html(Page(f"net and {LONG}", [Section("runtime builtin", blocks)], f"pytorch2caffe {LONG}", facts))


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(executable_path=PROGRAM)
        except sync_api.Error as error:
            pytest.skip(f"no Chromium that playwright can start: {str(error).splitlines()[0]}")
        yield started
        started.close()


@pytest.fixture
def opened(browser, tmp_path, request):
    width, theme = getattr(request, "param", (1280, "light"))
    file = tmp_path / "page.html"
    file.write_text(page(), encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, offline=True)
    tab, faults = context.new_page(), []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("console", lambda message: faults.append(message.text))
    tab.goto(file.as_uri())
    yield tab
    context.close()
    assert faults == []


@pytest.mark.parametrize("opened", [(w, t) for w in (420, 1280) for t in ("light", "dark")], indirect=True)
def test_everything_is_visible_and_nothing_is_cut_off(opened):
    for text in ("pytorch2caffe features.", "net.prototxt, net.caffemodel", "builtin", "0.0001", "relative L2"):
        assert opened.get_by_text(text).first.is_visible(), text
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    cut = opened.evaluate("""[...document.querySelectorAll("h1, h2, p, dt, dd, td, th, button")].filter((e) =>
        e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && e.clientWidth).map((e) => e.textContent)""")
    assert cut == []
    spilled = opened.evaluate("""[...document.querySelectorAll("g.box")].filter((box) => box.checkVisibility() &&
        [...box.querySelectorAll("text")].some((text) =>
            text.getBBox().width > box.querySelector("rect").getBBox().width)).map((box) => box.dataset.id)""")
    assert spilled == []


@pytest.mark.parametrize("opened", [(1280, "light"), (1280, "dark")], indirect=True)
def test_text_differs_from_what_is_behind_it(opened):
    def brightness(colour):
        return sum(map(float, colour.removeprefix("rgb(").rstrip(")").split(",")[:3])) / 3

    ink = brightness(opened.eval_on_selector("body", INK_OF))
    ground = brightness(opened.eval_on_selector("body", "element => getComputedStyle(element).backgroundColor"))
    assert abs(ink - ground) > 150


def test_a_folded_box_opens_its_view_and_the_trail_leads_back(opened):
    opened.locator("g.box:visible", has_text="layer1").click()
    opened.locator("g.box.wrong:visible").click()
    opened.locator("g.box.wrong:visible", has_text="c").click()
    aside = opened.locator("aside")
    assert aside.get_by_text("layer1.2.c").is_visible()
    assert aside.get_by_text("net.py:7").is_visible() and aside.get_by_text("1.5 instead of 2").is_visible()
    assert aside.locator("svg path").count() == 3 and aside.get_by_text("model").is_visible()
    assert opened.locator(".view:visible .trail").inner_text() == "network › layer1 › 2"
    opened.get_by_role("button", name="network").click()
    assert opened.locator(".view:visible .trail").inner_text() == "network"


def test_a_layer_is_found_by_name_and_by_its_line_of_the_table(opened):
    opened.get_by_label("find a layer").fill("layer2.4.d")
    assert opened.locator("g.box.selected:visible title").text_content() == "layer2.4.d"
    opened.locator("tbody tr", has_text="layer0.1.b").click()
    assert opened.locator("g.box.selected:visible title").text_content() == "layer0.1.b"


def test_tables_are_sorted_and_searched(opened):
    first = opened.locator("tbody tr:visible td:nth-child(2)").first
    opened.get_by_role("button", name="rel L2").click()
    assert first.inner_text() == "1.2e+00"
    opened.get_by_role("button", name="rel L2").click()
    assert first.inner_text() == "0.0e+00"
    opened.get_by_label("search").fill("layer1 c")
    assert opened.locator("tbody tr:visible").count() == 5
    assert opened.get_by_text("5 found").is_visible()


def test_the_drawing_fits_the_width(opened):
    opened.get_by_label("find a layer").fill(LONG)
    opened.get_by_role("button", name="fit").click()
    drawing = opened.locator(".view:visible svg").bounding_box()
    around = opened.locator(".view:visible .scroll").bounding_box()
    assert drawing["width"] <= around["width"]
