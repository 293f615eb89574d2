"""What becomes of a network of another package: exported as `export` does, judged as it judges, and in real Caffe."""

from __future__ import annotations

import contextlib
import tempfile
import time
import traceback
import warnings
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pytorch2caffe import ConversionError, UnsupportedError, export, verify
from pytorch2caffe.verify.report import verdict
from tests.lively import make_lively
from tests.sweep import packages
from tests.sweep.case import seed
from tests.sweep.measure import size

ENDS = ("equal", "equal within float32", "refused", "WRONG", "skipped")


@dataclass(frozen=True)
class Network:
    """What became of one network.

    package, name: of the network. end: one of ENDS. why: what is wrong, or why it was skipped.
    problems:      of a refusal: its causes, in the order of the model.
    inputs:        the shapes of the inputs.
    size:          how large the files are (tests.sweep.measure); empty of one that was refused.
    seconds:       what export took, with its check.
    caffe, opencv: "equal", what is wrong in that runtime, or "" where it was not run.
    day, gibibytes: when it was run, YYYY-MM-DD, and the most memory that its process could take.
    """

    package: str
    name: str
    end: str
    why: str = ""
    problems: tuple[str, ...] = ()
    inputs: tuple[tuple[int, ...], ...] = ()
    size: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    caffe: str = ""
    opencv: str = ""
    day: str = ""
    gibibytes: int = 0

    def __str__(self) -> str:
        return f"{self.package}/{self.name}"


def judge(package: str, name: str, runtimes: Collection[str] = ()) -> Network:
    """Builds a network, exports it and compares every blob; in real Caffe and OpenCV too, if `runtimes` names them."""
    warnings.simplefilter("ignore")
    seed()
    try:
        model, inputs = packages.build(package, name)
        _enliven(model, inputs)
        with torch.no_grad():
            model(*inputs)
    except MemoryError:
        raise
    except Exception as error:
        return Network(package, name, "skipped", f"raises in PyTorch: {_line(error)}")
    facts: dict[str, Any] = {"inputs": tuple(tuple(x.shape) for x in inputs)}
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "net.prototxt", Path(folder) / "net.caffemodel"
        start = time.process_time()
        try:
            graph = export(model, inputs, *files, check=False)
            facts["size"] = asdict(size(graph, model))
            comparison = verify(model, *files, _shuffled(inputs))
        except UnsupportedError as error:
            problems = tuple(problem.what for problem in error.problems)
            return Network(package, name, "refused", problems=problems, **facts)
        except ConversionError as error:
            return Network(package, name, "refused", problems=(_line(error),), **facts)
        except Exception as error:
            if isinstance(error, MemoryError) or "allocate memory" in str(error):
                raise MemoryError from error
            return Network(package, name, "WRONG", _internal(error), **facts)
        facts["seconds"] = round(time.process_time() - start, 1)
        if not comparison.equal:
            return Network(package, name, "WRONG", verdict(comparison), **facts)
        facts |= {runtime: _in_runtime(runtime, model, inputs, files) for runtime in runtimes}
    if facts.get("caffe", "").startswith("different"):
        return Network(package, name, "WRONG", f"real Caffe: {facts['caffe']}", **facts)
    end = "equal within float32" if comparison.within_float32 else "equal"
    return Network(package, name, end, **facts)


def _in_runtime(runtime: str, model: nn.Module, inputs: Any, files: tuple[Path, Path]) -> str:
    """`equal`, or what the runtime says or gives instead; OpenCV gets files of its own dialect."""
    try:
        if runtime == "opencv":
            export(model, inputs, *files, dialect="opencv", check=False)
        comparison = verify(model, *files, _shuffled(inputs), runtime)
    except Exception as error:
        return _line(error)
    return "equal" if comparison.equal else verdict(comparison)


def _shuffled(inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """The same numbers in another order: a filter of pictures is not defined for negative brightness."""
    return tuple(x.flatten()[torch.randperm(x.numel())].reshape(x.shape) for x in inputs)


def _enliven(model: nn.Module, inputs: Any) -> None:
    """Lively weights; a network that the calibration pass cannot run keeps the random ones of its constructor."""
    with torch.no_grad():
        for parameter in model.parameters():
            if not (parameter.abs() < 1e6).all():  # memory that the constructor left as it was
                parameter.normal_(std=0.02)
    with contextlib.suppress(AttributeError, RuntimeError, TypeError, NotImplementedError):
        make_lively(model, *inputs, calibrate=True)
    model.eval().requires_grad_(False)


def _internal(error: Exception) -> str:
    """An exception that is no refusal, with the innermost line of ours."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "pytorch2caffe" in Path(f.filename).parts]
    place = f" ({Path(frames[-1].filename).name}, {frames[-1].name})" if frames else ""
    return f"{type(error).__name__}: {_line(error)}{place}"


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
