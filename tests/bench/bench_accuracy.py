"""What int8 costs: top-1 on labelled images for each method, in ncnn itself; the cosine of torchvision's networks.

The networks of small_networks.py, trained on Fashion-MNIST (28x28 grey photographs of clothes, 60,000 to train and
10,000 to test; Debian's package dataset-fashion-mnist has the four files). PyTorch -> Caffe files -> table -> int8 in
ncnn; calibrated on 200 training images. `kl` is the method and the weight scales of ncnn's own ncnn2table.

python tests/bench/bench_accuracy.py DATA WEIGHTS [--train EPOCHS] [--images N]
python tests/bench/bench_accuracy.py --torchvision [NAME ...]

DATA is the folder of the four files, or the word digits: scikit-learn's 1,797, enlarged to 16x16, a third to test.
WEIGHTS is a folder for MobileNet.pth and ShuffleNet.pth, which --train writes.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pytorch2caffe import load_caffe, save_caffe, trace  # noqa: E402
from pytorch2caffe.backends.ncnn.writer import NcnnFiles, save_ncnn  # noqa: E402
from pytorch2caffe.convert.accuracy import Score, measure_accuracy  # noqa: E402
from pytorch2caffe.quantize.bias_correction import correct_biases  # noqa: E402
from pytorch2caffe.quantize.calibrate import Settings, calibrate  # noqa: E402
from pytorch2caffe.quantize.equalize import equalize  # noqa: E402
from pytorch2caffe.quantize.images import Dataset  # noqa: E402
from pytorch2caffe.quantize.labels import read_labelled  # noqa: E402
from tests.bench import small_networks  # noqa: E402

MEAN, DEVIATION = 72.9, 90.0
CALIBRATION = 200
VARIANTS = [(method, False, False) for method in ("kl", "aciq", "max", "percentile", "mse", "reference", "auto")]
VARIANTS += [("kl", True, True), ("mse", True, False), ("mse", False, True), ("mse", True, True), ("auto", True, True)]
NETWORKS = ["resnet18", "resnet50", "mobilenet_v2", "mobilenet_v3_large", "shufflenet_v2_x1_0", "squeezenet1_1"]
NETWORKS += ["efficientnet_b0", "mnasnet1_0"]


def read_idx(path: Path, offset: int) -> np.ndarray:
    """The bytes of an idx file after its header."""
    return np.frombuffer(gzip.decompress(path.read_bytes())[offset:], np.uint8)


def labelled(data: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Images [count, 1, height, width], normalised, and classes. part: train or t10k."""
    if data.name == "digits":
        return digits(part == "t10k")
    images = read_idx(data / f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
    return (images.astype(np.float32) - MEAN) / DEVIATION, read_idx(data / f"{part}-labels-idx1-ubyte.gz", 8)


def digits(test: bool) -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's digits: each third image to test."""
    from sklearn.datasets import load_digits

    found = load_digits()
    images = (np.kron(found.images, np.ones((1, 2, 2)))[:, None] * 15 - 127.5) / 127.5
    chosen = (np.arange(len(images)) % 3 == 0) == test
    return images[chosen].astype(np.float32), found.target[chosen]


def write_tensors(folder: Path, images: np.ndarray) -> list[Path]:
    """A .npy file for each image."""
    folder.mkdir()
    paths = [folder / f"{index:05}.npy" for index in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        np.save(path, image)
    return paths


def int8_files(load: Any, calibration: Path, variant: tuple[str, bool, bool], prefix: Path) -> NcnnFiles:
    """Writes int8 files of the network that `load` gives."""
    method, equalized, corrected = variant
    graph = load()
    dataset = Dataset([calibration], graph.inputs, {})
    if equalized:
        equalize(graph, dataset, batch=16)
    table = calibrate(graph, dataset, Settings(method), batch=16).table
    if corrected:
        correct_biases(graph, dataset, table, batch=16)
    return save_ncnn(graph, prefix, table, fold=True)


def name_of(variant: tuple[str, bool, bool]) -> str:
    method, equalized, corrected = variant
    return f"`{method}{' --equalize' * equalized}{' --bias-correction' * corrected}`"


def measure_small(name: str, data: Path, weights: Path, count: int) -> None:
    """The rows of one network of small_networks.py."""
    model = getattr(small_networks, name)()
    model.load_state_dict(torch.load(weights / f"{name}.pth", weights_only=True))
    test, classes = labelled(data, "t10k")
    with tempfile.TemporaryDirectory() as found:
        folder = Path(found)
        write_tensors(folder / "calibration", labelled(data, "train")[0][:CALIBRATION])
        paths = write_tensors(folder / "test", test[:count])
        (folder / "val.txt").write_text("".join(f"{p} {c}\n" for p, c in zip(paths, classes, strict=False)))
        files = folder / "n.prototxt", folder / "n.caffemodel"
        save_caffe(trace(model.eval(), torch.from_numpy(test[:1])), *files)
        prefixes = {}
        for index, variant in enumerate(VARIANTS):
            prefixes[str(folder / str(index))] = name_of(variant)
            int8_files(lambda: load_caffe(*files), folder / "calibration", variant, folder / str(index))
        graph = load_caffe(*files)
        scores = measure_accuracy(graph, read_labelled(folder / "val.txt", graph.inputs, {}), list(prefixes))
        print_scores(name, scores, prefixes)


def print_scores(name: str, scores: list[Score], names: dict[str, str]) -> None:
    low, high = scores[0].interval
    print(f"{name}: float {scores[0].top1.mean():.2%} ({low:.2%} to {high:.2%}) of {len(scores[0].top1)} images")
    for score in scores[1:]:
        difference, half = score.difference(scores[0])
        shares = f"{score.top1.mean():.2%} | {-100 * difference:.2f} ± {100 * half:.2f}"
        print(f"| {names[score.name]} | {shares} | {score.agreement(scores[0]):.2%} |", flush=True)


def measure_torchvision(name: str) -> None:
    """The cosine of a network with lively, uneven random weights, on images with the spectrum of photographs."""
    from pytorch2caffe.convert.int8_inputs import random_image
    from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
    from pytorch2caffe.verify.compare_ncnn import reference_of_graph
    from pytorch2caffe.verify.int8_losses import losses_in_ncnn
    from pytorch2caffe.verify.runtimes.ncnn import load_files
    from tests.lively import make_lively

    torch.manual_seed(0)
    random = np.random.default_rng(0)
    images = np.concatenate([(random_image((1, 3, 128, 128), random) - 128) / 60 for _ in range(8)]).astype(np.float32)
    model = torchvision_models().get_model(name, weights=None)
    model = small_networks.uneven(make_lively(model, torch.from_numpy(images[:2]), calibrate=True), 0.7).eval()
    with tempfile.TemporaryDirectory() as found:
        folder = Path(found)
        write_tensors(folder / "calibration", images)
        graph = trace(model, torch.from_numpy(images[:1]))
        references = [reference_of_graph(graph, {graph.inputs[0].name: image[None]}) for image in images[:4]]
        cells = []
        for variant in (("kl", False, False), ("mse", False, False), ("mse", True, True)):
            files = int8_files(graph.copy, folder / "calibration", variant, folder / "n")
            loaded = load_files(folder / "n.param", folder / "n.bin")
            losses = losses_in_ncnn(references, loaded, files.inputs, files.outputs)
            cells.append(f"{np.mean(losses.outputs):.6f}")
        print(f"| {name} | {files.int8} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--train", type=int, default=0)
    parser.add_argument("--images", type=int, default=10000)
    parser.add_argument("--networks", default="MobileNet,ShuffleNet")
    parser.add_argument("--torchvision", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.torchvision:
        for name in options.paths or NETWORKS:
            measure_torchvision(name)
        return
    data, weights = map(Path, options.paths)
    for name in options.networks.split(","):
        if options.train:
            torch.manual_seed(0)
            model = small_networks.uneven(getattr(small_networks, name)())
            images, classes = (torch.from_numpy(each) for each in labelled(data, "train"))
            small_networks.train(model, images, classes.long(), options.train, 64 if data.name == "digits" else 128)
            torch.save(model.state_dict(), weights / f"{name}.pth")
        measure_small(name, data, weights, options.images)


if __name__ == "__main__":
    main()
