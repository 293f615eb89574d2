"""An nn.Module that computes what a TorchScript program computes, and can be traced."""

from __future__ import annotations

import inspect
import re
from typing import Any

import torch
from torch import nn

from ....errors import ConversionError, Problem, UnsupportedError
from ..inputs_outputs import arguments
from ..structure import tensors_in
from .interpreter import nodes_of, run_graph

_HALF = (torch.float16, torch.bfloat16, torch.float64)
_READS_OR_WRITES_FILES = {"aten::save", "aten::from_file"}


class ScriptPart(nn.Module):
    """One module of a program: its weights, children and attributes. kind: "Conv2d"."""

    def __init__(self, script: Any, tensors: dict[int, Any]) -> None:
        super().__init__()
        self._script = (script,)  # in a tuple: it is no child
        qualified = script._c._type().qualified_name()
        self.kind = script.original_name
        self.is_one_layer = (
            bool(re.match(r"__torch__\.torch\.nn\.(qat\.)?modules\.", qualified)) and not script._modules
        )
        for name, tensor in script.named_parameters(recurse=False):
            as_parameter = nn.Parameter(tensor.detach(), requires_grad=False)
            self.register_parameter(name, tensors.setdefault(tensor.data_ptr() or id(tensor), as_parameter))
        for name, tensor in script.named_buffers(recurse=False):
            self.register_buffer(name, tensor.detach())
        for name, child in script.named_children():
            self.add_module(name, ScriptPart(child, tensors))

    def attribute(self, name: str) -> Any:
        """The value of a program's attribute: a setting is read from the program once, and kept from then on."""
        if name not in vars(self) and name not in self._parameters | self._buffers | self._modules:
            object.__setattr__(self, name, getattr(self._script[0], name))
        return getattr(self, name)


class UnscriptedModule(ScriptPart):
    """The program's main module. Its `forward` executes the graph of the program's `forward`."""

    def __init__(self, script: torch.jit.ScriptModule) -> None:
        super().__init__(script, {})
        self.__name__ = self.kind  # the name of the network
        if not script._c._has_method("forward"):  # type: ignore[attr-defined]
            what = "the program has no forward but several overloads of it, as a scripted nn.LSTM has"
            raise UnsupportedError([Problem(self.kind, what, "script a module that calls it")], "traced")
        self._graph = _checked(script.inlined_graph, self.kind)  # type: ignore[attr-defined]
        self.forward = _with_signature(self._run, script.forward.schema, skip=1)  # type: ignore[attr-defined]

    def _run(self, *args: Any) -> Any:
        return run_graph(self._graph, [self, *args])


def unscripted(script: torch.jit.ScriptModule | torch.jit.ScriptFunction) -> Any:
    """The module, or the function, that executes a program's graph.

    Raises UnsupportedError for a program that reads or writes files.
    """
    if isinstance(script, torch.jit.ScriptModule):
        return UnscriptedModule(script).eval()
    name = str(script.name)
    graph = _checked(script.inlined_graph, name)

    def run(*args: Any) -> Any:
        return run_graph(graph, list(args))

    run.__name__ = name
    return _with_signature(run, script.schema)


def check_same(script: Any, call: Any, inputs: Any) -> None:
    """Raises ConversionError if the program itself, executed by torch, returns other numbers than `call` does.

    A program whose weights are not float32 on the CPU is not executed.
    """
    if isinstance(script, nn.Module) and any(t.is_cuda or t.dtype in _HALF for t in script.state_dict().values()):
        return
    with torch.no_grad():
        expected, actual = (list(tensors_in(_called(function, call, inputs))) for function in (script, call))
    if len(expected) != len(actual) or not all(map(close, expected, actual)):
        raise ConversionError(
            "this TorchScript program computes other numbers in torch's own interpreter than its operators do one by "
            "one\n  fix: pass the nn.Module that it was made from"
        )


def _called(function: Any, call: Any, inputs: Any) -> Any:
    args, kwargs = arguments(call, inputs)
    return function(*args, **kwargs)


def close(expected: torch.Tensor, actual: torch.Tensor) -> bool:
    """Whether two results of one program differ by rounding only."""
    return expected.shape == actual.shape and torch.allclose(
        expected.double(), actual.double(), rtol=1e-4, atol=1e-4 * float(expected.double().abs().max()), equal_nan=True
    )


def _checked(graph: Any, name: str) -> Any:
    for node in nodes_of(graph):
        if node.kind() in _READS_OR_WRITES_FILES:
            what = f"the program calls {node.kind()}, which reads or writes files"
            raise UnsupportedError([Problem(name, what, "remove the call")], "traced")
    return graph


def _with_signature(run: Any, schema: Any, skip: int = 0) -> Any:
    """`run`, taking the arguments of a program's schema, by position or by name."""
    parameters = [
        inspect.Parameter(
            argument.name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=argument.default_value if argument.has_default_value() else inspect.Parameter.empty,
        )
        for argument in schema.arguments[skip:]
    ]
    signature = inspect.Signature(parameters)

    def forward(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return run(*bound.arguments.values())

    forward.__signature__ = signature  # type: ignore[attr-defined]
    forward.__name__ = getattr(run, "__name__", "forward").strip("_")
    return forward
