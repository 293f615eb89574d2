"""What a trace or an export leaves in the process: nothing, also after an exception, Ctrl-C, in threads and forks."""

from __future__ import annotations

import random
import signal
import sys
import threading

import numpy as np
import pytest
import torch
from torch import nn
from torch.overrides import _get_current_function_mode_stack
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

import pytorch2caffe
from pytorch2caffe.frontends.torch import trace


class Net(nn.Module):
    def __init__(self, error=None):
        super().__init__()
        self.parts = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Dropout(), nn.Sequential(nn.ReLU()))
        self.error = error
        self.calls = []

    def forward(self, x):
        self.calls.append(1)
        x = self.parts(x)
        if self.error:
            raise self.error
        return x + 1


def make(error=None):
    """In training, but for one part; with hooks; its weights not in float32."""
    torch.manual_seed(0)
    model = Net(error).train().double()
    model.parts[3].eval()
    model.parts[0].register_forward_hook(lambda *_: None)
    return model


def state_of(model):
    return {
        "modes": [module.training for module in model.modules()],
        "hooks": [(len(m._forward_hooks), len(m._forward_pre_hooks)) for m in model.modules()],
        "attributes": [sorted(vars(module)) for module in model.modules()],
        "dtypes": [tensor.dtype for tensor in model.state_dict().values()],
        "weights": [tensor.clone().tolist() for tensor in model.state_dict().values()],
        "memory": [tensor.data_ptr() for tensor in model.parameters()],
        "random": torch.get_rng_state().tolist(),
        "python's": random.getstate(),
        "numpy's": str(np.random.get_state()),
        "grad": torch.is_grad_enabled(),
        "dtype": torch.get_default_dtype(),
        "deterministic": (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
        "threads": torch.get_num_threads(),
        "modes of torch": (len(_get_current_function_mode_stack()), len(_get_current_dispatch_mode_stack())),
        "hooks of torch": len(nn.modules.module._global_forward_hooks),
        "handlers": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "path": list(sys.path),
    }


def image():
    return torch.zeros(1, 1, 3, 3)


@pytest.fixture(autouse=True, scope="module")
def imports(tmp_path_factory):
    """The first export imports modules, of which some draw numbers of Python's own."""
    folder = tmp_path_factory.mktemp("first")
    pytorch2caffe.export(make(), image(), folder / "a.prototxt", folder / "a.caffemodel", check_runtime=False)


def test_after_a_trace():
    model = make()
    before = state_of(model)
    trace(model, image())
    assert state_of(model) == before


@pytest.mark.parametrize("settings", ["grad off", "deterministic", "float64 by default"])
def test_settings_of_the_user_stay(settings, tmp_path):
    model = make()
    try:
        torch.set_grad_enabled(settings != "grad off")
        torch.use_deterministic_algorithms(settings == "deterministic", warn_only=True)
        torch.set_default_dtype(torch.float64 if settings.startswith("float64") else torch.float32)
        before = state_of(model)
        pytorch2caffe.export(model, image(), tmp_path / "a.prototxt", tmp_path / "a.caffemodel", check_runtime=False)
        assert state_of(model) == before
    finally:
        torch.set_grad_enabled(True)
        torch.use_deterministic_algorithms(False)
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)], ids=repr)
def test_after_an_exception_of_the_model(error):
    model = make(error)
    before = state_of(model)
    with pytest.raises(type(error)):
        trace(model, image())
    assert state_of(model) == before


def interrupted_at(count, model):
    """Whether Ctrl-C at the call or return of this number has ended a trace."""
    left = count

    def profile(*_):
        nonlocal left
        left -= 1
        if left == 0:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)

    sys.setprofile(profile)
    try:
        trace(model, image())
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return left <= 0


def calls_of_a_trace(model):
    count = 0

    def profile(*_):
        nonlocal count
        count += 1

    sys.setprofile(profile)
    trace(model, image())
    sys.setprofile(None)
    return count


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_after_ctrl_c_at_any_time():
    """At 120 moments, a third of them where modes, weights and hooks are being restored: the last ones."""
    model = make()
    trace(model, image())
    before, count = state_of(model), calls_of_a_trace(model)
    chance = random.Random(0)
    moments = [chance.randrange(1, count) for _ in range(100)] + [
        chance.randrange(count * 3 // 4, count) for _ in range(50)
    ]
    interrupted = 0
    for moment in moments:
        interrupted += interrupted_at(moment, model)
        assert state_of(model) == before, f"interrupted at call {moment} of {count}"
    assert interrupted > 80
    assert trace(model, image()).nodes


def test_in_threads():
    model, found = make(), []
    before = state_of(model)
    threads = [threading.Thread(target=lambda: found.append(len(trace(model, image()).nodes))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1
    assert {k: v for k, v in state_of(model).items() if k != "random"} == {
        k: v for k, v in before.items() if k != "random"
    }


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="forks")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_in_a_fork():
    import os

    model = make()
    before = state_of(model)
    if (child := os.fork()) == 0:
        in_child = state_of(model)  # Python's random numbers are others
        trace(model, image())
        os._exit(0 if state_of(model) == in_child else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert state_of(model) == before


def test_an_export_leaves_the_random_state(tmp_path):
    model = make()
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    pytorch2caffe.export(model, image(), tmp_path / "a.prototxt", tmp_path / "a.caffemodel", check_runtime=False)
    assert torch.equal(torch.rand(1), expected)
