"""Every script in example/ runs."""

from __future__ import annotations

import runpy
import subprocess
import sys
from types import SimpleNamespace

import pytest
from torch import nn

from tests.paths import ROOT

ELSEWHERE = {"tf_save_model.py", "test.py", "caffe-int8-convert-tool-dev-weight.py"}  # test_seeds.py runs them
SCRIPTS = sorted(path for path in (ROOT / "example").glob("*.py") if path.name not in ELSEWHERE)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_example(script, tmp_path):
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_demo_says_what_to_install_to_the_letter(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    demo = runpy.run_path(str(ROOT / "example" / "demo.py"))
    missing = SimpleNamespace(unavailable=lambda: 'install it: pip install "x[extra]"')
    models = SimpleNamespace(get_model=lambda *_, **__: nn.Identity())
    known = {"torchvision_models": lambda: models, "names": lambda: ["missing"], "get": lambda _: missing}
    monkeypatch.setattr("pytorch2caffe.export", lambda *_: None)
    for name, item in known.items():
        monkeypatch.setitem(demo["main"].__globals__, name, item)
    assert demo["main"]() == 0
    assert 'pip install "x[extra]"' in capsys.readouterr().out
