"""Progress in notebooks: a bar per stage, and none outside of them."""

from __future__ import annotations

import pytest

from pytorch2caffe.quantize.progress import notebook_progress, tqdm_progress


def test_outside_a_notebook_there_is_none():
    assert notebook_progress() is None


def test_a_bar_for_each_stage(capsys):
    pytest.importorskip("tqdm")
    progress = tqdm_progress()
    for text in ("first", "second"):
        for done in range(1, 4):
            progress(done, 3, text)
    said = capsys.readouterr().err
    assert "first: 100%" in said and "second: 100%" in said and "3/3" in said
