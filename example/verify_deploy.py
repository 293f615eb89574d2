"""Exports AlexNet and compares the files with the model, using the script verify/verify_deploy.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import torch

import pytorch2caffe
from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models

if __name__ == "__main__":
    folder = Path("example-out")
    folder.mkdir(exist_ok=True)
    model = torchvision_models().get_model("alexnet", weights=None).eval()
    torch.save(model.state_dict(), folder / "alexnet.pth")
    files = folder / "verified.prototxt", folder / "verified.caffemodel"
    pytorch2caffe.export(model, torch.randn(1, 3, 224, 224), *files)
    script = Path(__file__).resolve().parent.parent / "verify" / "verify_deploy.py"
    options = ["--model", "torchvision:alexnet", "--weights", folder / "alexnet.pth"]
    options += ["--protofile", files[0], "--weightfile", files[1]]
    sys.exit(subprocess.call([sys.executable, script, *options]))
