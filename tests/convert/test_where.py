"""`pytorch2caffe layers --where`: file, line and function of what is supported."""

from __future__ import annotations

import pytest

from pytorch2caffe import ConversionError
from pytorch2caffe.cli import main
from pytorch2caffe.convert.where import where
from tests.paths import ROOT


@pytest.mark.parametrize(
    ("name", "expected"),
    {
        "a torch function": ("torch.relu", {"relu.py: relu"}),
        "a method": ("torch.Tensor.relu", {"relu.py: relu"}),
        "Tensor without torch": ("Tensor.relu", {"relu.py: relu"}),
        "F": ("F.leaky_relu", {"relu.py: leaky_relu"}),
        "nn.functional": ("nn.functional.leaky_relu", {"relu.py: leaky_relu"}),
        "a name alone": ("leaky_relu", {"relu.py: leaky_relu"}),
        "in place": ("torch.Tensor.sigmoid_", {"sigmoid.py: sigmoid"}),
        "in place, by the function that is not": ("torch.Tensor.tile_", {"tile.py: tile"}),
        "a Caffe layer": ("DetectionOutput", {"detection_output.py: DetectionOutput"}),
        "an IR operator that a wrapper registers": ("Rsqrt", {"sqrt.py: rsqrt", "rules_math.py: unary"}),
        "a TensorFlow operator in both layouts": ("Conv2D", {"rules_conv.py: conv"}),
        "a layer and operators of one name": (
            "Softmax",
            {"softmax.py: Softmax", "softmax.py: ir_softmax", "rules_math.py: softmax"},
        ),
    }.values(),
)
def test_where_a_name_is_defined(name, expected):
    found = where(name)
    assert {f"{each.path.name}: {each.function}" for each in found} == expected
    for each in found:
        source = each.path.read_text(encoding="utf-8").splitlines()[each.line - 1 :]
        definition = next(line for line in source if line.startswith(("def ", "class ", "    def ")))
        assert each.function in definition


@pytest.mark.parametrize(
    ("name", "near"),
    [("torch.cumsm", "torch.cumsum"), ("nn.Conv2d", "torch.nn.functional.conv2d"), ("Convolutoin", "Convolution")],
)
def test_an_unknown_name_names_the_nearest(name, near):
    with pytest.raises(ConversionError, match=f"{name!r} is not a registered function or layer; did you mean.* {near}"):
        where(name)


def test_the_command_prints_a_line_for_each(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert main(["layers", "--where", "DetectionOutput"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    path, rest = line.split(":", 1)
    assert path == "pytorch2caffe/layers/detection/detection_output.py"
    assert rest.endswith("  DetectionOutput  (Caffe layer DetectionOutput)")
    assert main(["layers", "--where", "DetectionOutptu"]) == 2
    assert "did you mean DetectionOutput" in capsys.readouterr().err
