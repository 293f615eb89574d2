"""Sees every torch function and passes calls on traced tensors to the functions registered for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _disable_current_modes

from ...errors import Problem, Refused
from ...graph.builder import Builder
from ...graph.graph import Graph, Value
from ...layers.indexing.overwrite import TWICE
from ...runtime.infer import infer
from . import functions
from .arguments import bind
from .casts import Cast, cast_of, cast_operands, converted
from .functions import SAME_FOR_EVERY_INPUT, handler_of, public_name, refusal, short_name
from .indexed_writes import IndexedWrite, expanded, indexed_write
from .memory import Memory
from .metadata import OVERWRITTEN, SIZES, reads_metadata_only, without_unread
from .model import Subject
from .parts import VIEWS, changes_nothing, out_shape, part_written, refuse_writes, write_part
from .problems import Problems
from .results import refuse_results
from .selections import DATA_DEPENDENT, computed, selects
from .source_location import LocationFinder, SourceLocation
from .structure import as_list, leaves, tensors_in
from .taint import Taint, WriteLocation
from .untraced import run, run_constant, run_in_dtype
from .values import Selection, Values


class Tracer(TorchFunctionMode):
    """The function mode of one trace. It builds `graph`, and lists in `problems` what cannot be converted."""

    def __init__(
        self, graph: Graph, subject: Subject, taint: Taint, keep: bool, dtype: torch.dtype = torch.float32
    ) -> None:
        super().__init__()
        self.graph = graph
        self.net = Builder(graph, infer)
        self.taint = taint
        self.problems = Problems()
        self.changed: list[str] = []  # what the call has changed in the model
        self.constants: list[str] = []  # the names of outputs that do not depend on the input
        self.called: set[str] = set()  # the torch functions called on traced tensors
        self._subject = subject
        self._locations = LocationFinder(subject.modules)
        self.graph.aliases = self._locations.aliases
        self.net.names.reserved = self._locations.of_modules
        self._handled: SourceLocation | None = None  # of the current call; None while the model's own code runs
        self._outer = ""  # the torch function written in Python that makes the current calls
        self._quiet = False
        self.memory = taint.watcher = Memory(taint, self.net)
        self.values = Values(taint, self.memory, self._note, keep, self.net.bounds, dtype)
        taint.location = self._write_location
        taint.on_decision = self._on_decision

    # -- every torch function

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = public_name(func)
        short = short_name(name)
        if reads_metadata_only(name, short, args, kwargs):
            if short in SIZES and args and self.values.selection(args[0]):
                self._note(*DATA_DEPENDENT)
            return self._run_untraced(func, args, kwargs, quiet=short in ("__repr__", "__format__"))
        if not any(self.taint.has(tensor) for tensor in tensors_in(self._read(short, args, kwargs))):
            return run_constant(self.values, func, args, kwargs)
        location = self._enter(name, short)
        if name in functions.DECISIONS or name in functions.ESCAPES:
            self._refuse(name, short)
            result = self._run_untraced(func, args, kwargs, quiet=True)
            for tensor in tensors_in((args, result)):
                self._bind_placeholder(tensor)
            return result
        handler = handler_of(name)
        if handler is None:
            inside = functions.body_of(name, func)
            if inside is not None:
                return self._composite(func, name, inside, args, kwargs)
        self._handled = location
        self._locations.count(location)
        try:
            cast = cast_of(name, args, kwargs)
            if cast is not None and self.taint.has(cast.source):
                return self._cast(func, name, cast, args, kwargs)
            return self._call(func, name, handler, args, kwargs)
        finally:
            self._handled = None

    def _read(self, short: str, args: Any, kwargs: Any) -> tuple[Any, Any]:
        """The arguments of a call without the tensor whose numbers it does not read."""
        if short in OVERWRITTEN and args and self.taint.has(args[0]) and not self.taint.becomes_constant(short, args):
            return args, kwargs  # a part of memory that is traced: the rest of it stays
        return without_unread(short, args, kwargs)

    def _composite(self, func: Any, name: str, inside: Any, args: Any, kwargs: Any) -> Any:
        """A function of torch that is written in Python: what it calls is traced instead."""
        outer, self._outer = self._outer, self._outer or name
        try:
            with self:
                return inside(*args, **kwargs)
        except Refused as error:
            self._note(error.what, error.fix)
            result = self._run_untraced(func, args, kwargs, quiet=True)
            for tensor in tensors_in(result):
                self._bind_placeholder(tensor)
            return result
        finally:
            self._outer = outer

    def _run_untraced(self, func: Any, args: Any, kwargs: Any, quiet: bool) -> Any:
        outer, self._quiet = self._quiet, self._quiet or quiet
        try:
            if self.values.dtype != torch.float32:
                return run_in_dtype(self.values, func, args, kwargs)
            return func(*args, **kwargs)
        finally:
            self._quiet = outer

    def _call(self, func: Any, name: str, handler: Any, args: Any, kwargs: Any) -> Any:
        if name == "torch.Tensor.__setitem__":
            part = part_written(args[0], args[1], self.taint)
            if part is not None and changes_nothing(part, args[2], self.taint):
                return None
            if part is not None:
                with self:  # y[:, :2] = x is y[:, :2].copy_(x)
                    return write_part(part, args[2])
        write = indexed_write(name, args, kwargs, self.memory, self.taint)
        if write is not None:
            return self._write_at(func, args, kwargs, write)
        if selects(name, args, kwargs, self.values):
            return self._select(func, name, handler, args, kwargs)
        if short_name(name) in VIEWS and args and self.values.is_changed(args[0]):
            view = run(func, args, kwargs)
            if all(self.taint.key(tensor) == self.taint.key(args[0]) for tensor in tensors_in(view)):
                return view  # its value is put together if it is read
        before = len(self.problems)
        self.values.function = name
        inputs = {key: item for key, item in kwargs.items() if key != "out"}
        unread = without_unread(short_name(name), args, inputs)
        swapped = self.values.swap(unread)  # before the call: it may work in place
        self.net.masks = self.values.masks_in(unread)
        (args, kwargs), copies = self.values.in_dtype(args, kwargs)
        draws = self.taint.random_calls
        self.memory.begin()
        shape = out_shape(kwargs)
        result = self.values.result_in_dtype(run(func, args, kwargs))
        targets = list(tensors_in(result)) if result is not None else [args[0]]
        output = None
        try:
            if len(self.problems) == before:
                refuse_writes(self.memory, name, [*tensors_in((args, kwargs))], targets, copies)
            if shape is not None and shape != out_shape(kwargs):
                raise Refused(f"{name} resizes the tensor that out names", "give it the shape of the result")
            if handler is None:
                raise Refused(*refusal(name, self._outer, self.taint.random_calls != draws))
            if len(self.problems) == before:
                output = self._handle(name, handler, swapped, args, targets)
        except Refused as error:
            self._note(error.what, error.fix)
        if len(self.problems) > before:
            for tensor in (*targets, *tensors_in((args, kwargs))):  # placeholders, to find every problem in one run
                self._bind_placeholder(tensor)
            return result
        return self._bind_all(name, result, targets, output)

    def _write_at(self, func: Any, args: Any, kwargs: Any, write: IndexedWrite) -> Any:
        """A call that writes at constant indices into memory of which a part is not traced."""
        target, positions = args[0], write.positions.numpy()
        outer = self._handled, self.net.module, self.net.scope, self.net.line
        with self:
            content = expanded(write, target.dtype)
        self._handled, self.net.module, self.net.scope, self.net.line = outer
        value = self.values.swap(content)
        if len(np.unique(positions)) < positions.size:
            self._note(*TWICE)
        with self.memory.writing_at(target, positions, value):
            result = run(func, args, kwargs)
        self.graph.calls += 1
        return result

    def _select(self, func: Any, name: str, handler: Any, args: Any, kwargs: Any) -> Any:
        """A call that selects by a mask of the input, or that computes with what was selected."""
        self.values.function = name
        self.memory.begin()
        found = None
        try:
            with _disable_current_modes():
                found = computed(self.net, name, handler, args, kwargs, self.values)
        except Refused as error:
            self._note(error.what, error.fix)
        (args, kwargs), _ = self.values.in_dtype(args, kwargs)
        result = self.values.result_in_dtype(run(func, args, kwargs))
        self.graph.calls += 1
        if found is None:
            for tensor in tensors_in((result, args, kwargs)):
                self._bind_placeholder(tensor)
        elif found.mask is None:
            self.values.bind(args[0], found.value)
        else:
            self.values.bind_selection(result, Selection(found.value, found.mask))
        return result

    def _handle(self, name: str, handler: Any, swapped: Any, args: Any, targets: list[Any]) -> Any:
        """The values that the registered function returns for a call that returned `targets`. Raises Refused."""
        with _disable_current_modes():
            if targets and not any(isinstance(target, torch.Tensor) and target.numel() for target in targets):
                return [None for _ in targets]  # tensors without elements, which depend on nothing
            inputs, named = cast_operands(self.net, name, args, swapped)
            if not any(isinstance(leaf, Value) for leaf in leaves((inputs, named))):  # constants, into a traced tensor
                return [self.values.array_of(tensor) for tensor in targets]
            bound = bind(name, handler, self.net, inputs, named)
            output = handler(*bound.args, **bound.kwargs)
            refuse_results(self.net, name, args, targets, output, getattr(handler, "keeps_masks", False))
            return output

    def _cast(self, func: Any, name: str, cast: Cast, args: Any, kwargs: Any) -> Any:
        """A change of type: the network computes in float32, so the value is the same unless numbers would change."""
        source, target = cast.source, cast.target
        before = len(self.problems)
        value = self.values.value_of(source)
        both_float = source.is_floating_point() and target.is_floating_point
        if not both_float:
            result = func(*args, **kwargs)
            result = result.to(self.values.dtype) if result.is_floating_point() else result
        elif cast.copies:
            result = source.clone()
        else:  # a model of that type would get the same tensor, and could write into it: a write must count for both
            same = self.values.type_seen(source) == target
            result = source.detach() if same else source.clone()
            self.taint.link(source, result)
        if value is not None:
            try:
                with _disable_current_modes():
                    value = converted(self.net, value, source.dtype, target, name)
            except Refused as error:
                self._note(error.what, error.fix)
        if value is None or len(self.problems) > before:
            value = Value("unsupported", tuple(result.shape))
        self.values.bind(result, value)
        return result

    def _bind_all(self, name: str, result: Any, targets: list[Any], output: Any) -> Any:
        self.graph.calls += 1
        for tensor, value in zip(targets, as_list(output), strict=True):
            if value is None:  # an output that no Caffe layer computes: an error only if it is used
                self.values.without_layer[tensor] = name
            elif isinstance(value, np.ndarray):
                self.values.bind_constant(tensor, value)
            elif len(targets) == 1 or self.taint.has(tensor):  # not a constant: torch.meshgrid(constant, x)[0]
                self.values.bind(tensor, value)
        return result

    def _bind_placeholder(self, tensor: Any) -> None:
        """Binds a placeholder, so that the calls after a problem are traced too."""
        if isinstance(tensor, torch.Tensor) and self.taint.has(tensor):
            self.values.bind(tensor, Value(f"unsupported.{len(self.problems)}", tuple(tensor.shape)))

    # -- problems

    def _enter(self, name: str, short: str) -> SourceLocation:
        self.called.add(name)
        handler = handler_of(name)
        location = self._locations.find(handler.__name__.strip("_") if handler else short.strip("_"), 3)
        self.net.module, self.net.scope, self.net.line = location
        self.problems.count_call(name, location, self._where(location))
        return location

    def _write_location(self) -> WriteLocation:
        return WriteLocation(self._where(self._handled or self._locations.find("", 3)), self._handled is not None)

    def _where(self, location: SourceLocation) -> str:
        module = location.module or self._subject.name
        return f"{module} ({location.line})" if location.line else module

    def _note(self, what: str, fix: str, where: str = "") -> None:
        self.problems.add(Problem(where or self.taint.location().where, what, fix))

    def _refuse(self, name: str, short: str) -> None:
        if name in functions.DECISIONS:
            what = f"a Python decision or number taken from traced values ({short})"
            self._note(what, SAME_FOR_EVERY_INPUT, self._here())
        else:
            self.values.escaped = True
            what = f"{short} passes the values out of PyTorch, where they cannot be traced"
            self._note(what, "compute with torch", self._here())

    def _here(self) -> str:
        return self._where(SourceLocation(self.net.module, self.net.scope, self.net.line))

    def _on_decision(self) -> None:
        """Notes that a number was read from traced memory, by code that is not called through a torch function."""
        if not self._quiet:
            self._note("a Python decision or number taken from traced values", SAME_FOR_EVERY_INPUT)
