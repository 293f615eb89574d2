"""The coverage of the quick tests, measured while all tests run: pytest -p tests.quick_coverage.

In each process of pytest-xdist, the tracer runs while modules are imported and while tests run that `--quick` selects
too; the others, whole networks above all, run without it. Then: coverage combine; coverage report.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import coverage
import pytest

MEASURED = coverage.Coverage(data_suffix=True)
MEASURED.start()


def only_starts_others(config: pytest.Config) -> bool:
    return bool(config.getoption("numprocesses", None)) and "PYTEST_XDIST_WORKER" not in os.environ


def pytest_configure(config: pytest.Config) -> None:
    if only_starts_others(config):
        MEASURED.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[object]:
    """Stops the tracer for a test that is not quick."""
    from tests.conftest import is_quick

    if is_quick(item):
        return (yield)
    MEASURED.stop()
    try:
        return (yield)
    finally:
        MEASURED.start()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not only_starts_others(session.config):
        MEASURED.stop()
        MEASURED.save()
