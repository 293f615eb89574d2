"""Models named on a command line, in code as users have it; what their code raises is one message."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

from pytorch2caffe import ConversionError
from pytorch2caffe.cli import main
from pytorch2caffe.frontends.torch.loading import libraries
from pytorch2caffe.frontends.torch.loading.models import load_model

BLOCKS = "from torch import nn\n\n\ndef block(classes):\n    return nn.Linear(4, classes)\n"
NET = """
import torch
from torch import nn
from .blocks import block


class Net(nn.Module):
    def __init__(self, classes=2, scale=1.0):
        super().__init__()
        self.head = block(classes)

    def forward(self, x):
        return self.head(x)


class Zoo:
    small = Net


def make(classes, *, kind="plain"):
    return Net(classes)


def broken():
    return missing_name


def wide(a, *, b, c):
    return Net(a)


def parts():
    return block()
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a package of the user's own; modules that a test imports are forgotten."""
    before = set(sys.modules)
    package = tmp_path / "ownvision" / "ownmodels"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text("")
    (package / "blocks.py").write_text(BLOCKS)
    (package / "net.py").write_text(NET)
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "blocks.py").write_text(BLOCKS)
    (loose / "net.py").write_text(NET)
    (loose / "sibling.py").write_text("from ownblocks import block\n\n\ndef make():\n    return block(5)\n")
    (loose / "ownblocks.py").write_text(BLOCKS)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith(("ownvision", "loose", "ownblocks", "sibling")):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("spec", "classes"),
    {
        "a module of a package": ("ownvision.ownmodels.net:Net", 2),
        "a file of a package": ("ownvision/ownmodels/net.py:Net", 2),
        "a file with relative imports in no package": ("loose/net.py:Net", 2),
        "a file that imports its neighbour": ("loose/sibling.py:make", 5),
        "arguments by name": ("ownvision.ownmodels.net:make(classes=7)", 7),
        "arguments in order": ("ownvision/ownmodels/net.py:make(6, kind='a:b(c)')", 6),
        "a name in a class": ("ownvision.ownmodels.net:Zoo.small(classes=3)", 3),
    }.values(),
)
def test_a_model_in(project, spec, classes):
    assert load_model(spec)(torch.ones(1, 4)).shape == (1, classes)
    assert "" not in sys.path[:1] and str(project) not in sys.path


def test_arguments_for_torchvision():
    assert load_model("torchvision:squeezenet1_1(num_classes=7)").classifier[1].out_channels == 7


def test_brackets_in_what_is_converted_are_no_markup(project):
    (project / "odd[/b]").mkdir(parents=True)
    (project / "odd[/b]" / "plain.py").write_text("from torch import nn\n\nnet = nn.ReLU()\n")
    assert main(["export", "odd[/b]/plain.py:net", "--input-shape", "1,4", "-o", "out"]) == 0


@pytest.mark.parametrize(
    ("spec", "message"),
    {
        "an argument is missing": ("ownvision.ownmodels.net:make", "missing 1 required positional argument: 'classes'"),
        "what to do then": (
            "ownvision.ownmodels.net:make",
            r'fix: write the arguments after the name: "ownvision.ownmodels.net:make\(classes=...\)"',
        ),
        "keyword-only ones": (
            "ownvision.ownmodels.net:wide(3)",
            r'fix: .* "ownvision.ownmodels.net:wide\(3, b=..., c=...\)"',
        ),
        "of a part of the model": ("ownvision.ownmodels.net:parts", r"missing 1 required .*\n  at net.py:\d+\Z"),
        "arguments that would run code": ("ownvision.ownmodels.net:make(print(1))", "arguments are numbers, strings"),
        "no such argument": ("ownvision.ownmodels.net:make(3, depth=2)", "unexpected keyword argument 'depth'"),
        "the code raises": ("ownvision.ownmodels.net:broken", r"NameError: .*missing_name(.|\n)*at net.py:25"),
        "no such package": ("ownvison.net:Net", r"there is no module ownvison\n  fix: run this in the folder"),
        "no such module in it": ("ownvision.nets:Net", "there is no module ownvision.nets"),
    }.values(),
)
def test_what_goes_wrong_is_one_message(project, spec, message):
    with pytest.raises(ConversionError, match=message):
        load_model(spec)


def test_a_training_script_that_runs_is_stopped(project):
    (project / "loose" / "train.py").write_text("import sys\nsys.exit(3)\n")
    with pytest.raises(ConversionError, match="it ends the program: put the code of the script"):
        load_model("loose/train.py:Net")


def test_what_forward_raises_is_told_with_its_place(project, capsys):
    line = ["export", "ownvision/ownmodels/net.py:Net", "-o", "out", "--input-shape"]
    assert main([*line, "1,5"]) == 2
    said = capsys.readouterr().err
    assert "the model itself raised this at head (net.py:13), on an input of [1, 5]" in said
    assert main([*line, "1,4", "--input-shape", "1,4"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: TypeError: ") and "Traceback" not in said
    assert not list(project.glob("out*"))


def test_the_api_passes_on_what_forward_raises():
    from pytorch2caffe import trace

    with pytest.raises(RuntimeError, match="mat1 and mat2") as found:
        trace(nn.Sequential(nn.Linear(3, 2)), torch.ones(1, 5))
    (note,) = found.value.__notes__
    assert note.startswith("the model itself raised this at 0") and note.endswith("on an input of [1, 5]")


def test_no_model_of_torchvision_downloads_anything_that_was_not_asked_for(monkeypatch):
    """Detectors and segmentation load a trained backbone unless they are told not to."""
    import inspect

    known = libraries.torchvision_models()
    names = [n for n in known.list_models() if "weights_backbone" in _parameters(known.get_model_builder(n), inspect)]
    assert "ssd300_vgg16" in names and "fcos_resnet50_fpn" in names
    assert all(libraries.without_download(name)["weights_backbone"] is None for name in names)
    monkeypatch.setattr("torch.hub.load_state_dict_from_url", lambda *_, **__: pytest.fail("a download"))
    load_model("torchvision:ssdlite320_mobilenet_v3_large")


def _parameters(function, inspect):
    return inspect.signature(function).parameters
