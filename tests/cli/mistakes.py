"""Typical mistakes on the command line: a title, the command, and the exit code."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import nn

import pytorch2caffe

MODELS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, classes=2):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.head = nn.Linear(4, classes)

    def forward(self, x):
        return self.head(torch.relu(self.conv(x)).mean((2, 3)))


class Ids(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(1000, 4)

    def forward(self, ids):
        return self.embedding(ids)


class Needs(nn.Module):
    def __init__(self, width):
        super().__init__()


class Odd(nn.Module):
    def forward(self, x):
        x = torch.sort(x, 1).values
        return x if x.sum() else -x


number = 3
"""
SCRIPT = "import argparse\nargparse.ArgumentParser().parse_args()\nraise SystemExit(0)\n"


class Mistake(NamedTuple):
    """What was done, the arguments, and the exit code."""

    title: str
    command: str
    code: int = 2


EXPORT = "--input-shape 1,3,8,8 -o out"
FILES = "net.prototxt net.caffemodel"
CALIBRATE = "calibrate --proto net.prototxt --model net.caffemodel"
MISTAKES = {
    "Commands and options": [
        Mistake("A misspelt command", f"exprot net.py:Net {EXPORT}"),
        Mistake("A misspelt option", "export net.py:Net --input-shap 1,3,8,8 -o out"),
        Mistake("No output", "export net.py:Net --input-shape 1,3,8,8"),
        Mistake("A folder that does not exist", "export net.py:Net --input-shape 1,3,8,8 -o results/out"),
        Mistake("The output is a folder", "export net.py:Net --input-shape 1,3,8,8 -o folder/"),
        Mistake("The output exists", "convert net.prototxt net.caffemodel --from caffe --to pytorch -o net"),
        Mistake("The target in capitals", f"export net.py:Net {EXPORT} --target NNIE"),
        Mistake("A misspelt target", f"export net.py:Net {EXPORT} --target cafe"),
        Mistake("A target file that does not exist", f"export net.py:Net {EXPORT} --target my.toml"),
        Mistake("All targets at once", f"export net.py:Net {EXPORT} --target all"),
    ],
    "The model": [
        Mistake("A network's name only", f"export resnet18 {EXPORT}"),
        Mistake("A misspelt torchvision network", f"export torchvision:resnet81 {EXPORT}"),
        Mistake("A file without the name of the model", f"export net.py {EXPORT}"),
        Mistake("A misspelt class", f"export net.py:Nett {EXPORT}"),
        Mistake("A dot instead of a colon", f"export models.Net {EXPORT}"),
        Mistake("A module that is not found", f"export models:Net {EXPORT}"),
        Mistake("A file that does not exist", f"export nett.py:Net {EXPORT}"),
        Mistake("A number instead of a model", f"export net.py:number {EXPORT}"),
        Mistake("A class that needs arguments", f"export net.py:Needs {EXPORT}"),
        Mistake("An argument that is not a constant", f'export "net.py:Net(classes=n)" {EXPORT}'),
        Mistake("A training script", f"export train.py:Net {EXPORT}"),
        Mistake("A package that is missing", f"export needs.py:Net {EXPORT}"),
        Mistake("A file with an error", f"export broken.py:Net {EXPORT}"),
        Mistake("A Caffe file as the model", f"export net.prototxt {EXPORT}"),
        Mistake("Weights as the model", f"export state.pth {EXPORT}"),
        Mistake("A text file that is called .pth", f"export text.pth {EXPORT}"),
        Mistake("ONNX as PyTorch", "convert net.onnx --from pytorch --input-shape 1,3,8,8 --to caffe -o out"),
    ],
    "The shape of the input": [
        Mistake("None", "export net.py:Net -o out"),
        Mistake("Without the batch", "export net.py:Net --input-shape 3,8,8 -o out"),
        Mistake("Height, width, channels", "export net.py:Net --input-shape 1,8,8,3 -o out"),
        Mistake("Letters", "export net.py:Net --input-shape 1,3,H,W -o out"),
        Mistake("A size of 0", "export net.py:Net --input-shape 0,3,8,8 -o out"),
        Mistake("One input too many", "export net.py:Net --input-shape 1,3,8,8 --input-shape 1,3 -o out"),
        Mistake("Integers that the model looks up", "export net.py:Ids --input-shape 1,8 -o out"),
        Mistake("None in convert", "convert net.py:Net --from pytorch --to caffe -o out"),
    ],
    "Weights": [
        Mistake("A file that does not exist", f"export net.py:Net {EXPORT} --weights missing.pth"),
        Mistake("Weights of another model", f"export net.py:Net {EXPORT} --weights other.pth"),
        Mistake("Weights of another size", f'export "net.py:Net(classes=7)" {EXPORT} --weights state.pth'),
        Mistake("Two sets of weights in a file", f"export net.py:Net {EXPORT} --weights two.pth"),
        Mistake("A key that is not in the file", f"export net.py:Net {EXPORT} --weights two.pth --weights-key emma"),
        Mistake("A key without a file", f"export net.py:Net {EXPORT} --weights-key ema"),
        Mistake("A file that is cut off", f"export net.py:Net {EXPORT} --weights cut.pth"),
        Mistake("No caffemodel", "convert net.prototxt --from caffe --to pytorch -o out"),
        Mistake("The files in the wrong order", "convert net.caffemodel net.prototxt --from caffe --to pytorch -o out"),
        Mistake("The caffemodel of another network", "lower net.prototxt other.caffemodel -o out"),
        Mistake("Trained files, and a model without weights", f"verify net.py:Net {FILES} --seed 1", 1),
    ],
    "What cannot be converted": [
        Mistake("Functions without a Caffe layer", f"export net.py:Odd {EXPORT}"),
    ],
    "Images and int8": [
        Mistake("No mean", f"{CALIBRATE} --images photos -o net.table"),
        Mistake("A mean for pixels of 0 to 1", f"{CALIBRATE} --images photos --mean 0.485 0.456 0.406 -o net.table"),
        Mistake(
            "A deviation for pixels of 0 to 1",
            f"{CALIBRATE} --images photos --mean 123.675 116.28 103.53 --std 0.229 0.224 0.225 -o net.table",
        ),
        Mistake("Two means for three channels", f"{CALIBRATE} --images photos --mean 104 117 -o net.table"),
        Mistake("A preset that does not exist", f"{CALIBRATE} --images photos --preprocess imagenet -o net.table"),
        Mistake("A folder without images", f"{CALIBRATE} --images folder --mean 0 -o net.table"),
        Mistake("Images that do not exist", f"{CALIBRATE} --images photo --mean 0 -o net.table"),
        Mistake("A table of another network", f"ncnn {FILES} --table other.table -o out"),
        Mistake("A runtime that does not exist", f"verify net.py:Net {FILES} --runtime tensorrt"),
    ],
}


def prepare(folder: Path) -> None:
    """Writes the files that the commands name."""
    (folder / "net.py").write_text(MODELS)
    (folder / "train.py").write_text(SCRIPT)
    (folder / "needs.py").write_text("import nosuchpackage\n")
    (folder / "broken.py").write_text("class Net(\n")
    (folder / "text.pth").write_text("weights\n")
    (folder / "folder").mkdir()
    (folder / "photos").mkdir()
    for index in range(3):
        pixels = np.random.default_rng(index).integers(0, 256, (9, 9, 3), np.uint8)
        Image.fromarray(pixels).save(folder / "photos" / f"{index}.png")
    torch.manual_seed(0)
    scope: dict[str, type[nn.Module]] = {"__name__": "net"}  # type: ignore[dict-item]
    exec(MODELS, scope)
    model = scope["Net"]().eval()
    pytorch2caffe.export(model, torch.zeros(1, 3, 8, 8), folder / "net.prototxt", folder / "net.caffemodel")
    pytorch2caffe.save_onnx(pytorch2caffe.trace(model, torch.zeros(1, 3, 8, 8)), folder / "net.onnx")
    other = nn.Sequential(nn.Conv2d(3, 5, 1)).eval()
    pytorch2caffe.export(other, torch.zeros(1, 3, 8, 8), folder / "other.prototxt", folder / "other.caffemodel")
    torch.save(model.state_dict(), folder / "state.pth")
    torch.save(other.state_dict(), folder / "other.pth")
    torch.save({"model": model.state_dict(), "ema": model.state_dict()}, folder / "two.pth")
    content = (folder / "state.pth").read_bytes()
    (folder / "cut.pth").write_bytes(content[: len(content) // 2])
    (folder / "other.table").write_text("conv_param_0 1 1 1 1\nconv 2\n0_param_0 1 1 1 1 1\n0 3\n")
