# ruff: noqa: T201 - it prints a table
"""TensorFlow's networks at full size: what a conversion costs and how near PyTorch comes to TensorFlow.

Networks of slim with random weights and batch-norm statistics measured on random images. Each measurement runs in a
process of its own, so that its peak memory is its own.

usage: python tests/bench/bench_tensorflow.py FOLDER [NETWORK ...]     networks that are in FOLDER are not made again
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

SIZES = {
    "inception_v3": (299, 1001),
    "resnet_v2_152": (299, 1001),
    "resnet_v1_50": (224, 1000),
    "vgg_16": (224, 1000),
    "mobilenet_v1": (224, 1001),
    "inception_v1": (224, 1001),
    "inception_v2": (224, 1001),
    "mobilenet_v2": (224, 1001),
    "inception_resnet_v2": (299, 1001),
    "inception_v4": (299, 1001),
}
FORMS = {"checkpoint": "net.ckpt.meta", "frozen": "net.pb", "SavedModel": "saved"}
MMDNN = {"inception_v3": (6.8, 677), "resnet_v2_152": (13.0, 965), "vgg_16": (15.3, 1566)}  # seconds and MB of mmtoir


def make(name: str, folder: Path) -> None:
    from tests.frontends.tensorflow.tf_nets import save, slim_net

    size, classes = SIZES[name]
    shape = [None, size, size, 3]
    norm = name != "vgg_16"
    saved = save(folder, slim_net(name, classes), shape, norm=norm, saved_model=True)
    np.savez(folder / "ref.npz", input=saved.inputs[0], output=saved.outputs[0])


def measure(step: str, path: Path) -> dict[str, Any]:
    """Seconds and the peak of memory in MB of a whole process, imports included."""
    started = time.perf_counter()
    found: dict[str, Any] = {}
    if step == "import":
        import tensorflow  # noqa: F401
    elif step == "ir":
        from pytorch2caffe.frontends.tensorflow import read_tensorflow

        nodes = read_tensorflow(path, outputs="MMdnn_Output")
        found["weights"] = sum(array.nbytes for node in nodes for array in node.weights.values()) / 2**20
        found["touched"] = float(sum(array.sum() for node in nodes for array in node.weights.values()))
    else:
        from pytorch2caffe import to_torch
        from pytorch2caffe.frontends.tensorflow import load_tensorflow

        model = to_torch(load_tensorflow(path, outputs="MMdnn_Output"))
        found = {"seconds": time.perf_counter() - started, "cpu": time.process_time(), "memory": peak()}
        return {**found, "error": difference(model, path)}
    found["seconds"], found["cpu"], found["memory"] = time.perf_counter() - started, time.process_time(), peak()
    return found


def difference(model: Any, path: Path) -> float:
    """The relative L2 distance of PyTorch's output to TensorFlow's."""
    import torch

    with np.load(path.parent / "ref.npz") as reference, torch.no_grad():
        found = model(torch.from_numpy(reference["input"].transpose(0, 3, 1, 2))).numpy()
        expected = reference["output"]
    found = found.transpose(0, 2, 3, 1) if found.ndim == 4 else found
    if found.shape != expected.shape:
        raise ValueError(f"{found.shape} is not {expected.shape}")
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def peak() -> float:
    """The most memory this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(*arguments: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, __file__, "--one", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def main(folder: Path, names: list[str]) -> None:
    plain = run("import", "-")
    print(f"import tensorflow: {cost(plain)}\n")
    print("| network | from | weights | to IR | MMdnn's mmtoir | to PyTorch | error |")
    print("|---|---|---|---|---|---|---|")
    for name in names:
        place = folder / name
        if not (place / "ref.npz").exists():
            subprocess.run([sys.executable, __file__, "--make", name, str(place)], check=True, capture_output=True)
        for form, file in FORMS.items():
            ir, whole = (run(step, str(place / file)) for step in ("ir", "torch"))
            theirs = "{} s, {} MB".format(*MMDNN[name]) if name in MMDNN and form == "checkpoint" else ""
            cells = [name, form, f"{ir['weights']:.0f} MB", cost(ir), theirs, cost(whole), f"{whole['error']:.1e}"]
            print("| " + " | ".join(cells) + " |", flush=True)


def cost(found: dict[str, Any]) -> str:
    """Time on the clock and of the processor, and memory."""
    return f"{found['seconds']:.1f} s ({found['cpu']:.1f} s CPU), {found['memory']:.0f} MB"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(sys.argv[2], Path(sys.argv[3]))))
    elif sys.argv[1:2] == ["--make"]:
        make(sys.argv[2], Path(sys.argv[3]))
    else:
        main(Path(sys.argv[1]), sys.argv[2:] or list(SIZES))
