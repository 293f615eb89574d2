"""python -m tests.sweep.faults [NETWORK ...]: faults seeded into written files, and whether export reports them.

Ten networks are written; each kind of fault changes one layer of the files; the true effect on the output is measured
in float64, and the function that export compares written files with is asked. All networks: writes docs/faults.md.
"""

from __future__ import annotations

import json
import multiprocessing
import tempfile
import zlib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np
import torch
from rich.console import Console

import caffe_proto
from pytorch2caffe import export, load_caffe, to_torch
from pytorch2caffe.convert.export import proof_of
from pytorch2caffe.convert.random_like import random_like
from pytorch2caffe.errors import ConversionError, DifferentError
from tests.paths import ROOT
from tests.sweep.fault_kinds import KINDS, WEIGHTED, Files, Spot
from tests.sweep.fault_networks import NETWORKS, network

PAGE = ROOT / "docs" / "faults.md"
INPUTS = 3  # on which unmodified files are compared, to count false alarms
HAVE_WEIGHTS = {*WEIGHTED, "BatchNorm", "PReLU"}
DRAWS = 1  # layers, for each kind and network


@dataclass(frozen=True)
class Fault:
    """A fault and what was said of it.

    kind, where: what was changed, and in which layer. `kind` is "" for the unmodified files.
    effect: of the fault on the output, in float64: the larger of the relative L2 difference and the largest
            difference relative to the largest number; inf if the file cannot be run. noise: the same for the model in
            float32.
    verdict: "equal", "different" (as export says), or "refused" (the file cannot be read or run).
    """

    network: str
    kind: str
    where: str
    effect: float
    noise: float
    verdict: str
    message: str = ""

    @property
    def found(self) -> bool:
        return self.verdict != "equal"


def effect_of(actual: list[np.ndarray], exact: list[np.ndarray]) -> float:
    """The largest difference between two lists of outputs, relative to the second; inf for other shapes or NaN."""
    if [a.shape for a in actual] != [e.shape for e in exact]:
        return float("inf")
    pairs = zip(actual, exact, strict=True)
    largest = max(max(_relative(a - e, e, np.linalg.norm), _relative(a - e, e, np.max)) for a, e in pairs)
    return largest if np.isfinite(largest) else float("inf")


def _relative(difference: np.ndarray, exact: np.ndarray, size: object) -> float:
    assert callable(size)
    return float(size(np.abs(difference).ravel())) / (float(size(np.abs(exact).ravel())) or 1.0)


class Judged:
    """One network, written; its faults can be judged one after the other."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.model, self.x, self.dialect = network(name)
        self.files = folder / "net.prototxt", folder / "net.caffemodel"
        export(self.model, self.x, *self.files, dialect=self.dialect)
        self.seed = zlib.crc32(name.encode())
        self.original = read(*self.files)
        self.output_names = list(load_caffe(*self.files).outputs)
        self.exact = self._outputs_of(deepcopy(self.model).double(), self._input(self.seed).double())
        self.noise = effect_of(self._outputs_of(self.model, self._input(self.seed)), self.exact)

    def _input(self, seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return random_like(self.x)

    def _outputs_of(self, model: torch.nn.Module, x: torch.Tensor) -> list[np.ndarray]:
        with torch.no_grad():
            result = model(x)
        return [t.double().numpy() for t in (result if isinstance(result, (tuple, list)) else [result])]

    def _outputs_of_files(self, files: tuple[Path, Path]) -> list[np.ndarray]:
        """The outputs of changed files in float64, in the order of the written ones; without those that are gone."""
        graph = load_caffe(*files)
        graph.outputs = {name: graph.outputs[name] for name in self.output_names if name in graph.outputs}
        return self._outputs_of(to_torch(graph).double(), self._input(self.seed).double())

    def unmodified(self, seed: int) -> Fault:
        """The verdict on the files as written, for an input."""
        return Fault(self.name, "", f"input {seed}", 0.0, self.noise, *self._verdict(self.files, self.seed + seed))

    def faults(self) -> Iterator[tuple[str, str, Files]]:
        """(kind, layer and what was done, changed files) for up to DRAWS layers of each kind that applies."""
        layers = self.original.net["layer"]
        for kind, (types, change) in KINDS.items():
            random = np.random.default_rng(zlib.crc32(f"{self.name}/{kind}".encode()))
            left = DRAWS
            for index in random.permutation([i for i, layer in enumerate(layers) if self._applies(i, types)]):
                changed = deepcopy(self.original)
                layer = changed.net["layer"][index]
                done = change(Spot(layer, changed.blobs[index], random, changed.net))
                if done is not None:
                    yield kind, f"{layer['name']} ({done})", changed
                    left -= 1
                if not left:
                    break

    def _applies(self, index: int, types: tuple[str, ...]) -> bool:
        """Whether a layer has one of these types, and weights of its own if its type has weights."""
        kind = self.original.net["layer"][index]["type"]
        return kind in types and (bool(self.original.blobs[index]) or kind not in HAVE_WEIGHTS)

    def judge(self, kind: str, where: str, changed: Files) -> Fault:
        """Writes changed files, measures the effect in float64, and asks for the verdict."""
        files = self.folder / "changed.prototxt", self.folder / "changed.caffemodel"
        write(changed, *files)
        verdict, message = self._verdict(files, self.seed)
        try:
            effect = effect_of(self._outputs_of_files(files), self.exact)
        except (ConversionError, RuntimeError) as error:
            effect, message = float("inf"), message or str(error)
        return Fault(self.name, kind, where, effect, self.noise, verdict, message[:300])

    def _verdict(self, files: tuple[Path, Path], seed: int) -> tuple[str, str]:
        torch.manual_seed(seed)
        try:
            proof_of(self.model, self.x, "modules")(files[0], [files[1]])
        except DifferentError as error:
            return "different", str(error)
        except (ConversionError, RuntimeError) as error:
            return "refused", str(error)
        return "equal", ""


def read(prototxt: Path, caffemodel: Path) -> Files:
    """Both files as data that can be changed."""
    net = caffe_proto.to_dict(caffe_proto.read_prototxt(prototxt).net)
    by_name = caffe_proto.blobs_by_name(caffemodel)
    return Files(net, [[blob.copy() for blob in by_name.get(layer["name"], ())] for layer in net["layer"]])


def write(files: Files, prototxt: Path, caffemodel: Path) -> None:
    """The files of changed data."""
    caffe_proto.write_prototxt(files.net, prototxt)
    caffe_proto.write_caffemodel(files.net, files.blobs, caffemodel)


def seed_faults(name: str, sample: int = 0, inputs: int = INPUTS) -> list[Fault]:
    """The verdicts on one network: unmodified on several inputs, then with each fault, or with `sample` of them."""
    with tempfile.TemporaryDirectory() as folder:
        judged = Judged(name, Path(folder))
        result = [judged.unmodified(seed) for seed in range(inputs)]
        if not sample:
            return result + [judged.judge(*fault) for fault in judged.faults()]
        faults = list(judged.faults())
        return result + [judged.judge(*fault) for fault in faults[:: max(len(faults) // sample, 1)][:sample]]


def _work(name: str) -> list[dict[str, object]]:
    torch.set_num_threads(1)
    return [asdict(fault) for fault in seed_faults(name)]


@click.command()
@click.argument("networks", nargs=-1)
@click.option("--jobs", default=2, show_default=True, help="processes")
@click.option(
    "--json", "kept", type=Path, help="where the verdicts are kept; networks that are there are not run again"
)
def main(networks: tuple[str, ...], jobs: int, kept: Path | None) -> None:
    """Prints what was not found, and false alarms; fails if there are any."""
    from tests.sweep.faults_page import missed, page

    done = json.loads(kept.read_text(encoding="utf-8")) if kept and kept.exists() else {}
    wanted = networks or tuple(NETWORKS)
    missing = [name for name in wanted if name not in done]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for name, found in zip(missing, pool.imap(_work, missing), strict=True):
            done[name] = found
            if kept:
                kept.write_text(json.dumps(done, indent=1), encoding="utf-8")
    faults = [Fault(**entry) for name in wanted for entry in done[name]]
    if not networks:
        PAGE.write_text(page(faults), encoding="utf-8")
    console, wrong = Console(highlight=False), missed(faults)
    for fault in wrong:
        console.print(f"{fault.network}: {fault.kind or 'FALSE ALARM'} {fault.where}: {fault.effect:.1e}", markup=False)
    console.print(f"{len(faults)} verdicts, {len(wrong)} wrong")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
