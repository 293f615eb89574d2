"""TensorFlow's log lines at its import are silent; other lines, and those of a failure, are not."""

from __future__ import annotations

import os

import pytest

from pytorch2caffe.frontends.tensorflow.package import without_log_lines

LOG = b"I0000 00:00:1795860247.792497    3466 port.cc:153] oneDNN custom operations are on.\n"
OTHER = b"a message\n"


@pytest.mark.parametrize(("level", "shown"), [("3", OTHER), ("0", LOG + OTHER)])
def test_log_lines_are_left_out_at_level_3(level, shown, monkeypatch, capfdbinary):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", level)
    with without_log_lines():
        os.write(2, LOG + OTHER)
    assert capfdbinary.readouterr().err == shown


def test_of_a_failure_all_lines_appear(monkeypatch, capfdbinary):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    with pytest.raises(ImportError), without_log_lines():
        os.write(2, LOG)
        raise ImportError
    assert capfdbinary.readouterr().err == LOG
