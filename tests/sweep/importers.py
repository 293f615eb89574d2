"""python -m tests.sweep.importers RESULTS [--code FOLDER] [NAME ...]: networks in every consumer that can be run here.

Each network is written as the default file and for the consumer's own dialect, by the code of FOLDER (a checkout of
another commit, to compare with), and run by the consumers with this code. RESULTS gets a JSON line for each network,
and a run that was cut goes on where it ended. `--page BEFORE` then writes docs/importers.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

SIZES = {"inception_v3": 299, "vit_b_16": 112, "swin_t": 112, "convnext_tiny": 112}
NETWORKS = (
    *("alexnet", "vgg11", "vgg13_bn", "squeezenet1_0", "squeezenet1_1", "resnet18", "resnet34", "resnet50"),
    *("resnext50_32x4d", "wide_resnet50_2", "densenet121", "densenet169", "googlenet", "inception_v3"),
    *("mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "mnasnet0_5", "mnasnet1_0", "mnasnet1_3"),
    *("shufflenet_v2_x0_5", "shufflenet_v2_x1_0", "regnet_x_400mf", "regnet_x_800mf", "regnet_y_400mf"),
    *("regnet_y_800mf", "efficientnet_b0", "efficientnet_b1", "efficientnet_v2_s", "convnext_tiny"),
    *("swin_t", "vit_b_16"),
)
OWN = {
    "mnn": "mnn",
    "opencv": "opencv",
    "ncnn": "ncnn",
    "caffe2ncnn": "ncnn",
    "openvino": "openvino",
    "coreml": "coreml",
}
TITLES = {
    "mnn": "MNN",
    "opencv": "OpenCV",
    "ncnn": "ncnn, files of `pytorch2caffe ncnn`",
    "caffe2ncnn": "ncnn, files of its caffe2ncnn",
    "openvino": "OpenVINO",
    "coreml": "coremltools",
}
TOLERANCE = 1e-4


def write(name: str, folder: Path) -> None:
    """The network's files for each dialect, DIALECT.*, and its input and outputs, with the code that is imported."""
    import torch

    from pytorch2caffe import ConversionError, save_caffe, trace
    from pytorch2caffe.backends.caffe.dialect_file import names
    from tests.zoo import build

    side = SIZES.get(name, 224)
    model = build(name, **({"image_size": side} if name.startswith("vit") else {}))
    x = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        exact = model.double()(x.double()).numpy()
        expected = model.float()(x).numpy()
    np.savez(folder / "numbers.npz", x=x.numpy(), expected=expected, exact=exact)
    graph = trace(model, x)
    refused = {}
    for dialect in dict.fromkeys(["caffe", *OWN.values()]):
        if dialect in names():
            try:
                save_caffe(graph, folder / f"{dialect}.prototxt", folder / f"{dialect}.caffemodel", dialect)
            except ConversionError as error:
                refused[dialect] = str(error)
    (folder / "refused.json").write_text(json.dumps(refused))


def judge_files(folder: Path, dialect: str, runtime: str) -> dict[str, Any]:
    """What one consumer makes of one file: end, why, error (relative L2) and the number of its outputs."""
    from pytorch2caffe.frontends.caffe.reader import load_caffe
    from pytorch2caffe.verify.judge import judge
    from pytorch2caffe.verify.runtimes import RuntimeFailed, get

    refused = json.loads((folder / "refused.json").read_text())
    files = folder / f"{dialect}.prototxt", folder / f"{dialect}.caffemodel"
    if dialect in refused:
        return {"end": "not written", "why": refused[dialect].splitlines()[-1].strip()}
    if not files[0].exists():
        return {"end": "no dialect"}
    if reason := get(runtime).unavailable():
        raise SystemExit(f"{runtime}: {reason}")
    numbers, graph = np.load(folder / "numbers.npz"), load_caffe(*files)
    (value,) = graph.outputs.values()
    try:
        machine = get(runtime)
        fed = {graph.inputs[0].name: numbers["x"]}
        results = machine.run(*files, fed, {value.top or value.name})
        outputs = count_outputs(runtime, files, fed)
    except RuntimeFailed as error:
        return {"end": "refused", "why": str(error)[-600:]}
    except Exception as error:  # noqa: BLE001 - of a consumer in this process
        return {"end": "refused", "why": f"{type(error).__name__}: {error}"[-600:]}
    arrays = [array for (_, top), array in results.items() if top == (value.top or value.name)]
    if not arrays:
        return {"end": "refused", "why": "it has no output of that name", "outputs": outputs}
    actual, expected = arrays[0], numbers["expected"]
    error = float(np.linalg.norm(actual - expected) / np.linalg.norm(expected))
    plain = actual.shape == expected.shape and error <= TOLERANCE
    within = actual.shape == expected.shape and judge(expected, numbers["exact"], actual).equal
    end = "equal" if plain else "equal within float32" if within else "different"
    return {"end": end, "error": error, "outputs": outputs}


def count_outputs(runtime: str, files: tuple[Path, Path], fed: dict[str, np.ndarray]) -> int:
    """How many outputs the consumer lists: more than one are leftovers."""
    from pytorch2caffe.verify.runtimes import get
    from pytorch2caffe.verify.runtimes.converter import ConverterRuntime
    from pytorch2caffe.verify.runtimes.tops import unread_tops

    machine = get(runtime)
    if isinstance(machine, ConverterRuntime):
        return len({output for output, _ in machine.outputs(files[0], [files[1]], fed)})
    if runtime == "opencv":
        import cv2

        net = cv2.dnn.readNetFromCaffe(*map(str, files))
        return len(net.getUnconnectedOutLayersNames())
    return len(unread_tops(files[0].read_text()))


def run(name: str, code: Path, runtimes: Sequence[str] = tuple(OWN)) -> dict[str, Any]:
    """One network in consumers."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(code)}
        command = [sys.executable, str(Path(__file__).resolve()), "--write", name, folder]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode:
            return {"network": name, "failed": done.stderr.splitlines()[-1]}
        found: dict[str, Any] = {"network": name}
        for runtime in runtimes:
            kinds = dict.fromkeys(["caffe", OWN[runtime]])
            found[runtime] = {kind: judge_files(Path(folder), kind, runtime) for kind in kinds}
        return found


@click.command()
@click.argument("results", type=Path)
@click.argument("networks", nargs=-1)
@click.option("--code", type=Path, default=Path(__file__).resolve().parents[2], help="a checkout of another commit")
@click.option("--runtime", "runtimes", multiple=True, default=tuple(OWN), help="only these consumers")
@click.option("--page", "before", type=Path, help="write docs/importers.md, with this file for the state before")
def main(results: Path, networks: tuple[str, ...], code: Path, runtimes: tuple[str, ...], before: Path | None) -> None:
    """Runs the networks, or writes the page."""
    if before:
        from tests.sweep.importers_page import PAGE, page

        PAGE.write_text(page(read(before), read(results)), encoding="utf-8")
        return
    done = {found["network"] for found in read(results)} if results.exists() else set()
    for name in networks or NETWORKS:
        if name not in done:
            found = run(name, code, runtimes)
            print(name, {r: {k: v["end"] for k, v in found.get(r, {}).items()} for r in OWN}, flush=True)
            with results.open("a") as stream:
                stream.write(json.dumps(found) + "\n")


def read(results: Path) -> list[dict[str, Any]]:
    """The results of a file."""
    return [json.loads(line) for line in results.read_text().splitlines()]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
