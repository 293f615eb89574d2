"""Finding runtimes: by name, by command, by environment; there, missing or failing are three things."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pytorch2caffe.errors import ConversionError
from pytorch2caffe.verify.runtimes import RuntimeFailed, RuntimeUnavailable, caffe, get, names, worker
from pytorch2caffe.verify.runtimes.caffe import VARIABLE, CaffeRuntime, candidates

RELU = """
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }
layer { name: "relu" type: "ReLU" bottom: "x" top: "x" }
"""


@pytest.fixture
def relu(tmp_path):
    (tmp_path / "relu.prototxt").write_text(RELU)
    (tmp_path / "relu.caffemodel").write_bytes(b"")
    return tmp_path / "relu.prototxt", tmp_path / "relu.caffemodel"


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No Caffe but what a test adds."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(caffe, "ROOT", tmp_path / "no-root")
    monkeypatch.setitem(sys.modules, "caffe", None)
    return tmp_path


def test_every_name_has_a_runtime_of_that_name():
    assert [get(name).name for name in names()] == list(names())


def test_the_same_runtime_for_the_same_name():
    assert get("caffe") is get("caffe")


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ConversionError, match="no runtime 'cafe'\n  fix: use builtin, caffe, opencv"):
        get("cafe")


def test_none_is_imported_by_naming_it():
    program = (
        "import sys; from pytorch2caffe.verify.runtimes import get, names; [get(name) for name in names()]; "
        "print({'cv2', 'caffe', 'ncnn', 'tensorflow'} & set(sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "set()"


def test_builtin_is_always_there():
    assert get("builtin").unavailable() is None


def test_real_caffe_runs_files(real_caffe, relu):
    results = real_caffe.run(*relu, {"x": np.array([[-1.0, 2.0]])})
    assert {key: array.tolist() for key, array in results.items()} == {("relu", "x"): [[0, 2]]}


def test_real_caffe_counts_what_it_runs(real_caffe, relu):
    before = real_caffe.networks_run
    real_caffe.run(*relu, {"x": np.zeros((1, 2))})
    assert real_caffe.networks_run == before + 1


def test_a_failure_is_not_unavailable(real_caffe, relu):
    with pytest.raises(RuntimeFailed):
        real_caffe.run(*relu, {"y": np.zeros((1, 2))})
    assert real_caffe.unavailable() is None


def test_a_named_command_is_the_only_one_tried(monkeypatch):
    monkeypatch.setenv(VARIABLE, "docker run -i 'my caffe' python")
    assert list(candidates("conda run python")) == [["conda", "run", "python"]]
    assert list(candidates()) == [["docker", "run", "-i", "my caffe", "python"]]


def test_a_named_command_that_fails_is_not_replaced_by_another():
    runtime = CaffeRuntime("no-such-python")
    assert runtime.unavailable().startswith("`no-such-python` does not start")
    assert "verify/install_caffe.sh" in runtime.unavailable()
    with pytest.raises(RuntimeUnavailable, match="caffe: `no-such-python`"):
        runtime.run(Path("a"), Path("b"), {})


@pytest.mark.usefixtures("nowhere")
def test_nothing_installed_says_what_to_do():
    assert list(candidates()) == []
    assert CaffeRuntime().unavailable().startswith("not installed; install it with")


@pytest.mark.usefixtures("nowhere")
def test_unavailable_is_looked_up_once(monkeypatch):
    runtime = CaffeRuntime()
    reason = runtime.unavailable()
    monkeypatch.setenv(VARIABLE, "another")
    assert runtime.unavailable() == reason


def test_a_root_is_found(nowhere):
    python = nowhere / "no-root/usr/bin/python3"
    python.parent.mkdir(parents=True)
    python.touch()
    assert list(candidates()) == [], "a root without the installer's mark may be anybody's"
    (nowhere / "no-root" / caffe.MARK).touch()
    assert next(candidates()) == ["chroot", str(nowhere / "no-root"), "python3"]


def test_who_is_not_root_gets_a_second_way_into_the_root(nowhere, monkeypatch):
    test_a_root_is_found(nowhere)
    monkeypatch.setattr(caffe, "_is_root", lambda: False)
    assert [command[0] for command in candidates()] == ["chroot", "unshare"]


def test_pycaffe_in_this_interpreter_is_run_beside_it(nowhere, monkeypatch):
    (nowhere / "caffe").mkdir()
    monkeypatch.delitem(sys.modules, "caffe")
    monkeypatch.syspath_prepend(nowhere)
    assert list(candidates()) == []  # a folder called caffe is not pycaffe
    (nowhere / "caffe/__init__.py").touch()
    monkeypatch.syspath_prepend(nowhere)
    assert list(candidates()) == [[sys.executable]]


@pytest.mark.usefixtures("nowhere")
def test_what_lies_in_the_current_folder_is_not_run(tmp_path, monkeypatch):
    """A root, and modules that the worker's Python would import: `python -c` has the current folder in its path."""
    python = tmp_path / ".caffe-root/usr/bin/python3"
    python.parent.mkdir(parents=True)
    python.touch()
    (tmp_path / ".caffe-root" / caffe.MARK).touch()
    for name in ("caffe", "numpy", "json"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w')")
    monkeypatch.chdir(tmp_path)
    assert list(candidates()) == []
    with pytest.raises(RuntimeUnavailable, match="No module named 'caffe'"):
        worker.CaffeWorker([sys.executable]).start()
    assert not (tmp_path / "ran").exists()


REPLIES = {
    "no sizes": b"{}",
    "a list": b"[]",
    "no number": b'{"sizes": ["x"]}',
    "8 GB": b'{"sizes": [8000000000]}',
    "no results": b'{"sizes": []}',
    "a number for results": b'{"sizes": [], "results": 1, "shapes": []}',
    "a shape of text": b'{"sizes": [4], "results": [["a", "b"]], "shapes": ["x"]}\nabcd',
    "another shape": b'{"sizes": [4], "results": [["a", "b"]], "shapes": [[2]]}\nabcd',
    "a part of a number": b'{"sizes": [3], "results": [["a", "b"]], "shapes": [[1]]}\nabc',
    "nested lists": b'{"sizes": []}'.replace(b"[]", b"[" * 5000),
    "not text": b"\xff\xfe",
}


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_a_reply_of_another_form_is_a_failure(reply, monkeypatch):
    source = (
        'import sys; out = sys.stdout.buffer; out.write(b\'{"worker": "pytorch2caffe 1"}\\n\'); out.flush(); '
        f"sys.stdin.buffer.readline(); out.write({reply!r} + b'\\n'); out.flush()"
    )
    monkeypatch.setattr(worker.CaffeWorker, "source", lambda _: source)
    process = worker.CaffeWorker([sys.executable, "-S"], timeout=20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(RuntimeFailed):
        process.run("", b"", {})
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    process.close()


def test_a_missing_worker_file_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(worker, "WORKER_FILES", (tmp_path / "caffe_worker.py",))
    with pytest.raises(RuntimeUnavailable, match=r"caffe_worker\.py is missing from this installation"):
        worker.CaffeWorker([sys.executable]).start()
