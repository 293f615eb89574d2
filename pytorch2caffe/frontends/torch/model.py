"""What is traced: the callable, the modules that it uses, and a scope that leaves them as they were."""

from __future__ import annotations

import functools
import inspect
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn

from ...errors import ConversionError
from .fake_quantizers import stored_scales
from .observers import observers_off
from .script.functions import functions_executed
from .script.module import unscripted
from .state import State
from .taint import Taint

_LOCK = threading.RLock()  # two threads that trace one model would restore each other's changes


class Subject:
    """The callable to trace. modules: path -> module, for every module that it is known to use."""

    def __init__(self, call: Callable[..., Any], roots: dict[str, nn.Module]) -> None:
        self.call = call
        self.name = _name_of(call)
        self.program: Any = None  # the TorchScript program that `call` executes
        self.modules: dict[str, nn.Module] = {}
        self._programs: list[tuple[dict[str, nn.Module | None], str, nn.Module, nn.Module]] = []
        seen: set[int] = set()
        for prefix, root in roots.items():
            for path, module in root.named_modules(prefix=prefix):
                if id(module) in seen or isinstance(module, torch.jit.ScriptModule):
                    continue
                seen.add(id(module))
                self.modules[path] = module
                for name, child in module._modules.items():
                    if isinstance(child, torch.jit.ScriptModule):
                        self._replace(module, name, child, f"{path}.{name}" if path else name)

    def _replace(self, parent: nn.Module, name: str, script: torch.jit.ScriptModule, path: str) -> None:
        """Lets a child that is a TorchScript program be executed operator by operator while the model is prepared."""
        module = unscripted(script)
        self._programs.append((parent._modules, name, script, module))
        self.modules.update({p: each for p, each in module.named_modules(prefix=path)})

    @contextmanager
    def prepared(self, taint: Taint, dtype: torch.dtype = torch.float32) -> Iterator[State]:
        """A scope with every module in eval mode, its weights in `dtype` on the CPU; gives the state before it.

        Afterwards modes, weights, attributes, hooks and the contents of parameters and buffers are restored, whatever
        `forward` did.
        """
        modules = list(self.modules.values())
        with _LOCK, ExitStack() as stack:
            for table, name, script, module in self._programs:
                stack.callback(table.__setitem__, name, script)
                table[name] = module
            stack.callback(_restore_flags, [(module, module.training) for module in modules])
            stack.enter_context(observers_off(modules))
            stack.enter_context(stored_scales(modules))
            stack.enter_context(functions_executed())
            state = State({**_objects_of(self.call), **self.modules})
            stack.callback(_restore, state, taint)
            for module in modules:
                module.training = False
                if isinstance(module, nn.DataParallel):
                    module.device_ids = []
            tensors = {id(t): (name, t) for name, t in self.tensors()}
            for name, tensor in tensors.values():
                changed = _in_dtype(name, tensor, dtype)
                if tensor.layout == torch.strided:
                    stack.callback(_restore_data, tensor, tensor.detach())
                if changed is not None:
                    tensor.data = changed
            taint.own(tensor.detach() for _, tensor in tensors.values())
            taint.own(tensor.detach() for tensor in state.nested.values())
            state.remember_memory(tensors.values())
            if "torch._dynamo" in sys.modules and hasattr(torch.compiler, "set_stance"):
                stack.enter_context(torch.compiler.set_stance("force_eager"))
            yield state

    def tensors(self) -> Iterator[tuple[str, torch.Tensor]]:
        """The parameters, buffers and other tensors of each module, by name."""
        for path, module in self.modules.items():
            for table in (module._parameters, module._buffers, vars(module)):
                for name, tensor in table.items():
                    if isinstance(tensor, torch.Tensor):
                        yield f"{path}.{name}" if path else name, tensor


def subject_of(model: Callable[..., Any]) -> Subject:
    """What to trace for what the user passed: wrappers are removed, modules that a function uses are found.

    Raises ConversionError for anything that is not a model.
    """
    if isinstance(model, (torch.jit.ScriptModule, torch.jit.ScriptFunction)):
        subject = subject_of(unscripted(model))
        subject.program = model
        return subject
    if isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
        return subject_of(model.module)
    if type(model).__name__ == "OptimizedModule" and hasattr(model, "_orig_mod"):  # of torch.compile
        return subject_of(model._orig_mod)
    if isinstance(model, torch.export.ExportedProgram):
        return subject_of(model.module())
    if not callable(model):
        raise ConversionError(f"a {type(model).__name__} is not a model: pass an nn.Module or a function of tensors")
    if isinstance(model, type):
        raise ConversionError(f"{model.__name__} is a class, not a model: pass an instance of it")
    return Subject(model, {"": model} if isinstance(model, nn.Module) else _modules_used_by(model))


def _modules_used_by(function: Any) -> dict[str, nn.Module]:
    """The modules that a function, method, partial or callable object uses: in its closure, globals and attributes."""
    if isinstance(function, functools.partial):
        inner = function.func
        modules = _modules_in(inspect.signature(inner).bind_partial(*function.args, **function.keywords).arguments)
        return ({"": inner} if isinstance(inner, nn.Module) else _modules_used_by(inner)) | modules
    if inspect.ismethod(function):
        owner = function.__self__
        return {"": owner} if isinstance(owner, nn.Module) else _modules_in(getattr(owner, "__dict__", {}))
    if inspect.isfunction(function):
        known = inspect.getclosurevars(inspect.unwrap(function))
        return _modules_in({**known.globals, **known.nonlocals})
    return _modules_in(getattr(function, "__dict__", {}))


def _modules_in(table: dict[str, Any]) -> dict[str, nn.Module]:
    modules: dict[str, nn.Module] = {}
    for name, item in table.items():
        if isinstance(item, nn.Module):
            modules[name] = item
        elif inspect.ismethod(item) and isinstance(item.__self__, nn.Module):
            modules[name] = item.__self__
        elif isinstance(item, (list, tuple)):
            modules |= {f"{name}.{i}": part for i, part in enumerate(item) if isinstance(part, nn.Module)}
        elif isinstance(item, dict):
            modules |= {f"{name}.{key}": part for key, part in item.items() if isinstance(part, nn.Module)}
    return modules


def _name_of(call: Any) -> str:
    while isinstance(call, functools.partial):
        call = call.func
    return (getattr(call, "__name__", None) or type(call).__name__).strip("<>")


def _in_dtype(name: str, tensor: torch.Tensor, float_type: torch.dtype) -> torch.Tensor | None:
    """The CPU data, floats in `float_type`, that replaces a tensor's own for the run; None if it needs none."""
    if torch.nn.parameter.is_lazy(tensor):
        raise ConversionError(f"{name} is not initialized (a lazy module): run the model once first")
    if tensor.is_meta:
        raise ConversionError(f"{name} has no values (device meta): load the weights first")
    if tensor.layout != torch.strided or tensor.is_quantized:
        return None
    dtype = float_type if tensor.is_floating_point() else tensor.dtype
    if tensor.dtype == dtype and tensor.device.type == "cpu":
        return None
    return tensor.detach().to("cpu", dtype)


def _restore_data(tensor: torch.Tensor, before: torch.Tensor) -> None:
    """Gives a tensor of the model its own memory again."""
    if tensor.dtype != before.dtype or tensor.shape != before.shape or tensor.data_ptr() != before.data_ptr():
        tensor.data = before


def _restore_flags(flags: list[tuple[nn.Module, bool]]) -> None:
    for module, training in flags:
        module.training = training


def _restore(state: State, taint: Taint) -> None:
    with torch.no_grad():
        taint.restore()
    state.restore()


def _objects_of(call: Callable[..., Any]) -> dict[str, Any]:
    """What holds the state of a callable that is not a module: the object of a method, a function's closure."""
    if isinstance(call, functools.partial):
        return _objects_of(call.func)
    owner = call.__self__ if inspect.ismethod(call) else call
    return {"": owner} if not isinstance(owner, nn.Module) and hasattr(owner, "__dict__") else {}
