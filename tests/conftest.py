"""Real Caffe for every test that asks for it, and an account of how many tests it judged."""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

from caffe_proto import files
from pytorch2caffe.verify.runtimes import get, names
from pytorch2caffe.verify.runtimes.caffe import CaffeRuntime
from tests.style import check_collected

REQUIRED = "REQUIRE_REAL_CAFFE"
RAN = "networks run in real Caffe"
BEFORE = pytest.StashKey[int]()
FOLDER = Path(__file__).parent
LEFT_OUT = "left out by --quick"
MANY_CASES = 8

# What `--quick` leaves out besides tests in real Caffe and those marked slow.
NOT_QUICK = {
    FOLDER / name
    for name in (
        *("end_to_end", "frontends/tensorflow", "fuzz", "sweep", "verify/runtimes"),
        *("backends/torch/test_round_trip.py", "caffe_proto/test_hostile.py", "frontends/caffe/test_networks.py"),
        "cli/test_mmdnn_lines.py",
        *("test_adding_a_layer.py", "test_api.py", "test_docs.py", "test_measures.py", "layers/test_pairs.py"),
        *(f"quantize/test_{name}.py" for name in ("calibrate", "cluster", "equalize", "ncnn", "squeezenet", "tables")),
    )
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"slow: {LEFT_OUT}")
    if config.getoption("--quick"):
        settings.register_profile("quick", settings.get_profile("ci"), max_examples=10)
        settings.load_profile("quick")
        for name in {*names()} - {"builtin"}:
            get(name).unavailable = lambda: LEFT_OUT  # type: ignore[method-assign]


def caffe() -> CaffeRuntime:
    """The one Caffe of this session (of this worker, under xdist); not started by asking for it."""
    runtime = get("caffe")
    assert isinstance(runtime, CaffeRuntime)
    return runtime


@pytest.fixture(scope="session")
def real_caffe() -> Iterator[CaffeRuntime]:
    """Real Caffe. Without it the test is skipped and says so; with REQUIRE_REAL_CAFFE=1 it fails."""
    if reason := caffe().unavailable():
        required = os.environ.get(REQUIRED, "0") not in ("", "0") and reason != LEFT_OUT
        give_up = pytest.fail if required else pytest.skip
        give_up(f"real Caffe is missing: {reason}")
    yield caffe()
    caffe().close()


@pytest.fixture
def ncnn() -> ModuleType:
    """ncnn's package; skips where it does not run."""
    if reason := get("ncnn").unavailable():
        pytest.skip(f"ncnn: {reason}")
    return pytest.importorskip("ncnn")  # type: ignore[no-any-return]


@pytest.fixture(autouse=True, scope="session")
def torch_warns_every_time() -> None:
    """Else a warning that fails a test does so only in the first test that meets it."""
    import torch  # takes seconds, of which the process that only starts pytest-xdist's others has no use

    torch.set_warn_always(True)


@pytest.fixture(autouse=True, scope="session")
def files_need_not_survive_a_power_cut() -> Iterator[None]:
    """Waiting for the disk takes most of the time of writing a small network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_to_disk", lambda _: None)
        yield


@pytest.fixture(autouse=True, scope="session")
def generated_source_has_style(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Checks the generated source of all tests of this session at its end."""
    yield
    check_collected(tmp_path_factory.mktemp("generated"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden anew; then read the diff")
    parser.addoption("--quick", action="store_true", help="a sample in one runtime: no real Caffe, no networks")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.getoption("--quick") and collection_path in NOT_QUICK else None


def is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None or "real_caffe" in getattr(item, "fixturenames", ())


def is_quick(item: pytest.Item) -> bool:
    """Whether a test of a complete run is one of those that `--quick` takes its sample of."""
    runtime = getattr(item, "callspec", None) and item.callspec.params.get("same_everywhere", "builtin")
    left_out = any(path in NOT_QUICK for path in (item.path, *item.path.parents))
    return not left_out and not is_slow(item) and runtime in (None, "builtin")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--quick"):
        return
    kept = sample([item for item in items if not is_slow(item)])
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def sample(items: list[pytest.Item]) -> set[pytest.Item]:
    """All tests, but of a function with more than MANY_CASES only every third case."""
    cases: dict[tuple[Path, str], list[pytest.Item]] = defaultdict(list)
    for item in items:
        cases[item.path, item.nodeid.partition("[")[0]].append(item)
    return {item for found in cases.values() for item in (found[::3] if len(found) > MANY_CASES else found)}


def pytest_collection_finish() -> None:
    """Lets the garbage collector pass over what was collected, which took a tenth of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Asserts that a text is exactly the file of that name in tests/golden."""

    def check(name: str, text: str) -> None:
        path = FOLDER / "golden" / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{name} changed; pytest --update-golden, then read the diff"

    return check


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[BEFORE] = caffe().networks_run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    if call.when == "call" and (count := caffe().networks_run - item.stash[BEFORE]):
        item.user_properties.append((RAN, count))  # travels with the report from an xdist worker
    return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for found in terminalreporter.stats.values() for report in found]
    calls = [report for report in reports if getattr(report, "when", "") == "call"]
    counts = [count for report in calls for name, count in report.user_properties if name == RAN]
    missing = sum("real Caffe is missing" in str(getattr(report, "longrepr", "")) for report in reports)
    line = f"{len(counts)} tests ran {sum(counts)} networks in real Caffe"
    terminalreporter.write_line(line + (f"; {missing} could not: it is missing" if missing else ""))
