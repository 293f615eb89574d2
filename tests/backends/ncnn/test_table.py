"""Tables: what is written, and the message that every bad one gets."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from pytorch2caffe import trace
from pytorch2caffe.backends.ncnn.table.file import check_table, read_table, write_table
from pytorch2caffe.backends.ncnn.table.table import Table, TableError


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        nn.init.zeros_(self.conv.weight[3])
        self.grouped = nn.Conv2d(4, 6, 1, groups=2)
        self.fc = nn.Linear(6 * 4 * 4, 5)

    def forward(self, x):
        return self.fc(self.grouped(self.conv(x)).flatten(1))


@pytest.fixture(scope="module")
def graph():
    torch.manual_seed(0)
    return trace(Small().eval(), torch.randn(1, 3, 6, 6))


GOOD = [
    "conv_param_0 100.0 101.5 1e2 0.0",
    "grouped_param_0 50.0 51.0",
    "fc_param_0 1.0 2.0 3.0 4.0 5.0",
    "conv 12.5",
    "grouped 3.0",
    "fc 1.873e+02",
]


def test_written_exactly_so(tmp_path):
    table = Table({"conv": np.array([127 / 0.3, 0.0])}, {"conv": 127 / 151.0})
    write_table(table, tmp_path / "t.table")
    assert (tmp_path / "t.table").read_bytes() == (b"conv_param_0 423.33333333333337 0.0\nconv 0.8410596026490066\n")


@given(st.lists(st.floats(1e-30, 1e30), min_size=1, max_size=9), st.floats(1e-30, 1e30))
def test_read_back_it_is_the_same(tmp_path_factory, weights, activation):
    path = tmp_path_factory.mktemp("t") / "t.table"
    write_table(Table({"a/b": np.array(weights)}, {"a/b": activation}), path)
    table = read_table(path)
    assert table.weights["a/b"].tolist() == weights and table.activations == {"a/b": activation}


ACCEPTED = {
    "as written": GOOD,
    "any order": GOOD[::-1],
    "CRLF": [line + "\r" for line in GOOD],
    "spaces before and behind": [f"  {line} " for line in GOOD],
    "a layer kept in float": GOOD[:4] + GOOD[5:],
    "both lines commented out": ["#" + GOOD[0], *GOOD[1:3], "# " + GOOD[3], *GOOD[4:]],
    "a blank line at the end": [*GOOD, ""],
}


@pytest.mark.parametrize("lines", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(lines, tmp_path, graph):
    path = tmp_path / "t.table"
    path.write_text("\n".join(lines) + "\n", newline="")
    assert check_table(path, graph) == []


def replaced(index, *lines):
    return [*GOOD[:index], *lines, *GOOD[index + 1 :]]


BAD = {
    "blank line": (replaced(2, "", GOOD[2]), "line 3: the line is blank; ncnn2int8 ignores every line after it"),
    "line of spaces": (replaced(2, "  ", GOOD[2]), "line 3: the line is blank"),
    "tabs": (
        replaced(3, "conv\t12.5"),
        "line 4: the line contains a tab or another control character; ncnn2int8 crashes",
    ),
    "weights commented out": (replaced(0, "#" + GOOD[0]), "line 1: the weight scales of conv are commented out"),
    "weights missing": (replaced(0), "layer 'conv': the layer has an activation scale but no weight scales"),
    "too few scales": (
        replaced(1, "grouped_param_0 5.0"),
        "has 1 weight scale, but ncnn reads 2; the model would not load",
    ),
    "a scale per output of a grouped convolution": (
        replaced(1, "grouped_param_0 1 2 3 4 5 6"),
        "6 weight scales, but ncnn reads 2; .* not load",
    ),
    "three activation scales": (replaced(3, "conv 1 2 3"), "line 4: conv has 3 activation scales"),
    "no scale": (replaced(3, "conv"), "line 4: conv has no scale; ncnn2int8 crashes"),
    "not a number": (replaced(3, "conv 12,5"), "line 4: conv: '12,5' is not a number"),
    "name with a space": (replaced(3, "my conv 12.5"), "does the name contain a space"),
    "activation 0": (replaced(3, "conv 0.0"), "activation scale 0.0 makes every input 0"),
    "activation infinite": (replaced(3, "conv inf"), "activation scale inf"),
    "activation nan": (replaced(3, "conv nan"), "activation scale nan"),
    "activation negative": (replaced(3, "conv -3"), "activation scale -3.0"),
    "activation beyond float32": (replaced(3, "conv 1e39"), "activation scale 1e\\+39"),
    "weight infinite": (replaced(1, "grouped_param_0 1 inf"), "weight scale inf of output 1"),
    "weight nan": (replaced(1, "grouped_param_0 nan 1"), "weight scale nan of output 0"),
    "weight scale 0 of nonzero weights": (
        replaced(1, "grouped_param_0 0 1"),
        "weight scale 0 of output 0, whose weights are not 0",
    ),
    "table of other weights": (
        replaced(1, "grouped_param_0 1 9e5"),
        "become .* in int8, not 127; the table is for other",
    ),
    "duplicate line": ([*GOOD, "conv 13"], "line 7: conv is in line 4 too; ncnn uses the last"),
    "unknown layer": ([*GOOD, "conv9_param_0 1", "conv9 13"], "no convolution or InnerProduct of this name"),
    "_param_ in a name": ([*GOOD, "a_param_b 13"], "line 7: a_param_b contains '_param_'"),
    "a long name": ([*GOOD, "x" * 256 + " 1"], "more than 255 characters; ncnn truncates it"),
    "byte order mark": (["\ufeff" + GOOD[0], *GOOD[1:]], "line 1: the line begins with a byte order mark"),
    "empty": ([], "no layer has an activation scale"),
}


@pytest.mark.parametrize(("lines", "message"), BAD.values(), ids=BAD)
def test_message_of_a_bad_table(lines, message, tmp_path, graph):
    path = tmp_path / "t.table"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")
    with pytest.raises(TableError, match=message):
        raise TableError(check_table(path, graph), "t.table")


def test_names_no_table_can_hold(tmp_path):
    table = Table({}, {})
    for name in ("a b", "a_param_b", "", "#a", "x" * 250):
        table.weights[name], table.activations[name] = np.ones(1), 1.0
    with pytest.raises(TableError, match="was not written: 5 problems"):
        write_table(table, tmp_path / "t.table")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("data", [b"\xff\xfe1", b"conv\x00 1"], ids=["not UTF-8", "zero byte"])
def test_what_is_no_text(data, tmp_path):
    (tmp_path / "t.table").write_bytes(data)
    with pytest.raises(Exception, match="is not a table"):
        read_table(tmp_path / "t.table")


def test_a_network_with_a_space_in_a_name(graph, tmp_path):
    from pytorch2caffe.backends.ncnn.table.targets import Target

    named = Table({"a b": np.ones(3)}, {"a b": 1.0})
    (problem,) = check_table(named, [Target("a b", "Convolution", 3)])
    assert "a name in a table cannot contain a space" in problem.what
    assert not check_table(Table(), [Target("a b", "Convolution", 3)])  # it stays float, and .param files rename it


def test_the_page_of_messages_is_up_to_date():
    pytest.importorskip("PIL")
    from tests.quantize.messages_page import PAGE, page

    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.quantize.messages_page"
