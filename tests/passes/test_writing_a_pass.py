"""docs/writing-a-pass.md: its pass and its test run, and every list that it names exists."""

from __future__ import annotations

import re
import sys
from types import ModuleType

import pytest

from pytorch2caffe.errors import InvalidGraphError
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.layers.basic.dropout import Dropout
from pytorch2caffe.layers.linear.inner_product import InnerProduct
from pytorch2caffe.passes.runner import run_passes
from tests.passes.graphs import Net
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "writing-a-pass.md").read_text(encoding="utf-8")
PASS, TEST = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def module(name: str, source: str) -> ModuleType:
    made = ModuleType(name)
    made.__package__ = name.rpartition(".")[0]
    exec(compile(source, name, "exec"), vars(made))
    return made


def test_its_example(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "pytorch2caffe.passes.drop_dropouts"
    monkeypatch.setitem(sys.modules, name, module(name, PASS))
    tests = [item for key, item in vars(module("example", TEST)).items() if key.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_its_table_of_lists() -> None:
    rows = re.findall(r"^\| `(backends/\S+)` \| (.*) \|$", PAGE, re.MULTILINE)
    files = {f"backends/{path.parent.name}/passes.py" for path in ROOT.glob("pytorch2caffe/backends/*/passes.py")}
    assert {file for file, _ in rows} == files
    for file, names in rows:
        source = (ROOT / "pytorch2caffe" / file).read_text(encoding="utf-8")
        for name in re.findall(r"`(\w+)", names):
            assert re.search(rf"^(def )?{name}\b", source, re.MULTILINE), (file, name)


def test_the_message_of_the_page_is_that_of_the_runner() -> None:
    net = Net(1, 4)
    y = net.add(Dropout(), net.x, name="drop")
    graph = net.done(net.add(InnerProduct(2, False), y, blobs=[net.random(2, 4)], name="fc"))

    def drop_dropouts(graph: Graph) -> None:
        del graph.nodes[0]

    with pytest.raises(InvalidGraphError) as caught:
        run_passes(graph, [drop_dropouts])
    assert f"InvalidGraphError: {caught.value}" in PAGE
