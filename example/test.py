"""Runs the output of mmconvert for Inception v3: the complete model and the code with its weights, on one image."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from pytorch2caffe.convert.mmdnn.kit_model import load_code

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("output_model/converted_pytorch.pth"))
    parser.add_argument("--size", type=int, default=299, help="height and width of the image")
    flags = parser.parse_args()

    code = load_code(flags.model.with_suffix(".py"))
    model = torch.load(flags.model).eval()
    model_from_code = code.KitModel(str(flags.model.with_suffix(".npy")))

    images = torch.rand(2, 3, flags.size, flags.size) * 2 - 1  # slim's networks expect pixels from -1 to 1
    with torch.no_grad():
        scores, scores_from_code = model(images), model_from_code(images)
    print(f"{flags.model}: {len(list(model.parameters()))} parameters, output {list(scores.shape)}")
    print(f"indices of the five highest scores of the first image: {scores[0].topk(5).indices.tolist()}")
    print(f"largest difference between the two modules: {float((scores - scores_from_code).abs().max())}")
