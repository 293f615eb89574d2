"""A sample of the fuzzer; the whole of it is `python -m tests.fuzz.caffe`."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.fuzz import caffe


@pytest.mark.filterwarnings("ignore")
def test_damaged_files_are_errors_or_modules(monkeypatch):
    monkeypatch.setattr(logging.getLogger("caffe_proto"), "disabled", True)
    counts = caffe.run(400, seed=7)
    assert counts["refused"] > 200
    assert counts["built"] > 30


NAMES = [name.replace("{0}", "/nowhere") for name in caffe.CODE]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_names_with_code_in_them_are_names(name, tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(
        f'name: "{name}" input: "{name}" input_shape {{ dim: 1 dim: 2 dim: 4 dim: 4 }} '
        f'layer {{ name: "{name}" type: "Convolution" bottom: "{name}" top: "{name}2" '
        "convolution_param { num_output: 2 kernel_size: 1 } } "
        f'layer {{ name: "{name}" type: "Scale" bottom: "{name}2" top: "{name}3" scale_param {{ bias_term: true }} }} '
        f'layer {{ name: "{name}_weight" type: "LSTM" bottom: "{name}3" bottom: "{name}" top: "{name}4" }}'
        f'layer {{ name: "{name}_weight" type: "PReLU" bottom: "{name}3" top: "{name}5" }}'.replace("LSTM", "Eltwise")
    )
    assert caffe.one_case(path, None) == "built"


def test_what_would_run_is_found():
    for source in ("import os", "import torch\nprint(1)", "class A:\n    x = open(1)", "class A:\n    a.__globals__"):
        with pytest.raises(AssertionError):
            caffe.check_source(source)


def test_the_limit_of_time_is_one(monkeypatch, tmp_path):
    monkeypatch.setattr(caffe, "SECONDS", 0.05)
    monkeypatch.setattr(caffe, "one_case", lambda *_: [i for i in range(10**8)])
    with pytest.raises(AssertionError, match="TooSlow"):
        caffe.run(1, seed=0, keep=tmp_path / "kept")
    assert (Path(tmp_path) / "kept" / "net.prototxt").exists()
