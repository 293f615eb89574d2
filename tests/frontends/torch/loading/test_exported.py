"""Programs of torch.export that would run code are refused before they are loaded."""

from __future__ import annotations

import io
import json
import os
import pickle
import types
import zipfile

import pytest
import torch
from torch import nn

from pytorch2caffe import ConversionError
from pytorch2caffe.cli import main
from pytorch2caffe.frontends.torch.loading.models import load_model

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # torch.export


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 3)

    def forward(self, x, options):
        return self.conv(x * options["scale"]).reshape(x.shape[0] * 2, -1)


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    path = tmp_path_factory.mktemp("program") / "net.pt2"
    size = torch.export.Dim("n", min=2, max=8)
    args = (torch.zeros(2, 3, 6, 6), {"scale": torch.ones(1)})
    program = torch.export.export(Net().eval(), args, dynamic_shapes=({0: size}, {"scale": None}))
    torch.export.save(program, path)
    with zipfile.ZipFile(path) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def write(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"net/{name}", data)
    return str(path)


class Runs:
    def __init__(self, path):
        self.command = f"touch {path}"

    def __reduce__(self):
        return os.system, (self.command,)


def saved(value):
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def in_model(change):
    def damage(members, marker):
        model = json.loads(members["models/model.json"])
        change(model, f"__import__('os').system('touch {marker}')")
        return {"models/model.json": json.dumps(model).encode()}

    return damage


def replaced(old, new):
    def damage(members, marker):
        text = members["models/model.json"].decode()
        assert old in text
        return {"models/model.json": text.replace(old, new.replace("MARKER", str(marker))).encode()}

    return damage


def pickled_weight(members, marker):
    name = "data/weights/model_weights_config.json"
    return {
        name: members[name].replace(b'"use_pickle": false', b'"use_pickle": true', 1),
        "data/weights/weight_0": pickle.dumps(Runs(marker)),
    }


def the_tree(model, code):
    spec = model["graph_module"]["module_call_graph"][0]["signature"]
    context = json.dumps({"default_factory_module": "antigravity", "default_factory_name": "x", "dict_context": []})
    spec["in_spec"] = json.dumps([1, {"type": "collections.defaultdict", "context": context, "children_spec": []}])


def an_expression(model, code):
    def visit(value):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            if key == "expr_str":
                value[key] = code
            elif isinstance(each, (dict, list)):
                visit(each)

    visit(model)


HOSTILE = {
    "sample inputs": lambda _, marker: {"data/sample_inputs/model.pt": saved((Runs(marker),))},
    "a size": in_model(an_expression),
    "the name of an input": replaced('"p_conv_weight"', "\"x=__import__('os').system('touch MARKER')\""),
    "the inputs' tree": in_model(the_tree),
    "an operator": replaced('"torch.ops.aten.conv2d.default"', '"torch.os.system"'),
    "an operator that reads files": replaced('"torch.ops.aten.conv2d.default"', '"torch.ops.aten.from_file.default"'),
    "a weight": pickled_weight,
    "an object": lambda _, marker: {"data/constants/opaque_obj_0": pickle.dumps(Runs(marker))},
    "a library": lambda *_: {"data/aotinductor/model/net.so": b"\x7fELF"},
}


@pytest.mark.parametrize("damage", HOSTILE.values(), ids=HOSTILE)
def test_an_archive_that_runs_code_is_refused(damage, members, tmp_path):
    marker = tmp_path / "ran"
    path = write(tmp_path / "net.pt2", members | damage(members, marker))
    with pytest.raises(ConversionError, match="net.pt2 has .*: loading it may run code\n.*--trust|net.pt2 contains"):
        load_model(path)
    assert not marker.exists()


def test_other_programs_are_loaded(members, tmp_path):
    model = load_model(write(tmp_path / "net.pt2", members))
    assert model(torch.ones(4, 3, 6, 6), {"scale": torch.ones(1)}).shape == (8, 16)


def test_a_program_is_loaded_if_it_is_trusted(members, tmp_path, capsys):
    inputs = {"data/sample_inputs/model.pt": saved(((torch.zeros(2, 3, 6, 6), {"scale": types.SimpleNamespace()}), {}))}
    path = write(tmp_path / "net.pt2", members | inputs)
    arguments = ["export", path, "--input-shape", "2,3,6,6", "--dry-run"]
    assert main(arguments) == 2
    assert "--trust" in capsys.readouterr().err
    assert callable(load_model(path, trust=True))
    main([*arguments, "--trust"])
    assert "--trust" not in capsys.readouterr().err


DAMAGED = {
    "a null schema": replaced('"graph_module": {', '"graph_module": null, "x": {'),
    "a list for a dict": lambda *_: {"models/model.json": b"[]"},
    "no model": lambda *_: {"models/model.json": b""},
    "null in the weights": lambda *_: {"data/weights/model_weights_config.json": b'{"config": null}'},
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_archive_is_an_error_that_names_the_file(damage, members, tmp_path):
    path = write(tmp_path / "net.pt2", members | damage(members, None))
    with pytest.raises(ConversionError, match=r"net\.pt2 is not an exported program that can be read"):
        load_model(path)


def test_a_tensor_of_no_bytes_claims_no_memory(members, tmp_path):
    name = "data/weights/model_weights_config.json"
    config = members[name].replace(b'"as_int": 2', b'"as_int": 4000000000')
    path = write(tmp_path / "net.pt2", members | {name: config, "data/weights/weight_0": b""})
    with pytest.raises(ConversionError, match="has no bytes"):
        load_model(path)
