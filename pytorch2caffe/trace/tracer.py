"""PyTorch to Graph: runs a model once and records every torch function. The only file that hooks into torch.

Two scopes, nothing patched. A TorchFunctionMode sees every torch function under its public name; those on traced
tensors go to the function registered for them. Beneath it a TorchDispatchMode sees every operation that really
runs, scripted code and custom operators included: it follows which storages depend on the input ("tainted") and
counts the writes into each, so that a tensor that came by an untraced road, or that was overwritten through an
alias, is noticed when it is used.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils.weak import WeakIdKeyDictionary

from . import codegen
from .errors import ConversionError, Problem, Refused, UnsupportedError
from .graph import Builder, Graph, Value
from .passes import drop_unused, legacy_names
from .registry import TORCH, Layer, load_layers

ADD_HANDLER = 'rewrite it with supported functions, or register one: README, "Adding a layer"'

# Asking about a tensor is not computing with it.
METADATA = set(
    """shape ndim dtype device layout requires_grad is_leaf grad grad_fn is_cuda is_cpu is_sparse is_quantized is_meta
    is_mkldnn is_mps is_xpu is_nested is_sparse_csr is_xla is_ipu is_ort is_vulkan is_maia is_mtia names _version
    itemsize nbytes name size dim ndimension numel nelement stride is_contiguous storage_offset element_size
    is_floating_point is_complex is_signed is_inference is_pinned is_shared is_same_size get_device __len__ __hash__
    __repr__ __format__ requires_grad_ retain_grad register_hook has_names _is_view is_tensor is_neg is_conj
    _assert is_storage get_default_dtype result_type can_cast promote_types is_distributed""".split()
)
# What they return depends on the shape of their argument only.
SHAPE_ONLY = {
    f"{prefix}.{name}"
    for prefix, names in {
        "torch": "zeros_like ones_like full_like empty_like",
        "torch.Tensor": "new_zeros new_ones new_full new_empty new_tensor new",
        "aten": "zeros_like ones_like full_like empty_like new_zeros new_ones new_full new_empty",
    }.items()
    for name in names.split()
}
RANDOM = {"torch.rand_like", "torch.randn_like", "torch.randint_like", "torch.bernoulli"}
DECISIONS = {f"torch.Tensor.{name}" for name in "__bool__ __int__ __float__ __index__ __complex__ item tolist".split()}
DECISIONS |= {"torch.Tensor.is_nonzero", "torch.is_nonzero", "torch.equal", "torch.Tensor.equal", "torch.allclose"}
ESCAPES = {f"torch.Tensor.{name}" for name in "numpy __array__ __dlpack__ untyped_storage storage data_ptr".split()}


def trace(model: Callable[..., Any], inputs: Any, name: str | None = None, *, naming: str = "modules") -> Graph:
    """Runs `model` once on `inputs` and returns what it computed as a Graph.

    model:  an nn.Module, or any function of tensors. It runs in eval mode, in float32 on the CPU, without gradients,
            and is left as it was: training flags, weights, dtype and device.
    inputs: a tensor, a tuple of them (other entries are passed as they are), or a dict of keyword arguments. The
            network's inputs are called after the dict's keys, the parameters of `forward`, or "data" if there is one.
    name:   the network's name, the model's class by default.
    naming: "modules" gives layers the modules' own names (`layer1.0.conv1`); "legacy" gives conv1, conv_blob1 ...,
            as users of older converters expect.

    The shapes of `inputs` are the network's shapes. Tensors that do not depend on the inputs become constants.
    Raises UnsupportedError listing every call that cannot be converted, with its module and line; whatever the
    model itself raises passes through.

    >>> graph = trace(nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), torch.zeros(1, 3, 8, 8))
    >>> [(node.name, node.layer.type) for node in graph.nodes]
    [('0', 'Convolution'), ('1', 'ReLU')]
    """
    return record(model, inputs, name, naming=naming)[0]


def record(
    model: Callable[..., Any], inputs: Any, name: str | None = None, *, naming: str = "modules", keep: bool = False
) -> tuple[Graph, dict[str, np.ndarray]]:
    """As `trace`; with `keep`, also every value of the network on these inputs, by name, float32."""
    if naming not in ("modules", "legacy"):
        raise ValueError(f"naming must be 'modules' or 'legacy', not {naming!r}")
    load_layers()
    graph = Graph(name or getattr(model, "__name__", type(model).__name__))
    tracer = _Tracer(graph, model, keep)
    args, kwargs = tracer.take_inputs(inputs)
    with _as_float32_in_eval_mode(model) as call, torch.no_grad(), tracer.taint, tracer:
        result = call(*args, **kwargs)
    tracer.give_outputs(result)
    if tracer.problems:
        raise UnsupportedError(tracer.problems, "traced")
    drop_unused(graph)
    if naming == "legacy":
        legacy_names(graph)
    return graph, {value.name: array for value, array in tracer.kept.items()}


@contextmanager
def _as_float32_in_eval_mode(model: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """The model as a function that runs in eval mode on float32 CPU weights; the model is as before afterwards."""
    if not isinstance(model, nn.Module):
        yield model
        return
    training = {module: module.training for module in model.modules()}
    other: dict[str, torch.Tensor] = {}
    tensors = {id(t): (n, t) for n, t in [*model.named_parameters(), *model.named_buffers()]}
    for name, tensor in tensors.values():
        changed = tensor.detach().to("cpu", torch.float32 if tensor.is_floating_point() else tensor.dtype)
        if changed is not tensor.detach() and (changed.dtype, changed.device) != (tensor.dtype, tensor.device):
            other[name] = changed
    try:
        for module in training:
            module.training = False
        if other:
            yield lambda *args, **kwargs: torch.func.functional_call(model, other, args, kwargs)
        else:
            yield model
    finally:
        for module, flag in training.items():
            module.training = flag


class _Taint(TorchDispatchMode):
    """Follows, storage by storage, what depends on the input and how often it was written to."""

    def __init__(self) -> None:
        super().__init__()
        self._storages: dict[int, StorageWeakRef] = {}
        self._writes: dict[int, int] = {}
        self._tainted: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        inputs = list(tensors_in((args, kwargs)))
        tainted = any(self.has(tensor) for tensor in inputs)
        result = func(*args, **kwargs)
        outputs = list(tensors_in(result))
        for argument, given in _written(func, args, kwargs):
            for tensor in tensors_in(given):
                key = self._key(tensor)
                self._writes[key] = self._writes.get(key, 0) + 1
                outputs.append(tensor)
            del argument
        if tainted:
            for tensor in outputs:
                self.add(tensor)
        return result

    def _key(self, tensor: torch.Tensor) -> int:
        reference = StorageWeakRef(tensor.untyped_storage())
        # the weak reference keeps the address from being given to another storage
        return self._storages.setdefault(reference.cdata, reference).cdata

    def writes(self, tensor: torch.Tensor) -> int:
        """How often the memory of `tensor` has been written to since it was first seen."""
        return self._writes.get(self._key(tensor), 0)

    def has(self, tensor: torch.Tensor) -> bool:
        """Whether anything in the memory of `tensor` depends on the input."""
        return self._key(tensor) in self._tainted

    def add(self, tensor: torch.Tensor) -> None:
        self._tainted.add(self._key(tensor))

    def remove(self, tensor: torch.Tensor) -> None:
        self._tainted.discard(self._key(tensor))


@lru_cache(maxsize=None)
def _write_positions(func: Any) -> tuple[tuple[int, str], ...]:
    arguments = enumerate(func._schema.arguments)
    return tuple((i, a.name) for i, a in arguments if a.alias_info is not None and a.alias_info.is_write)


def _written(func: Any, args: Any, kwargs: Any) -> Iterator[tuple[str, Any]]:
    for position, name in _write_positions(func):
        if position < len(args):
            yield name, args[position]
        elif name in kwargs:
            yield name, kwargs[name]


def tensors_in(item: Any) -> Iterator[torch.Tensor]:
    """Every tensor in nested tuples, lists, dicts and slices."""
    if isinstance(item, torch.Tensor):
        yield item
    elif isinstance(item, Mapping):
        for part in item.values():
            yield from tensors_in(part)
    elif isinstance(item, (tuple, list)):
        for part in item:
            yield from tensors_in(part)
    elif isinstance(item, slice):
        yield from tensors_in((item.start, item.stop, item.step))


class _Tracer(TorchFunctionMode):
    """Sees every torch function, hands those on traced tensors to the function registered for them."""

    def __init__(self, graph: Graph, model: Any, keep: bool) -> None:
        super().__init__()
        self.graph = graph
        self.net = Builder(graph, codegen.infer)
        self.taint = _Taint()
        self.problems: list[Problem] = []
        self.kept: dict[Value, np.ndarray] = {}
        self._keep = keep
        self._model = model
        self._modules = {id(m): n for n, m in model.named_modules()} if isinstance(model, nn.Module) else {}
        self._values = WeakIdKeyDictionary()  # tensor -> (Value, writes when it was bound); forgets dead tensors
        self._constants = WeakIdKeyDictionary()  # tensor -> (array, writes when it was read)

    # -- the model's ends

    def take_inputs(self, inputs: Any) -> tuple[list[Any], dict[str, Any]]:
        """Float32 CPU copies of the inputs, bound to the network's inputs; as the model's arguments."""
        if isinstance(inputs, Mapping):
            return [], {key: self._take(str(key), item) for key, item in inputs.items()}
        items = list(inputs) if isinstance(inputs, (tuple, list)) else [inputs]
        names = _input_names(self._model, items)
        return [self._take(name, item) for name, item in zip(names, items, strict=True)], {}

    def _take(self, name: str, item: Any) -> Any:
        if not isinstance(item, torch.Tensor):
            if any(True for _ in tensors_in(item)):
                parts = [self._take(f"{name}.{i}", part) for i, part in enumerate(item)]
                return type(item)(parts)
            return item
        dtype = torch.float32 if item.is_floating_point() else item.dtype
        tensor = item.detach().to("cpu", dtype, copy=True)
        self.taint.add(tensor)
        self._bind(tensor, self.net.input(name, tuple(tensor.shape)))
        return tensor

    def give_outputs(self, result: Any) -> None:
        """Names the network's outputs after what the model returned. Raises ConversionError if that holds none."""
        found = list(_named_outputs("", result))
        if not found:
            raise ConversionError(f"the model returned no tensor but {type(result).__name__}: nothing to convert")
        made = set(self.graph.producers())
        for name, tensor in found:
            place = f"the output {name}" if name else "the output"
            value = self._value_of(tensor, place) if isinstance(tensor, torch.Tensor) else None
            if value is None:
                if not any(problem.where == place for problem in self.problems):
                    what = "does not depend on the input" if isinstance(tensor, torch.Tensor) else "is no tensor"
                    self.problems.append(Problem(place, what, "leave it out of what the model returns"))
                continue
            key = _free_key(self.graph.outputs, name or value.name)
            self.graph.outputs[key] = value
            if name and value in made:  # a name that the model gives is the blob's name
                value.name = self.net.names.unique(clean_name(key))
                made.discard(value)
        self._check_constants()

    def _check_constants(self) -> None:
        for tensor, (_, writes) in self._constants.items():
            if self.taint.writes(tensor) != writes:
                what = "a constant tensor was read and later overwritten in place"
                self.problems.append(Problem("the model", what, "write into a copy: x = x.clone()"))

    # -- every torch function

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = public_name(func)
        tensors = list(tensors_in((args, kwargs)))
        if name.rsplit(".", 1)[-1] in METADATA or not any(self.taint.has(t) for t in tensors):
            return func(*args, **kwargs)
        self._set_place(name)
        if name in SHAPE_ONLY:
            result = func(*args, **kwargs)
            for tensor in tensors_in(result):
                self.taint.remove(tensor)
            return result
        if name in DECISIONS | ESCAPES | RANDOM:
            self._refuse(name)
            return func(*args, **kwargs)
        if _is_float_cast(name, func, args, kwargs):
            return self._alias(func, args, kwargs)
        handler = TORCH.get(name)
        if handler is None:
            inside = _without_dispatch(func)
            if inside is not None:
                with self:
                    return inside(*args, **kwargs)
        return self._call(func, name, handler, args, kwargs)

    def _call(self, func: Any, name: str, handler: Any, args: Any, kwargs: Any) -> Any:
        place = self._where(name)
        before = len(self.problems)
        swapped = self._swap((args, kwargs), place)  # before the call: it may work in place
        writes = [(tensor, self.taint.writes(tensor)) for tensor in tensors_in((args, kwargs))]
        result = func(*args, **kwargs)
        written = [tensor for tensor, count in writes if self.taint.writes(tensor) != count]
        results = list(tensors_in(result))
        output = None
        if len(self.problems) == before:
            try:
                if any(all(tensor is not r for r in results) for tensor in written):
                    raise Refused(f"{name} writes into a tensor that it does not return", "assign its result instead")
                with _disable_current_modes():
                    output = self._handle(name, handler, swapped)
            except Refused as error:
                self.problems.append(Problem(place, error.what, error.fix))
        if len(self.problems) > before:
            for tensor in results:  # go on with stand-ins, to find every problem in one run
                self._bind(tensor, Value(f"unsupported.{len(self.problems)}", tuple(tensor.shape)))
            return result
        return self._bind_all(name, result, output, args)

    def _handle(self, name: str, handler: Any, swapped: Any) -> Any:
        if handler is None:
            raise Refused(f"{name} has no Caffe layer", ADD_HANDLER)
        args, kwargs = swapped
        try:
            bound = _signature(handler).bind(self.net, *args, **kwargs)
        except TypeError as error:
            raise Refused(f"{name} is called in a form that is not supported: {error}", ADD_HANDLER) from error
        return handler(*bound.args, **bound.kwargs)

    def _alias(self, func: Any, args: Any, kwargs: Any) -> Any:
        """A cast between float types: the network stays in float32, so the value is the same."""
        value = self._value_of(args[0], self._where("cast"))
        result = func(*args, **kwargs)
        if result.dtype != torch.float32 or result.device.type != "cpu":
            result = args[0].view(args[0].shape)
        if value is not None:
            self._bind(result, value)
        return result

    def _refuse(self, name: str) -> None:
        short = name.rsplit(".", 1)[-1]
        if name in DECISIONS:
            what, fix = f"a Python decision or number taken from traced values ({short})", (
                "a Caffe network computes the same for every input: make it a fixed setting, or use tensors throughout"
            )
        elif name in RANDOM:
            what, fix = f"{short} is random: no two runs agree", "leave the noise out in eval mode"
        else:
            what, fix = f"{short} takes the values out of PyTorch, where they cannot be traced", "compute with torch"
        self.problems.append(Problem(self._where(name), what, fix))

    # -- tensors and values

    def _bind(self, tensor: torch.Tensor, value: Value) -> None:
        self.taint.add(tensor)
        self._values[tensor] = (value, self.taint.writes(tensor))
        if self._keep:
            self.kept[value] = tensor.detach().to(torch.float32).numpy().copy()

    def _bind_all(self, name: str, result: Any, output: Any, args: Any) -> Any:
        tensors = list(tensors_in(result))
        values = list(output) if isinstance(output, (tuple, list)) else [output]
        if len(tensors) != len(values):
            raise AssertionError(f"{name} returned {len(tensors)} tensors, its function {len(values)} values")
        for tensor, value in zip(tensors, values, strict=True):
            if value is None:  # an output that no Caffe layer gives: an error only if it is used
                continue
            if tuple(tensor.shape) != value.shape:
                raise AssertionError(f"{name} at {self._where(name)}: {tuple(tensor.shape)} became {value.shape}")
            self._bind(tensor, value)
        return result

    def _value_of(self, tensor: torch.Tensor, place: str) -> Value | None:
        """The value of a traced tensor; None for a constant, and with a problem noted if neither is true."""
        value, writes = self._values.get(tensor, (None, 0))
        if value is not None and self.taint.writes(tensor) == writes:
            return value
        if not self.taint.has(tensor):
            return None
        if value is not None:
            what = "reads a tensor whose memory was overwritten in place through another tensor"
            fix = "replace the in-place call by one that returns a new tensor (relu(x) for relu_(x), x = x + y for x += y)"
        else:
            what = "reads a tensor that depends on the input but was not traced (a scripted module, a custom operator or "
            what += "an output that Caffe lacks)"
            fix = "use the plain Python module in its place"
        self.problems.append(Problem(place, what, fix))
        return None

    def _swap(self, item: Any, place: str) -> Any:
        """`item` with each traced tensor replaced by its Value and each other tensor by its array."""
        if isinstance(item, torch.Tensor):
            return self._value_of(item, place) or self._array_of(item)
        if isinstance(item, Mapping):
            return {key: self._swap(part, place) for key, part in item.items()}
        if isinstance(item, (tuple, list)):
            parts = [self._swap(part, place) for part in item]
            return parts if isinstance(item, list) else tuple(parts)
        return item

    def _array_of(self, tensor: torch.Tensor) -> np.ndarray:
        """A constant as an array, the same object each time: identity is how shared weights are known."""
        array, writes = self._constants.get(tensor, (None, 0))
        if array is None or self.taint.writes(tensor) != writes:
            plain = tensor.detach().cpu()
            array = (plain.float() if plain.is_floating_point() else plain).contiguous().numpy()
            self._constants[tensor] = (array, self.taint.writes(tensor))
        return array

    # -- the place in the model

    def _set_place(self, name: str) -> None:
        module, line = self._find_frame()
        path = self._modules.get(id(module)) if module is not None else None
        if path is None:
            path = type(module).__name__.lower() if module is not None and self._modules else ""
        handler = TORCH.get(name)
        short = handler.__name__.strip("_") if handler else name.rsplit(".", 1)[-1].strip("_")
        leaf = module is not None and type(module).__module__.startswith("torch.nn.modules")
        self.net.scope = clean_name(path if leaf and path else ".".join(part for part in (path, short) if part))
        self.net.module = path or short
        self.net.line = line

    def _where(self, name: str) -> str:
        del name
        return f"{self.net.module} ({self.net.line})" if self.net.line else self.net.module

    def _find_frame(self) -> tuple[nn.Module | None, str]:
        """The innermost module being called, and the line of the model's own code that led here."""
        frame = sys._getframe(2)
        line = ""
        while frame is not None:
            code = frame.f_code
            if not line and not code.co_filename.startswith(_LIBRARIES):
                line = f"{Path(code.co_filename).name}:{frame.f_lineno}"
            if code is _CALL:
                module = frame.f_locals["self"]
                return module, line or self._find_line(frame)
            frame = frame.f_back  # type: ignore[assignment]
        return None, line

    @staticmethod
    def _find_line(frame: Any) -> str:
        while frame is not None:
            if not frame.f_code.co_filename.startswith(_LIBRARIES):
                return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
            frame = frame.f_back
        return ""


_CALL = nn.Module._call_impl.__code__
_LIBRARIES = (f"{Path(torch.__file__).parent}/", f"{Path(__file__).parent}/", "<")


def _is_float_cast(name: str, func: Any, args: Any, kwargs: Any) -> bool:
    """Whether a call only moves a float tensor to another float type or device."""
    if name.rsplit(".", 1)[-1] not in {"to", "type", "float", "half", "double", "bfloat16", "cpu", "cuda", "type_as"}:
        return False
    wanted = [a for a in (*args[1:], *kwargs.values()) if isinstance(a, (torch.dtype, torch.Tensor))]
    dtypes = [a.dtype if isinstance(a, torch.Tensor) else a for a in wanted]
    return args[0].is_floating_point() and all(dtype.is_floating_point for dtype in dtypes)


@lru_cache(maxsize=None)
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(function)


def public_name(func: Any) -> str:
    """The name a torch function is registered under: "torch.nn.functional.relu", "aten.relu"."""
    if isinstance(func, torch._ops.OpOverload):
        name = func._schema.name.replace("::", ".")
        return _aten_name(name)
    try:
        return _resolved_name(func)
    except TypeError:  # not hashable
        return resolve_name(func) or repr(func)


@lru_cache(maxsize=None)
def _resolved_name(func: Any) -> str:
    name = resolve_name(func) or f"{getattr(func, '__module__', '')}.{getattr(func, '__name__', func)}"
    return name.removesuffix(".__get__")


@lru_cache(maxsize=None)
def _aten_name(name: str) -> str:
    """An operator of an exported program under the name of the function that takes the same arguments."""
    if not name.startswith("aten.") or name in TORCH:
        return name
    short = name.removeprefix("aten.")
    candidates = [f"torch.{short}", f"torch.Tensor.{short}", f"torch.nn.functional.{short}"]
    return next((candidate for candidate in candidates if candidate in TORCH), name)


_NO_DISPATCH: dict[str, Any] = {
    "has_torch_function": lambda *_: False,
    "has_torch_function_unary": lambda *_: False,
    "has_torch_function_variadic": lambda *_: False,
}


@lru_cache(maxsize=None)
def _without_dispatch(func: Any) -> Callable[..., Any] | None:
    """A function of torch that is written in Python, such that calling it traces what it calls in turn; else None.

    It is the same code with globals in which the question "shall a mode see this call?" is answered no once: for
    the function itself, not for those that it calls.
    """
    if not isinstance(func, types.FunctionType) or not func.__module__.startswith("torch"):
        return None
    if func.__name__ == "fn" or func.__closure__:
        return None
    if func.__module__ == "torch._tensor" or "has_torch_function" not in " ".join(func.__code__.co_names):
        return None
    space = {**func.__globals__, **_NO_DISPATCH}
    copy = types.FunctionType(func.__code__, space, func.__name__, func.__defaults__, func.__closure__)
    copy.__kwdefaults__ = func.__kwdefaults__
    return copy


def clean_name(name: str) -> str:
    """A name that every reader of Caffe's files takes: no white space or control characters."""
    return "".join("_" if c.isspace() or not c.isprintable() else c for c in name)


def _input_names(model: Any, items: Sequence[Any]) -> list[str]:
    if sum(1 for _ in tensors_in(items)) == 1:
        return ["data"] * len(items)
    try:
        function = model.forward if isinstance(model, nn.Module) else model
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    plain = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [plain[i] if i < len(plain) else f"data{i}" for i in range(len(items))]


def _named_outputs(name: str, item: Any) -> Iterator[tuple[str, Any]]:
    """(name, tensor) for all that a model returned; names from dict keys and fields, "" where there are none."""
    if item is None:
        return
    if hasattr(item, "_asdict"):
        item = item._asdict()
    if isinstance(item, Mapping):
        for key, part in item.items():
            yield from _named_outputs(f"{name}.{key}" if name else str(key), part)
    elif isinstance(item, (tuple, list)):
        for part in item:
            yield from _named_outputs(name, part)
    else:
        yield name, item


def _free_key(taken: Mapping[str, Any], wanted: str) -> str:
    key, count = wanted, 0
    while key in taken:
        count += 1
        key = f"{wanted}_{count}"
    return key


__all__ = ["Layer", "record", "trace"]
