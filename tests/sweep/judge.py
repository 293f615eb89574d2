"""What becomes of one case: equal, refused, WRONG or skipped, and why."""

from __future__ import annotations

import contextlib
import re
import tempfile
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pytorch2caffe import ConversionError, UnsupportedError, export
from pytorch2caffe.errors import DifferentError
from pytorch2caffe.frontends.torch.structure import mapped, named_leaves
from pytorch2caffe.verify.compare import compare
from pytorch2caffe.verify.runtimes import RuntimeFailed, get
from tests.sweep.case import Case, seed

TOLERANCE = 1e-4
ENDS = ("equal", "refused", "WRONG", "skipped")


Trial = tuple[tuple[torch.Tensor, ...], list[torch.Tensor]]  # inputs, and the outputs of the model


@dataclass(frozen=True)
class Outcome:
    """case: its name. end: one of ENDS. why: the reason for a refusal, a skip, or what is wrong."""

    case: str
    end: str
    why: str = ""


def judge(case: Case, runtimes: tuple[str, ...] = ("builtin",)) -> Outcome:
    """Exports a case, reads the files back, and runs them on the sample's own inputs and on fresh ones."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        seed(1)
        try:
            own = _finite(case.inputs)
            trials = [(own, _expected(case, own))]
        except Exception as error:
            return Outcome(str(case), "skipped", f"raises in PyTorch: {_first_line(error)}")
        with contextlib.suppress(Exception):  # other numbers of the same range may not do: lengths, matrices
            trials += [(inputs, _expected(case, inputs)) for inputs in [_fresh(own)]]
        files = Path(folder) / "net.prototxt", Path(folder) / "net.caffemodel"
        try:
            graph = export(case.model, own, *files, check=False)
        except DifferentError as error:
            return Outcome(str(case), "WRONG", _first_line(error))
        except UnsupportedError as error:
            return Outcome(str(case), "refused", error.problems[0].what)
        except ConversionError as error:
            return Outcome(str(case), "refused", _first_line(error))
        except Exception as error:
            return Outcome(str(case), "WRONG", _internal(error))
        if len(graph.outputs) < len(trials[0][1]):
            trials = _without_constants(trials)
        for runtime in runtimes:
            for inputs, expected in trials:
                if wrong := _differs(graph, files, inputs, expected, runtime):
                    return Outcome(str(case), "WRONG", wrong)
    return Outcome(str(case), "equal")


def _without_constants(trials: list[Trial]) -> list[Trial]:
    """The trials without the outputs that are the same for all inputs: `export` leaves them out."""
    changing = [
        not all(torch.equal(outputs[0], other) for other in outputs[1:])
        for outputs in zip(*(e for _, e in trials), strict=True)
    ]
    return [
        (inputs, [t for t, changes in zip(outputs, changing, strict=True) if changes]) for inputs, outputs in trials
    ]


def _finite(inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """Without NaN and inf: masks are a product with 0 and 1, which those survive."""
    return tuple(torch.nan_to_num(t, 1.0, 2.0, -2.0) if t.is_floating_point() else t for t in inputs)


def _expected(case: Case, inputs: tuple[torch.Tensor, ...]) -> list[torch.Tensor]:
    with torch.no_grad():
        result = case.model(*(tensor.clone() for tensor in inputs))
    found = [leaf for _, leaf in named_leaves(result) if isinstance(leaf, torch.Tensor)]
    return [tensor.detach().to_dense() if tensor.layout != torch.strided else tensor.detach() for tensor in found]


def _array(tensor: torch.Tensor) -> np.ndarray:
    kind = torch.complex64 if tensor.is_complex() else torch.float32
    return tensor.resolve_conj().resolve_neg().to(kind).numpy().copy()


def _rounded(array: np.ndarray, like: torch.Tensor) -> np.ndarray:
    """As half and bfloat16 results are, so that both are rounded: the network itself stays in float32."""
    return torch.from_numpy(array).to(like.dtype).float().numpy() if like.dtype.itemsize == 2 else array


def _fresh(inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """Other numbers from the range of the sample's own, so that what a function is defined for stays so."""

    def mixed(_: str, tensor: torch.Tensor) -> torch.Tensor:
        flat = tensor.flatten()
        one, other = (flat[torch.randperm(flat.numel())].reshape(tensor.shape) for _ in range(2))
        return 0.7 * one + 0.3 * other if tensor.is_floating_point() else one

    return mapped(mixed, "", inputs)


def _differs(graph: Any, files: Any, inputs: Any, expected: list[torch.Tensor], runtime: str) -> str:
    fed = {value.name: tensor.float().numpy() for value, tensor in zip(graph.inputs, inputs, strict=True)}
    tops = [value.name for value in graph.outputs.values()]
    if len(tops) != len(expected):
        return f"{len(tops)} outputs instead of {len(expected)}"
    try:
        results = {top: array for (_, top), array in get(runtime).run(*files, fed, set(tops)).items()}
    except RuntimeFailed as error:
        return f"{runtime}: {_first_line(error)}"
    except Exception as error:
        return f"{runtime}: {_internal(error)}"
    results = {top: _rounded(results[top], like) for top, like in zip(tops, expected, strict=True) if top in results}
    reference = {top: _array(tensor) for top, tensor in zip(tops, expected, strict=True)}
    found = compare(reference, results, tolerance=TOLERANCE, outputs=tops)
    if found.equal:
        return ""
    row = found.first
    return f"{runtime}: " + (row.note or f"relative L2 {row.relative_l2:.1e}" if row else "an output is missing")


def _internal(error: Exception) -> str:
    """An exception that is no refusal, with the innermost line of ours."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "pytorch2caffe" in Path(f.filename).parts]
    place = f" ({Path(frames[-1].filename).name}, {frames[-1].name})" if frames else ""
    return f"{type(error).__name__}: {_first_line(error)}{place}"


def _first_line(error: Exception) -> str:
    return re.sub(r"0x[0-9a-f]+", "0x", (str(error).splitlines() or [""])[0])[:300]
