"""python -m tests.sweep.onnx_exports GROUP ... --results FILE: networks exported to ONNX and converted to Caffe.

GROUP: torchvision, by two exporters; families, one of each of its families at the other opsets; peers; others. Each
network in a process of its own, written by the exporters, converted, and compared with onnxruntime; its layers with
those of a trace of the model. Families, peers and others are run in real Caffe too, others in OpenCV and ncnn.
RESULTS gets a JSON line for each file, and a run that was cut goes on where it ended; `--page` writes
docs/onnx-exports.md.
"""

from __future__ import annotations

import json
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from rich.console import Console

from pytorch2caffe import ConversionError, UnsupportedError, load_onnx, save_caffe, save_ncnn, trace
from pytorch2caffe.backends.caffe.dialect_file import dialect
from pytorch2caffe.backends.caffe.lower import lower
from pytorch2caffe.runtime.infer import infer
from pytorch2caffe.verify.compare import Comparison
from pytorch2caffe.verify.compare_ncnn import compare_in_ncnn
from pytorch2caffe.verify.onnx_model import reference_of, run_onnx
from pytorch2caffe.verify.report import verdict
from pytorch2caffe.verify.runtimes import RuntimeFailed
from pytorch2caffe.verify.verify import Reference, compare_with
from tests.sweep import onnx_networks
from tests.sweep.onnx_networks import EVERY, FAMILIES, MAIN, TORCHSCRIPT, ULTRALYTICS, Export

ENDS = ("equal", "equal within float32", "refused", "WRONG", "not exported", "not run")
TOLERANCE = 1e-4
LARGEST_IN_CAFFE = 400e6  # bytes of weights of what is run in real Caffe as well


@dataclass
class Result:
    """What became of one ONNX file.

    exporter:   as in onnx_networks.Export. inputs: the shapes of the inputs.
    end, why:   one of ENDS, and the reason of a bad one.
    error:      the largest relative L2 difference of an output from onnxruntime's.
    nodes:      of the ONNX graph. layers: of the Caffe file, BatchNorm folded. traced: the same of a direct trace.
    runtimes:   what other runtimes gave, each with the file of its dialect: the error, or a reason.
    """

    group: str
    network: str
    exporter: str
    inputs: list[list[int]]
    end: str = ""
    why: str = ""
    error: float = float("nan")
    nodes: int = 0
    layers: int = 0
    traced: int = 0
    runtimes: dict[str, float | str] = field(default_factory=dict)
    seconds: float = 0.0


def judge(group: str, name: str, exports: Sequence[Export], runtimes: Sequence[str]) -> list[Result]:
    """Exports a network with each of the exporters, and converts and compares each file."""
    torch.set_num_threads(1)
    model, inputs = onnx_networks.build(group, name)
    shapes = [list(x.shape) for x in inputs]
    layers = 0
    if exports[0].exporter != ULTRALYTICS:
        layers = len(lower(trace(model, inputs), dialect("caffe"), infer, fold_bn=True).nodes)
    found = []
    for export in exports:
        result = Result(group, name, str(export), shapes, traced=layers)
        start = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "net.onnx"
            try:
                onnx_networks.write(model, inputs, export, path)
            except Exception as error:  # noqa: BLE001 - exporters raise what comes
                result.end, result.why = "not exported", _line(error)
            else:
                _convert(result, path, [x.numpy() for x in inputs], runtimes)
        result.seconds = round(time.process_time() - start, 1)
        found.append(result)
    return found


def _convert(result: Result, path: Path, inputs: list[np.ndarray], runtimes: Sequence[str]) -> None:
    """Converts one file and compares it in the built-in runtime, then in others."""
    import onnx

    result.nodes = len(onnx.load(path, load_external_data=False).graph.node)
    try:
        graph = load_onnx(path, [x.shape for x in inputs])
        inputs = inputs[: len(graph.inputs)]
        reference = reference_of(graph, inputs, run_onnx(path, graph, inputs))
        result.layers, weights, (result.end, result.why, result.error) = _in(reference, path.parent, "builtin")
    except RuntimeFailed as error:  # onnxruntime's own
        result.end, result.why = "not run", _line(error)
    except UnsupportedError as error:
        result.end, result.why = "refused", "; ".join(dict.fromkeys(problem.what for problem in error.problems))
    except ConversionError as error:
        result.end, result.why = "refused", _line(error)
    except Exception as error:  # noqa: BLE001 - what is not a refusal is wrong
        result.end, result.why = "WRONG", f"{type(error).__name__}: {_line(error)}"
    if not result.end.startswith("equal"):
        return
    for runtime in runtimes if weights < LARGEST_IN_CAFFE else ():
        try:
            in_this = _in_ncnn if runtime == "ncnn" else _in
            _, _, (end, why, error) = in_this(reference, path.parent, runtime)
            result.runtimes[runtime] = error if end.startswith("equal") else f"different: {why}"
            if end == "WRONG" and runtime == "caffe":
                result.end, result.why = "WRONG", f"real Caffe: {why}"
        except (ConversionError, RuntimeFailed) as error:
            result.runtimes[runtime] = f"refused: {str(error)[:300]}"


def _in(reference: Reference, folder: Path, runtime: str) -> tuple[int, int, tuple[str, str, float]]:
    """The layers and bytes of the file for a runtime, and how it compares there: end, why, error."""
    target = runtime if runtime == "opencv" else "caffe"
    files = folder / f"{target}.prototxt", folder / f"{target}.caffemodel"
    written = save_caffe(reference.graph, *files, target, fold_bn=True, split_weights=target == "caffe")
    comparison = compare_with(reference, files[0], written.caffemodels, runtime)
    size = sum(path.stat().st_size for path in written.caffemodels)
    return len(written.nodes), size, _end_of(comparison, inner=runtime == "builtin")


def _in_ncnn(reference: Reference, folder: Path, runtime: str) -> tuple[int, int, tuple[str, str, float]]:
    """The same for the files that ncnn reads."""
    graph = reference.graph
    files = save_ncnn(graph, folder / "net")
    inputs = {value.name: reference.values[value.name] for value in graph.inputs}
    comparison = compare_in_ncnn(graph, folder / "net.param", folder / "net.bin", files, inputs)
    return len(files.graph.nodes), 0, _end_of(comparison, inner=False)


def _end_of(comparison: Comparison, inner: bool) -> tuple[str, str, float]:
    """inner: whether blobs within the network decide, too."""
    outputs = [row for row in comparison.rows if row.output]
    error = max((row.relative_l2 for row in outputs), default=float("nan"))
    equal = comparison.equal if inner else outputs and all(row.equal for row in outputs)
    if comparison.missing_outputs or not equal:
        return "WRONG", verdict(comparison), error
    return "equal" if error <= TOLERANCE else "equal within float32", "", error


def _line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:300]


# ---- the command -----------------------------------------------------------------------------------------------------


def exports_of(group: str, name: str) -> tuple[Export, ...]:
    """The exporters that a network is written with."""
    if name.startswith("ultralytics/"):
        return (Export(ULTRALYTICS, 0),)
    if group == "families":
        return tuple(export for export in EVERY if export not in MAIN)
    return MAIN if group == "torchvision" else (Export(TORCHSCRIPT, 17),)


def runtimes_of(group: str, name: str) -> tuple[str, ...]:
    """The runtimes that a network's files are run in besides the built-in one."""
    if group == "others":
        return "caffe", "opencv", "ncnn"
    return ("caffe",) if group == "peers" or name in FAMILIES else ()


def read(results: Path) -> list[Result]:
    """The outcomes in a file, the last one of each."""
    lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    rows = [Result(**json.loads(line)) for line in lines]
    return list({(row.group, row.network, row.exporter): row for row in rows}.values())


def _work(out: str, *arguments: Any) -> None:
    Path(out).write_text(json.dumps([asdict(result) for result in judge(*arguments)]), encoding="utf-8")


def _apart(group: str, name: str, exports: Sequence[Export], runtimes: Sequence[str]) -> list[Result]:
    """`judge` in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_work, args=(str(out), group, name, exports, runtimes))
        process.start()
        process.join()
        if out.exists():
            return [Result(**row) for row in json.loads(out.read_text(encoding="utf-8"))]
    why = f"its process ended with {process.exitcode}"
    return [Result(group, name, str(export), [], "WRONG", why) for export in exports]


@click.command()
@click.argument("groups", nargs=-1, type=click.Choice(["torchvision", "peers", "others", "families"]))
@click.option("--results", type=Path, required=True, help="JSON lines: what is there already is not run again")
@click.option("--only", multiple=True, help="only these networks, run again in any case")
@click.option("--page", "write", is_flag=True, help="write docs/onnx-exports.md from all results")
def main(groups: Sequence[str], results: Path, only: Sequence[str], write: bool) -> None:
    """Prints a line for each file; fails if one is WRONG."""
    console = Console(highlight=False, soft_wrap=True)
    done = {(row.group, row.network, row.exporter) for row in read(results)}
    for part in groups:
        group = "torchvision" if part == "families" else part
        for name in onnx_networks.networks(part):
            wanted = exports_of(part, name)
            exports = [e for e in wanted if name in only or not only and (group, name, str(e)) not in done]
            for result in _apart(group, name, exports, runtimes_of(group, name)) if exports else ():
                with results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(result)) + "\n")
                console.print(f"{name} {result.exporter}: {result.end} {result.error:.1e} {result.layers}", end=" ")
                console.print(f"of {result.traced} {result.runtimes or ''} {result.why}", markup=False)
    if write:
        from tests.sweep.onnx_exports_page import PAGE, page

        PAGE.write_text(page(read(results)), encoding="utf-8")
    raise SystemExit(any(row.end == "WRONG" for row in read(results)))


if __name__ == "__main__":
    main()
