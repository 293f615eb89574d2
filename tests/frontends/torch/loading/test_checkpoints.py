"""Weights from what training leaves behind; nothing in a file is ever run."""

from __future__ import annotations

import argparse
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import ConversionError
from pytorch2caffe.frontends.torch.loading.checkpoints import load_weights
from pytorch2caffe.frontends.torch.loading.models import load_model


class Net(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.bn = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, classes)
        self.register_buffer("passing", torch.ones(1), persistent=False)

    def forward(self, x):
        return self.head(self.bn(self.conv(x)).mean((2, 3)))


def net(classes=3):
    torch.manual_seed(1)
    made = Net(classes)
    made.bn.running_var.uniform_(0.5, 2)
    return made


def prefixed(prefix):
    return {f"{prefix}{name}": tensor for name, tensor in net().state_dict().items()}


def arrays(kind=np.float32):
    return {
        name: tensor.numpy().astype(kind if tensor.is_floating_point() else np.int64)
        for name, tensor in net().state_dict().items()
    }


class Average:
    """A wrapper that holds an average of the weights."""

    def __init__(self, module):
        self.module = module
        self.decay = 0.999


CHECKPOINTS = {
    "a state_dict": lambda: net().state_dict(),
    "of DistributedDataParallel": lambda: prefixed("module."),
    "of torch.compile": lambda: {"state_dict": prefixed("_orig_mod.")},
    "of Lightning": lambda: {"state_dict": prefixed("model."), "hyper_parameters": {"lr": 1}, "epoch": 3},
    "under model_state_dict": lambda: {"model_state_dict": net().state_dict(), "epoch": 3},
    "with the trainer's arguments": lambda: {"net": net().state_dict(), "args": argparse.Namespace(lr=0.1)},
    "with numpy numbers": lambda: {"state_dict": net().state_dict(), "best": np.float64(0.9), "all": np.ones(3)},
    "a whole model": net,
    "a whole model beside others": lambda: {"model": net(), "ema": None, "epoch": 3, "names": {"a", "b"}},
    "half precision": lambda: {"model": net().half()},
    "dicts in dicts": lambda: {"model": {"state_dict": prefixed("module."), "epoch": 3}},
    "an average within an object": lambda: {"model_ema": Average(net())},
    "of AveragedModel": lambda: torch.optim.swa_utils.AveragedModel(net()).state_dict(),
    "profiled": lambda: net().state_dict() | {"total_ops": torch.ones(1), "conv.total_params": torch.ones(1)},
    "numpy arrays": lambda: arrays(),
    "numpy arrays beside settings": lambda: {"model": arrays(), "args": argparse.Namespace(lr=0.1)},
    "numpy arrays of float64": lambda: arrays(np.float64),
    "numpy arrays of float16": lambda: arrays(np.float16),
    "numpy arrays, big-endian and transposed": lambda: {
        name: np.asfortranarray(array.astype(array.dtype.newbyteorder(">"))) for name, array in arrays().items()
    },
    "numpy numbers": lambda: arrays() | {"bn.num_batches_tracked": np.int64(0)},
    "two, of which one fits": lambda: {
        "teacher": net(7).state_dict() | {"more": torch.ones(1)},
        "student": net().state_dict(),
    },
}


@pytest.mark.parametrize("make", CHECKPOINTS.values(), ids=CHECKPOINTS)
def test_weights_of(make, tmp_path):
    torch.save(make(), tmp_path / "net.ckpt")
    model = Net()
    load_weights(model, tmp_path / "net.ckpt")
    for name, tensor in net().state_dict().items():
        assert torch.allclose(model.state_dict()[name].float(), tensor.float(), rtol=1e-3, atol=1e-3), name


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("content", [arrays, lambda: {"model": arrays(), "author": "x"}], ids=["arrays", "within"])
def test_pickled_arrays(content, protocol, tmp_path):
    (tmp_path / "net.pkl").write_bytes(pickle.dumps(content(), protocol=protocol))
    model = Net()
    load_weights(model, tmp_path / "net.pkl")
    assert torch.equal(model.bn.running_var, net().bn.running_var)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_files(save, tmp_path):
    save(tmp_path / "net.npz", **arrays(np.float64))
    model = Net()
    load_weights(model, tmp_path / "net.npz")
    assert torch.equal(model.bn.running_var, net().bn.running_var)


def test_an_npz_file_that_unpacks_to_more_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "net.npz", a=np.zeros(1_000_000))
    with pytest.raises(ConversionError, match="unpacks to 8,000,"):
        load_weights(Net(), tmp_path / "net.npz")


def test_names_that_are_left_out_are_returned(tmp_path):
    counters = {"total_ops": torch.ones(1), "conv.total_params": torch.ones(1)}
    torch.save(net().state_dict() | counters, tmp_path / "net.pth")
    assert load_weights(Net(), tmp_path / "net.pth") == [*counters]


def test_a_head_for_training_only_is_left_out_where_that_is_allowed(tmp_path):
    state = prefixed("model.") | {"model.auxiliary.weight": torch.ones(2), "loss.weight": torch.ones(3)}
    torch.save({"state_dict": state}, tmp_path / "net.ckpt")
    with pytest.raises(ConversionError, match=r"not in the model, 2 of 9: auxiliary.weight, loss.weight\n.*--allow-ex"):
        load_weights(Net(), tmp_path / "net.ckpt")
    model = Net()
    assert load_weights(model, tmp_path / "net.ckpt", allow_extra_keys=True) == ["auxiliary.weight", "loss.weight"]
    assert torch.equal(model.head.bias, net().head.bias)


@pytest.mark.parametrize("wrong", ["a missing name", "a different shape"])
def test_extra_keys_allow_nothing_else(wrong, tmp_path):
    state = (net() if wrong == "a missing name" else net(7)).state_dict() | {"more": torch.ones(1)}
    if wrong == "a missing name":
        del state["conv.bias"]
    torch.save(state, tmp_path / "net.pth")
    with pytest.raises(ConversionError, match=r"missing, 1 of 9: conv.bias|head.weight is 7x4, the model's 3x4"):
        load_weights(Net(), tmp_path / "net.pth", allow_extra_keys=True)


def test_two_sets_under_prefixes_are_asked_about(tmp_path):
    other = {f"ema.{name}": tensor + 1 for name, tensor in net().state_dict().items()}
    torch.save(prefixed("model.") | other, tmp_path / "net.pth")
    with pytest.raises(ConversionError, match="several sets of weights that fit, ema, model: choose by --weights-key"):
        load_weights(Net(), tmp_path / "net.pth", allow_extra_keys=True)
    model = Net()
    left_out = load_weights(model, tmp_path / "net.pth", "ema", allow_extra_keys=True)
    assert torch.equal(model.head.bias, net().head.bias + 1)
    assert "model.head.bias" in left_out


def test_names_with_and_without_a_prefix_are_no_set(tmp_path):
    torch.save(prefixed("module.") | {"conv.bias": torch.ones(4)}, tmp_path / "net.pth")
    with pytest.raises(ConversionError, match="missing, 7 of 9"):
        load_weights(Net(), tmp_path / "net.pth", allow_extra_keys=True)


def test_a_models_own_hook_sees_all_names(tmp_path):
    class Renamed(Net):
        def _load_from_state_dict(self, state, *args):
            state.pop("old_head.bias", None)
            super()._load_from_state_dict(state, *args)

    torch.save(net().state_dict() | {"old_head.bias": torch.ones(1)}, tmp_path / "net.pth")
    assert load_weights(Renamed(), tmp_path / "net.pth") == []


def test_several_that_fit_are_asked_about(tmp_path):
    other = {name: tensor + 1 for name, tensor in net().state_dict().items()}
    torch.save({"model": net().state_dict(), "ema": other}, tmp_path / "net.pth")
    with pytest.raises(ConversionError, match="several sets of weights that fit, model, ema: choose by --weights-key"):
        load_weights(Net(), tmp_path / "net.pth")
    model = Net()
    load_weights(model, tmp_path / "net.pth", "ema")
    assert torch.equal(model.head.bias, other["head.bias"])
    with pytest.raises(ConversionError, match="no weights under 'em'; it has model, ema"):
        load_weights(Net(), tmp_path / "net.pth", "em")


def test_what_does_not_fit_is_said_in_a_few_lines(tmp_path):
    state = net(7).state_dict() | {"extra": torch.ones(1)}
    del state["bn.weight"]
    torch.save(state, tmp_path / "net.pth")
    with pytest.raises(ConversionError) as found:
        load_weights(Net(), tmp_path / "net.pth")
    assert str(found.value).splitlines()[1:] == [
        "  missing, 1 of 9: bn.weight",
        "  not in the model, 1 of 9: extra",
        "  of a different shape, 2 of 9: head.weight is 7x4, the model's 3x4, head.bias is 7, the model's 3",
        "  fix: create the model with the settings of the training: path/file.py:make(classes=7) accepts arguments",
    ]


class Runs:
    """What a pickle asks to be called."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("zipped", [True, False], ids=["today's format", "before 1.6"])
def test_code_is_not_run(zipped, tmp_path):
    torch.save(Runs(tmp_path / "ran"), tmp_path / "evil.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ConversionError):
        load_weights(Net(), tmp_path / "evil.pth")
    with pytest.raises(ConversionError):
        load_model(str(tmp_path / "evil.pth"))
    assert not (tmp_path / "ran").exists()


def test_weights_beside_code_are_read_and_the_code_is_not_run(tmp_path):
    torch.save({"state_dict": net().state_dict(), "x": Runs(tmp_path / "ran")}, tmp_path / "evil.pth")
    model = Net()
    load_weights(model, tmp_path / "evil.pth")
    assert torch.equal(model.head.bias, net().head.bias)
    assert not (tmp_path / "ran").exists()


HOSTILE = {  # pickles that try to set what belongs to others, or to ask for much
    "state for a function": b"ctorch._utils\n_rebuild_tensor_v2\n}(X\x01\x00\x00\x00aK\x01ub.",
    "state for a class": b"ccollections\nOrderedDict\n}(X\x01\x00\x00\x00aK\x01ub.",
    "state for an unknown class": b"cos\nsystem\n}(X\x01\x00\x00\x00aK\x01ub.",
    "a call": b"cos\nsystem\n(X\x04\x00\x00\x00exittR.",
    "an operation cut off": b"\x80\x02}q\x00(X\x01\x00",
    "a memo of 32 GB": b"Nr\xff\xff\xff\x7f.",
    "a tensor beyond its storage": b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\n"
    b"FloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQK\x00(J\xff\xff\xff\x0ft(K\x01t\x89}tR.",
    "an array of objects": b"cnumpy\ndtype\n(X\x02\x00\x00\x00O8\x89\x88tR.",
    "an array without a state": b"cnumpy._core.multiarray\n_reconstruct\n(tR(K\x01tb.",
    "no such storage": b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x009X\x03\x00\x00\x00cpuK\x01tQ.",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_pickles_are_errors(text, tmp_path):
    with zipfile.ZipFile(tmp_path / "net.pth", "w") as archive:
        archive.writestr("net/data.pkl", text)
        archive.writestr("net/byteorder", "little")
        archive.writestr("net/data/0", b"\0" * 4)
        archive.writestr("net/version", "3\n")
    with pytest.raises(ConversionError):
        load_weights(Net(), tmp_path / "net.pth")


def test_an_archive_that_unpacks_to_more_is_refused_unread(tmp_path):
    torch.save(net().state_dict(), tmp_path / "net.pth")
    with (
        zipfile.ZipFile(tmp_path / "net.pth") as old,
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.infolist():
            new.writestr(member.filename, old.read(member))
    for read in (lambda: load_weights(Net(), tmp_path / "bomb.pth"), lambda: load_model(str(tmp_path / "bomb.pth"))):
        with pytest.raises(ConversionError, match="compressed archive, which torch.save never writes"):
            read()


UNREADABLE = {
    "empty": (b"", "is empty"),
    "cut off": (lambda files: files[0][:2000], "its end is missing"),
    "cut off, of the older format": (lambda files: files[1][: len(files[1]) // 2], "truncated, or a complete model of"),
    "a text": (b"weights", "cannot be read"),
    "a pickle of something else": (pickle.dumps(3, protocol=2), "cannot be read"),
}


@pytest.mark.parametrize(("content", "message"), UNREADABLE.values(), ids=UNREADABLE)
def test_files_that_cannot_be_read(content, message, tmp_path):
    whole, old, path = tmp_path / "whole.pth", tmp_path / "old.pth", tmp_path / "net.pth"
    torch.save(net().state_dict(), whole)
    torch.save(net().state_dict(), old, _use_new_zipfile_serialization=False)
    path.write_bytes(content if isinstance(content, bytes) else content([whole.read_bytes(), old.read_bytes()]))
    with pytest.raises(ConversionError, match=message) as found:
        load_weights(Net(), path)
    assert str(path) in str(found.value)


def test_a_torchscript_program_is_named(tmp_path):
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), tmp_path / "net.pth")
    with pytest.raises(ConversionError, match="TorchScript program .*: give it as the model"):
        load_weights(nn.Linear(2, 2), tmp_path / "net.pth")


def archive_of(path, pickled):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/data.pkl", pickled)
        archive.writestr("net/version", b"3\n")
    return path


CALLS = {
    "a module": b"\x80\x02ctorch.nn.modules.linear\nLinear\nM`\xeaM`\xea\x86R.",
    "a function": b"\x80\x02ctorch.nn.functional\nlogsigmoid\nK\x01\x85R.",
}


@pytest.mark.parametrize("pickled", CALLS.values(), ids=CALLS)
def test_a_complete_model_calls_nothing(pickled, tmp_path, monkeypatch):
    """Linear(60000, 60000) would take 14 GB."""
    monkeypatch.setattr(nn.Linear, "__init__", lambda *_: pytest.fail("called"))
    with pytest.raises(ConversionError, match="net.pth"):
        load_model(str(archive_of(tmp_path / "net.pth", pickled)))


DAMAGED = {
    "a persistent id that is a number": b"\x80\x02K\x01Q.",
    "a persistent id that is a list": b"\x80\x02]Q.",
    "a storage of no type": b"\x80\x02(X\x07\x00\x00\x00storageNX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQ.",
    "a set for a dict": b"\x80\x02c__builtin__\nset\n]\x85R.",
    "a dict of itself": b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.",
    "an array of more bytes than there are": b"\x80\x05\x96\x00\x00\x00\x90\x00\x00\x00\x00a.",
    "a key that cannot be one": b"\x80\x02}]K\x01s.",
}


@pytest.mark.parametrize("pickled", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_checkpoint_is_an_error_that_names_it(pickled, tmp_path):
    for path in (archive_of(tmp_path / "net.pth", pickled), tmp_path / "plain.pth"):
        if not path.exists():
            path.write_bytes(pickled)
        with pytest.raises(ConversionError, match=path.name):
            load_weights(nn.Linear(1, 1), path)
        with pytest.raises(ConversionError, match=path.name):
            load_model(str(path))
