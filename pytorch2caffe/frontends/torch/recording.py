"""Runs a model once and records it as a Graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ...errors import ConversionError, Problem, UnsupportedError
from ...formats.interrupts import OrderlyInterrupts
from ...graph.graph import Graph
from ...graph.nonfinite import warn_of_nonfinite
from ...graph.registry import load_layers
from ...passes.drop_unused import drop_unused
from ...passes.fold_constants import fold_constants
from ...passes.legacy_names import legacy_names
from ...passes.merge_slices import merge_slices
from ...runtime.run import compute
from .inputs_outputs import bind_inputs, name_outputs, warn_of_constants
from .model import Subject, subject_of
from .problems import TraceStopped
from .repeated_calls import changed_names, other_input, warn_of_state
from .script.module import check_same
from .source_location import raised_at
from .structure import mapped
from .taint import Taint
from .tracer import Tracer
from .uncalled import warn_of_uncalled
from .weight_names import WeightNames


@torch.random.fork_rng(devices=[])
def record(
    model: Callable[..., Any], inputs: Any, name: str | None = None, *, naming: str = "modules", keep: bool = False
) -> tuple[Graph, dict[str, np.ndarray]]:
    """As `trace`; with `keep`, also the array of every value of the network on these inputs, by name, float32."""
    if naming not in ("modules", "legacy"):
        raise ValueError(f"naming must be 'modules' or 'legacy', not {naming!r}")
    load_layers()
    subject = subject_of(model)
    tracer = _run(subject, inputs, name, keep)
    if subject.program is not None and not tracer.problems and not keep:
        check_same(subject.program, subject.call, inputs)
    if not tracer.problems.stopped:
        warn_of_uncalled(tracer.called)
    if tracer.values.computed_constants and not tracer.problems:  # by the model: they must not depend on the input
        second = _run(subject, mapped(other_input, "", inputs), name, keep=False)
        tracer.problems += _changed_constants(tracer.values.computed_constants, second.values.computed_constants)
    if tracer.problems:
        raise UnsupportedError(tracer.problems, "traced", tracer.problems.stopped)
    drop_unused(tracer.graph)
    merge_slices(tracer.graph)
    warn_of_nonfinite(tracer.graph, WeightNames(subject))
    if not keep:
        warn_of_constants(tracer.constants)
        warn_of_state(subject, tracer.changed, inputs)
    fold_constants(tracer.graph, compute)
    if naming == "legacy":
        legacy_names(tracer.graph)
    return tracer.graph, {value.name: array for value, array in tracer.values.recorded.items()}


@torch.random.fork_rng(devices=[])
def record_in_float64(model: Callable[..., Any], inputs: Any, *, naming: str = "modules") -> dict[str, np.ndarray]:
    """The array of every value of the network on these inputs, by the same names as from `record`, in float64.

    Weights, inputs and constants have the same float32 numbers; every torch function is computed in float64.

    Raises UnsupportedError if the model cannot be traced in float64, and whatever the model raises.
    """
    tracer = _run(subject_of(model), inputs, None, keep=True, dtype=torch.float64)
    if tracer.problems:
        raise UnsupportedError(tracer.problems, "traced")
    drop_unused(tracer.graph)
    merge_slices(tracer.graph)
    fold_constants(tracer.graph, compute)
    if naming == "legacy":
        legacy_names(tracer.graph)
    return {value.name: array for value, array in tracer.values.recorded.items()}


def _run(subject: Subject, inputs: Any, name: str | None, keep: bool, dtype: torch.dtype = torch.float32) -> Tracer:
    tracer = Tracer(Graph(name or subject.name), subject, Taint(), keep, dtype)
    args, kwargs = bind_inputs(subject.call, inputs, tracer.net, tracer.values)
    try:
        with OrderlyInterrupts(), subject.prepared(tracer.taint, dtype) as state, torch.no_grad():
            with tracer.taint, tracer:
                result = subject.call(*args, **kwargs)
            tracer.changed = changed_names(state, tracer.taint)
    except TraceStopped:
        return tracer
    except Exception as error:
        if not isinstance(error, ConversionError):
            _add_note(error, subject, [*args, *kwargs.values()])
        raise
    tracer.constants = name_outputs(result, tracer.net, tracer.values, tracer.problems)
    return tracer


def _add_note(error: Exception, subject: Subject, inputs: list[Any]) -> None:
    """Adds the source location and the shapes of the inputs to an exception of the model (Python 3.11 shows it)."""
    shapes = " and ".join(str(list(item.shape)) for item in inputs if isinstance(item, torch.Tensor))
    at = raised_at(error, subject.modules)
    note = f"the model itself raised this{f' at {at}' if at else ''}{f', on an input of {shapes}' if shapes else ''}"
    error.__notes__ = [*getattr(error, "__notes__", []), note]  # type: ignore[attr-defined]


def _changed_constants(first: list[tuple[str, np.ndarray]], second: list[tuple[str, np.ndarray]]) -> list[Problem]:
    """A problem for each constant that differs between two runs on different inputs."""
    what = "uses a tensor that changed with the input but was not traced (another thread, memory shared with a traced "
    what += "tensor, a compiled extension, or Python's random numbers)"
    fix = "compute it with torch functions in the model's own thread"
    pairs = zip(first, second, strict=False)
    locations = [where for (where, a), (_, b) in pairs if not np.array_equal(a, b, equal_nan=True)]
    if len(first) != len(second) and not locations:
        locations = [max(first, second, key=len)[min(len(first), len(second))][0]]
    return [Problem(where, what, fix) for where in locations]
