"""Commands that are interrupted, or have no space: old files stay, nothing is left behind, the exit code tells."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import pytorch2caffe
from caffe_proto import OrderlyInterrupts, atomic_files, atomic_write, temporary_folder
from caffe_proto.files import temporary_path
from pytorch2caffe.cli import main

NET = ["net.prototxt", "net.caffemodel"]
SLOW = """
import sys, time
from pytorch2caffe.cli import main
from caffe_proto import atomic_write, temporary_folder
import pytorch2caffe.cli.summary as summary


def wait(**_):
    with temporary_folder(".") as folder, atomic_write("old.txt", "w") as stream:
        (folder / "a").write_text("a")
        stream.write("half")
        stream.flush()
        print("ready", flush=True)
        time.sleep(60)


summary.command.callback = wait
sys.exit(main(["summary", "net.prototxt"]))
"""


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    pytorch2caffe.export(nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU()).eval(), torch.zeros(1, 1, 2, 2), *paths(folder))
    return {name: (folder / name).read_bytes() for name in NET}


def paths(folder):
    return folder / NET[0], folder / NET[1]


@pytest.fixture
def folder(tmp_path, network, monkeypatch):
    for name, content in network.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_leaves_nothing_behind(number, code, folder):
    (folder / "old.txt").touch()
    before = names(folder)
    process = writing()
    assert len(names(folder)) == len(before) + 2
    process.send_signal(number)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == code
    assert said.endswith("nothing was written\n")
    assert names(folder) == before
    assert (folder / "old.txt").read_bytes() == b""


def writing():
    """A command that is writing a file and a folder."""
    environment = {**os.environ, "PYTHONPATH": str(Path(pytorch2caffe.__file__).parents[1])}
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_command_that_is_killed_keeps_the_old_file_and_the_next_one_removes_what_it_left(folder):
    (folder / "old.txt").touch()
    before = names(folder)
    process = writing()
    process.kill()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    assert len(names(folder)) == len(before) + 2
    assert main(["lower", *NET, "--target", "ncnn", "-o", "new", "--no-check"]) == 0
    assert not list(folder.glob(".p2c*"))
    assert {*before, "new.caffemodel", "new.prototxt"} <= {*names(folder)}
    assert (folder / "old.txt").read_bytes() == b""


def ended_process():
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path, monkeypatch):
    mine = temporary_path(tmp_path / "a.bin")
    monkeypatch.setattr(os, "getpid", ended_process)
    left, left_folder, foreign = (temporary_path(tmp_path / "a.bin") for _ in range(3))
    monkeypatch.undo()
    left_folder.mkdir()
    elsewhere = foreign.with_name(f".p2c-00000000-{'-'.join(foreign.name.split('-')[2:])}")
    old = elsewhere.with_name(elsewhere.name + "2")
    for path in (mine, left, left_folder / "x", elsewhere, old):
        path.touch()
    os.utime(old, (time.time() - 1e6,) * 2)
    with atomic_write(tmp_path / "b.bin") as stream:
        stream.write(b"b")
    assert names(tmp_path) == sorted(["b.bin", mine.name, elsewhere.name]), "those of others may still be written"


def test_a_full_disk_names_the_file_and_what_it_needs(folder, capsys):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    kept = (folder / NET[1]).read_bytes()
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, before[1]))
    try:
        code = main(["resize", *NET, "--input-shape", "2,1,2,2", "--no-check", "-o", "out"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 2
    said = capsys.readouterr().err
    assert "out.prototxt" in said or "out.caffemodel" in said
    assert "it needs more than the" in said and "are free in" in said
    assert names(folder) == sorted(NET)
    assert (folder / NET[1]).read_bytes() == kept


READ = {
    "a report over the prototxt": ["verify", "torch.nn:ReLU", *NET, "--json", NET[0]],
    "a page over the caffemodel": ["verify", "torch.nn:ReLU", *NET, "--html", NET[1]],
    "lower": ["lower", *NET, "-o", "net"],
    "resize": ["resize", *NET, "--input-shape", "2,1,2,2", "-o", "./net.prototxt"],
    "shards": ["lower", NET[0], f"{NET[1]},{NET[1]}", "-o", "net"],
    "a table over the images": ["calibrate", "--proto", NET[0], "--model", NET[1], "--images", "x.npy", "-o", "x.npy"],
    "two outputs of one name": ["verify", "torch.nn:ReLU", *NET, "--json", "a", "--html", "a"],
}


@pytest.mark.parametrize("force", [[], ["--force"]], ids=["", "force"])
@pytest.mark.parametrize("arguments", READ.values(), ids=READ)
def test_no_command_replaces_what_it_reads(arguments, force, folder, capsys):
    """Even files that this package wrote, which may be replaced otherwise."""
    assert main(["export", "torch.nn:ReLU", "--input-shape", "1,1,2,2", "-o", "net", "--force"]) == 0
    (folder / "a").touch()
    np.save(folder / "x.npy", np.ones((1, 2, 2), np.float32))
    before = {path: path.read_bytes() for path in folder.iterdir()}
    has_force = arguments[0] != "verify"
    assert main([*arguments, *(force if has_force else [])]) == 2
    assert "that this command reads, or writes for another option" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux")
def test_a_name_that_is_not_utf_8(folder):
    """It was an error after the files had been written."""
    name = os.fsdecode(b"out\xff")
    environment = {**os.environ, "PYTHONPATH": str(Path(pytorch2caffe.__file__).parents[1]), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "pytorch2caffe", "resize", *NET, "--input-shape", "2,1,2,2", "--no-check"]
    for _ in range(2):  # the second time it is known as a file of our own
        ran = subprocess.run([*command, "-o", name], env=environment, capture_output=True, check=False)
        assert ran.returncode == 0, ran.stderr
        assert b"out\\udcff.prototxt" in ran.stdout
    assert (folder / f"{name}.prototxt").exists()


def test_an_exit_is_not_interrupted():
    """A signal in an `__exit__` waits; one in the block acts at once, and the exit is complete all the same."""
    done = []

    class Restores:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            signal.raise_signal(signal.SIGINT)
            done.append("restored")

    with pytest.raises(KeyboardInterrupt), OrderlyInterrupts():
        with Restores():
            done.append("block")
        done.append("after")
    assert done == ["block", "restored", "after"]
    with pytest.raises(KeyboardInterrupt), OrderlyInterrupts():
        signal.raise_signal(signal.SIGINT)
        done.append("never")
    assert done[-1] == "after"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_files_are_all_replaced_or_none_when_a_signal_arrives_between_them(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("old")
    (tmp_path / "b").write_text("old")
    replace = Path.replace

    def interrupted(self, target):
        replace(self, target)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt), atomic_files(tmp_path / "a", tmp_path / "b") as files:
        for file in files:
            file.write_text("new")
    assert [(tmp_path / name).read_text() for name in "ab"] == ["new", "new"]
    assert names(tmp_path) == ["a", "b"]


def test_a_temporary_folder_ends_with_its_block(tmp_path):
    with temporary_folder(tmp_path) as folder:
        (folder / "a").touch()
    assert names(tmp_path) == []
