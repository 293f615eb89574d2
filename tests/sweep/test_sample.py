"""A sample of the sweep, the same in every run: nothing in it is wrong."""

from __future__ import annotations

from tests.sweep.judge import Outcome
from tests.sweep.page import page
from tests.sweep.pool import Unit, outcomes, run
from tests.sweep.torch_data import sample

CASES = 150


def test_nothing_is_wrong():
    found = [outcome for unit in sample(("modules", "functions"), CASES) for outcome in outcomes(unit, ("builtin",))]
    assert [outcome for outcome in found if outcome.end == "WRONG"] == []
    assert len(found) > 0.9 * CASES
    assert sum(outcome.end == "equal" for outcome in found) > 25


def test_processes_of_their_own_come_to_the_same():
    ticks = []
    found = run([Unit("modules", "nn.ReLU"), Unit("modules", "nn.Softsign")], 2, ("builtin",), ticks.append)
    assert {unit.name for unit in ticks} == {"nn.ReLU", "nn.Softsign"}
    assert found[0] == next(outcomes(Unit("modules", "nn.ReLU"), ("builtin",)))
    assert {outcome.end for outcome in found} == {"equal"}


def test_an_exception_that_is_no_refusal_is_wrong(monkeypatch):
    monkeypatch.setattr("tests.sweep.judge.export", lambda *_, **__: [].pop())
    (outcome, *_) = outcomes(Unit("modules", "nn.ReLU"), ("builtin",))
    assert outcome == Outcome("modules/nn.ReLU/0", "WRONG", outcome.why)
    assert outcome.why.startswith("IndexError: pop from empty list")


def test_the_page_counts_and_quotes():
    found = [
        Outcome("functions/one/0", "equal"),
        Outcome("functions/one/1", "refused", "a norm of order 3"),
        Outcome("functions/two/0", "refused", "a norm of order 4"),
        Outcome("functions/two/1", "WRONG", "builtin: relative L2 1.0e+00"),
    ]
    text = page(found)
    assert "| functions (OpInfo) | 4 | 1 | 2 | 1 | 0 | 1 of 2 |" in text
    assert "| 2 | a norm of order n | a norm of order 3 |" in text
    assert "- `functions/two/1`: builtin: relative L2 1.0e+00" in text
