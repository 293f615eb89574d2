"""Runs what mmconvert made of Inception v3: the whole model, and the code with its weights, on the same picture."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from pytorch2caffe.convert.mmdnn.kit_model import load_code

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("output_model/converted_pytorch.pth"))
    parser.add_argument("--size", type=int, default=299, help="height and width of the picture")
    flags = parser.parse_args()

    code = load_code(flags.model.with_suffix(".py"))
    whole = torch.load(flags.model).eval()
    again = code.KitModel(str(flags.model.with_suffix(".npy")))

    picture = torch.rand(2, 3, flags.size, flags.size) * 2 - 1  # slim's networks take pixels from -1 to 1
    with torch.no_grad():
        scores, same = whole(picture), again(picture)
    print(f"{flags.model}: {len(list(whole.parameters()))} parameters, output {list(scores.shape)}")
    print(f"the five highest of the first picture: {scores[0].topk(5).indices.tolist()}")
    print(f"largest difference between the two ways to load it: {float((scores - same).abs().max())}")
