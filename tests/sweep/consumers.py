"""python -m tests.sweep.consumers [NETWORK ...]: which consumers of Caffe files accept which networks.

Each network is lowered for every dialect. The files of PAGE's networks also run in the consumers that are installed.
Outcomes are kept in --results, so that a run can be cut and goes on where it ended. All networks: docs/consumers.md.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import click
import numpy as np
from rich.console import Console

from pytorch2caffe import ConversionError, UnsupportedError, load_caffe, save_caffe, save_ncnn, trace
from pytorch2caffe.backends.caffe.dialect_file import dialect, names
from pytorch2caffe.convert.consumers import consumers_of
from pytorch2caffe.convert.lower_files import output_differences
from pytorch2caffe.graph.graph import Graph
from pytorch2caffe.runtime.random_inputs import random_inputs
from pytorch2caffe.runtime.run import relative_l2, run
from pytorch2caffe.verify.runtimes import get
from tests.paths import ROOT
from tests.sweep import consumer_networks
from tests.sweep.consumers_page import PARAM, page
from tests.sweep.packages.loading import prepare

PAGE = ROOT / "docs" / "consumers.md"
RESULTS = ROOT / "consumers.jsonl"
TOLERANCE = 1e-4


@dataclass
class Outcome:
    """What the consumers make of one network.

    layers: of its graph. written: {dialect: layers}. refused: {dialect: [reasons]}. as_it_is: dialects that have each
    of its layers. runs: {dialect, or PARAM: "equal", or how its output differs, or why it could not run the files}.
    """

    network: str
    layers: int
    written: dict[str, int] = field(default_factory=dict)
    refused: dict[str, list[str]] = field(default_factory=dict)
    as_it_is: list[str] = field(default_factory=list)
    runs: dict[str, str] = field(default_factory=dict)


def outcome(name: str, *, with_runs: bool) -> Outcome:
    """Lowers a network for every dialect, and runs the files where a consumer is installed."""
    graph = trace(*consumer_networks.build(name))
    found = Outcome(name, len(graph.nodes))
    for each in consumers_of(graph):
        if each.problems:
            found.refused[each.consumer] = [f"{problem.where}: {problem.what}" for problem in each.problems]
        else:
            found.written[each.consumer] = each.layers
            found.as_it_is += [each.consumer] if each.as_it_is else []
    if with_runs:
        for target in (name for name in names() if dialect(name).runtime and name in found.written):
            if get(dialect(target).runtime).unavailable() is None:
                found.runs[target] = _run(graph, target)
        found.runs[PARAM] = _run_param(graph)
    return found


def _run(graph: Graph, target: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "net.prototxt"), Path(folder, "net.caffemodel")
        save_caffe(graph, *files, target)
        in_consumer = partial(get(dialect(target).runtime).run, files[0], [files[1]])
        try:
            return "; ".join(output_differences(graph, load_caffe(*files), TOLERANCE, in_consumer)) or "equal"
        except (ConversionError, KeyError) as error:
            return f"cannot run it: {error}".partition("\n")[0]


def _run_param(graph: Graph) -> str:
    machine = get("ncnn")
    if reason := machine.unavailable():
        return reason
    with tempfile.TemporaryDirectory() as folder:
        try:
            files = save_ncnn(graph, f"{folder}/net")
            inputs = random_inputs(graph)
            fed = {files.inputs[name]: array for name, array in inputs.items()}
            tops = {top: a for (_, top), a in machine.run(f"{folder}/net.param", f"{folder}/net.bin", fed).items()}
        except UnsupportedError as error:
            return f"refused: {error.problems[0].what}"
        except ConversionError as error:
            return f"cannot run it: {error}".partition("\n")[0]
    expected = {top: array for (_, top), array in run(graph, inputs).items()}
    pairs = [(tops[files.outputs[name]], expected[value.top or value.name]) for name, value in graph.outputs.items()]
    worst = max(relative_l2(np.reshape(a, e.shape), e) if a.size == e.size else np.inf for a, e in pairs)
    return "equal" if worst <= TOLERANCE else f"differs by {worst:.1e} of its norm"


def outcomes(path: Path, only: tuple[str, ...]) -> Iterator[Outcome]:
    """Those in the file, then those that are still missing, which are added to it."""
    known = {}
    if path.exists():
        known = {each["network"]: Outcome(**each) for each in map(json.loads, path.read_text().splitlines())}
    for name in only or consumer_networks.names():
        if name not in known:
            known[name] = outcome(name, with_runs=name in consumer_networks.PAGE)
            with path.open("a") as file:
                file.write(json.dumps(asdict(known[name])) + "\n")
        yield known[name]


@click.command(help=__doc__)
@click.argument("networks", nargs=-1)
@click.option("--results", type=click.Path(path_type=Path), default=RESULTS, show_default=True)
def main(networks: tuple[str, ...], results: Path) -> None:
    prepare()
    console, found = Console(), []
    for each in outcomes(results, networks):
        found.append(each)
        console.print(f"{each.network}: {len(each.written)} accept it, {len(each.refused)} do not; {each.runs}")
    if not networks:
        PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
