"""What takes longer than a moment is named on a terminal while it runs; in a file or pipe there is nothing of it."""

from __future__ import annotations

import os
import sys

import pytest

from pytorch2caffe.cli import main
from pytorch2caffe.cli.page import working


def test_a_pipe_gets_none_of_it(capfd):
    with working("converting net"):
        pass
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_shows_what_is_done_and_keeps_what_is_printed(tmp_path, monkeypatch, capsys):
    import pty

    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as terminal:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setattr(sys, "stderr", terminal)
        assert main(["export", "torch.nn:ReLU", "--input-shape", "1,3", "-o", "net"]) == 0
        terminal.flush()
        shown = os.read(master, 1 << 16).decode()
    os.close(master)
    assert "converting torch.nn:ReLU" in shown
    assert "net.prototxt: 1 layer" in capsys.readouterr().out
