"""Networks of other packages, without the packages: what becomes of them, in a process of their own, on the page."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

import pytest
import torch
from torch import nn

from tests.lively import make_lively
from tests.sweep import packages
from tests.sweep.isolation import read, run
from tests.sweep.network import Network, judge
from tests.sweep.networks_page import page


class Sine(nn.Module):
    def forward(self, x):
        return torch.linalg.svdvals(x)


class Slow(nn.Module):
    def forward(self, x):
        if type(x) is torch.Tensor:
            time.sleep(60)
        return x


NETWORKS = {
    "good": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()),
    "refused": Sine,
    "broken": lambda: nn.Linear(5, 3),
    "slow": Slow,
}


@pytest.fixture
def networks(monkeypatch):
    monkeypatch.setattr(packages, "build", lambda _, name: (NETWORKS[name]().eval(), (torch.randn(1, 3, 8, 8),)))


def test_a_network_is_equal_refused_or_skipped(networks):
    good = judge("timm", "good")
    assert (good.end, good.inputs, good.size["calls"]) == ("equal", ((1, 3, 8, 8),), 3)
    assert judge("timm", "refused").end == "refused"
    assert "svdvals" in judge("timm", "refused").problems[0]
    assert judge("timm", "broken").end == "skipped"


def test_an_exception_that_is_no_refusal_is_wrong(networks, monkeypatch):
    monkeypatch.setattr("tests.sweep.network.export", lambda *_, **__: [].pop())
    assert judge("timm", "good").why.startswith("IndexError: pop from empty list")
    assert judge("timm", "good").end == "WRONG"


def test_a_run_that_was_cut_goes_on_and_what_hangs_is_ended(networks, tmp_path):
    results = tmp_path / "results.jsonl"
    before = Network("timm", "good", "WRONG", "of the run before")
    results.write_text(json.dumps(asdict(before)) + "\n")
    settings = {"runtimes": (), "seconds": 4, "gibibytes": 64, "results": results}
    found = list(run("timm", ["good", "slow", "refused"], **settings))
    assert [network.end for network in found] == ["WRONG", "skipped", "refused"]
    assert found[1].why == "takes more than 4 seconds"
    assert found[1].gibibytes == 64 and found[1].day
    assert read(results) == found


def test_the_page_counts_by_package():
    size = {"layers": 6, "calls": 3, "caffemodel": 5000, "state_dict": 4000}
    found = [
        Network("timm", "one", "equal", size=size, caffe="equal"),
        Network("timm", "two", "refused", problems=("an index of 3 that depends on the input",)),
        Network("smp", "three", "WRONG", "different: 1 of 2 blobs"),
    ]
    text = page(found)
    assert "| timm | 2 | 1 | 0 | 1 | 0 | 0 | 1 |" in text
    assert "| timm | 2.00 | 2.00 `one` | 1.25 | 1.25 `one` |" in text
    assert "| 1 | an index of n that depends on the input | `timm/two` |" in text
    assert "- `smp/three`: different: 1 of 2 blobs" in text


def test_the_page_says_when_and_with_how_much_memory():
    found = [Network("smp", f"n{i}", "equal", day=f"2026-01-0{i + 1}", gibibytes=4) for i in range(3)]
    text = page([*found, Network("timm", "large", "equal", day="2026-01-02", gibibytes=12)])
    assert "of runs from 2026-01-01 to 2026-01-03, between which the code changed." in text
    assert "Run with 12 GiB of memory, where most others had 4: `timm/large`." in text
    assert "of runs on 2026-01-01." in page(found[:1])


def test_calibrated_statistics_are_near_those_of_the_input():
    model, x = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, affine=False)), torch.randn(2, 3, 16, 16)
    output = make_lively(model, x, calibrate=True)(x)
    assert output.mean((0, 2, 3)).abs().max() < 0.5
    assert 0.5 < output.std((0, 2, 3)).min() <= output.std((0, 2, 3)).max() < 1.6


def test_a_package_that_is_not_installed_has_no_networks(monkeypatch):
    monkeypatch.setitem(packages.REQUIRED, "timm", "not_installed")
    assert packages.names("timm") == []
