"""Flags of the commands that convert: what they must not replace, and what they do not have."""

from __future__ import annotations

import pytest
import torch

from pytorch2caffe import ConversionError, load_ir
from pytorch2caffe.cli import main
from pytorch2caffe.cli.mmdnn.convert import main as mmconvert
from pytorch2caffe.cli.mmdnn.tocode import main as mmtocode
from pytorch2caffe.cli.mmdnn.toir import main as mmtoir

MODEL = """import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(x)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_read_is_not_replaced(folder, capsys):
    (folder / "model.py").write_text(MODEL)
    shape = ["--inputShape", "4"]
    for network in ("model.py:Net", "model:Net"):
        assert mmconvert(["-sf", "pytorch", "-in", network, *shape, "-df", "pytorch", "-om", "model.pth"]) == 2
        assert "model.py is an input, and would be replaced" in capsys.readouterr().err
    assert (folder / "model.py").read_text() == MODEL
    assert sorted(path.name for path in folder.glob("model*")) == ["model.py"]
    assert mmtoir(["-f", "pytorch", "-n", "model.py:Net", *shape, "-o", "net"]) == 0
    before = {path.name: path.read_bytes() for path in folder.glob("net.*")}
    assert mmtocode(["-f", "pytorch", "-n", "net.pb", "-w", "net.npy", "-d", "net.py", "-dw", "./net.npy"]) == 2
    assert main(["convert", "net.pb", "net.npy", "--from", "ir", "--to", "ir", "-o", "net"]) == 2
    assert {path.name: path.read_bytes() for path in folder.glob("net.*")} == before
    assert main(["convert", "net.pb", "net.npy", "--from", "ir", "--to", "ir", "-o", "other"]) == 0


def test_flags_that_a_framework_does_not_have_are_errors(folder, capsys):
    (folder / "model.py").write_text(MODEL)
    flags = ["-f", "pytorch", "-n", "model.py:Net", "-o", "net", "--inputShape"]
    assert mmtoir([*flags, "4", "--dstNode", "nothing"]) == 2
    assert "the network has no value 'nothing'" in capsys.readouterr().err
    assert mmtoir([*flags, "4", "--inNodeName", "fc"]) == 2
    assert "pytorch networks have their inputs themselves" in capsys.readouterr().err
    assert mmtoir([*flags, "3,-8,8"]) == 2
    assert "has a size below 1" in capsys.readouterr().err
    assert mmtoir([*flags, "5"]) == 2  # the model's own error
    assert "Traceback" not in capsys.readouterr().err
    assert not list(folder.glob("net*"))


def test_an_ir_takes_no_shape():
    from pytorch2caffe.convert.frameworks import NetworkSource, load_network

    with pytest.raises(ConversionError, match="defines the shapes of its inputs itself"):
        load_network(NetworkSource("ir", "net.pb", "net.npy", input_shapes=((1, 3, 8, 8),)))


def test_the_entry_of_a_checkpoint_is_chosen_as_the_error_says(folder, capsys):
    """It named --weights-key, which neither command had."""
    (folder / "model.py").write_text(MODEL)
    weights = {"fc.weight": torch.ones(3, 4), "fc.bias": torch.zeros(3)}
    average = {"fc.weight": torch.full((3, 4), 2.0), "fc.bias": torch.zeros(3), "head.weight": torch.ones(1)}
    torch.save({"model": weights, "ema": average}, folder / "both.pth")
    convert = ["convert", "model.py:Net", "both.pth", "--from", "pytorch", "--to", "ir", "--input-shape", "1,4"]
    toir = ["-f", "pytorch", "-n", "model.py:Net", "-w", "both.pth", "--inputShape", "4"]
    assert main([*convert, "--weights-key", "ema", "-o", "one"]) == 2
    assert "--allow-extra-keys" in capsys.readouterr().err
    chosen = ["--weights-key", "ema", "--allow-extra-keys"]
    assert main([*convert, *chosen, "-o", "one"]) == mmtoir([*toir, *chosen, "-o", "two"]) == 0
    assert "head.weight" in capsys.readouterr().err
    for name in ("one", "two"):
        (node,) = [node for node in load_ir(f"{name}.pb", f"{name}.npy").nodes if node.blobs]
        assert float(node.blobs[0].mean()) == 2.0
    assert mmtoir([*toir, "--weights-key", "model", "-o", "three"]) == 0
    assert main(["convert", "one.pb", "one.npy", "--from", "ir", "--to", "ir", *chosen, "-o", "other"]) == 2
    assert "are for the checkpoints of PyTorch models" in capsys.readouterr().err
