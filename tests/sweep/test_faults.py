"""A sample of docs/faults.md: seeded faults are reported, unmodified files are equal."""

from __future__ import annotations

import pytest

from tests.sweep.fault_kinds import KINDS
from tests.sweep.faults import Fault, seed_faults
from tests.sweep.faults_page import has_effect, missed, page


@pytest.mark.parametrize("name", ["tiny", "unet"])
def test_faults_are_reported_and_files_without_faults_are_equal(name: str) -> None:
    faults = seed_faults(name, sample=10, inputs=2)
    assert not missed(faults)
    assert sum(fault.found for fault in faults if fault.kind) >= 8
    assert [fault.verdict for fault in faults if not fault.kind] == ["equal"] * 2


def test_the_page() -> None:
    kind = next(iter(KINDS))
    faults = [
        Fault("net", "", "input 0", 0, 1e-7, "equal"),
        Fault("net", "", "input 1", 0, 1e-7, "different", "an output differs"),
        Fault("net", kind, "conv (weight 3)", 1e-3, 1e-7, "different"),
        Fault("net", kind, "conv (weight 4)", 4e-6, 1e-7, "equal"),
        Fault("net", kind, "conv (weight 5)", 1e-8, 1e-7, "equal"),
        Fault("net", kind, "conv (weight 6)", float("inf"), 1e-7, "refused"),
    ]
    assert [fault.where for fault in missed(faults)] == ["input 1", "conv (weight 4)"]
    assert [has_effect(fault) for fault in faults[2:]] == [True, True, False, True]
    text = page(faults)
    assert f"| {kind} | 4 | 1 | 1 | 1 | 1 |" in text
    assert "**1 false alarms** in 2 comparisons" in text
    assert f"- net, {kind}: conv (weight 4): effect 4.0e-06, noise 1.0e-07" in text
