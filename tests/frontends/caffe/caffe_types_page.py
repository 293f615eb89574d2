"""Writes docs/caffe-layers.md: what becomes of each layer type of real Caffe.

python -m tests.frontends.caffe.caffe_types_page
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from pytorch2caffe import generate, load_caffe
from pytorch2caffe.frontends.caffe import training_layers as training
from pytorch2caffe.graph.registry import load_layers
from tests.frontends.caffe.caffe_cases import BUILT
from tests.layers.conftest import caffe_text
from tests.paths import ROOT

HEAD = """# Caffe's layers in PyTorch

Every layer type that BVLC Caffe 1.0 lists (`caffe.layer_type_list()`). Made by
`python -m tests.frontends.caffe.caffe_types_page`. Each *built* one is run in real Caffe in several settings,
written by hand, and gives the same numbers within 1e-5 (relative L2).

| type | what becomes of it |
|---|---|
"""
ALONE = {
    "AbsVal": "`x.abs()`",
    "ArgMax": "`x.topk(...)`",
    "BatchNorm": "`nn.BatchNorm1d`, `2d`, `3d`; with the Scale behind it one with its affine part",
    "Bias": "`x + bias`, an `nn.Parameter` or the second input",
    "Eltwise": "`x + y`, `x * y`, `torch.maximum`, with coefficients `2 * x - y`",
    "Power": "`torch.pow(scale * x + shift, power)`, as far as it is not 1, 1 and 0",
    "MVN": "`x - x.mean(...)`, over `x.std(...)`",
    "ReLU": "`nn.ReLU`, `nn.LeakyReLU`",
    "Reshape": "`x.reshape`, the batch left open where the file leaves it",
    "Scale": "`x * weight + bias`, `nn.Parameter`s or the second input; behind BatchNorm a part of that",
    "Slice": "`x.split`",
    "Threshold": "`(x > threshold).to(x.dtype)`",
    "Tile": "`x.repeat`",
    "BatchReindex": "`x[index.long()]`",
    "Crop": "a slice, `x[:, :, 2 : 2 + y.shape[2], ...]`",
    "Embed": "`nn.Embedding`, `F.embedding` with its bias",
    "Filter": "`x[selector.flatten() != 0]`",
    "Im2col": "`nn.Unfold`",
    "Input": "an argument of `forward`",
    "LSTM": "a function of 12 lines in the same file, with Caffe's `cont` and gates; static input and states too",
    "LSTMUnit": "a function of 4 lines in the same file",
    "Parameter": "`nn.Parameter`",
    "RNN": "a function of 9 lines in the same file",
    "Reduction": "`x.sum(...)`, `x.abs().sum(...)`, `x.square().sum(...)`, `x.mean(...)`, times its coefficient",
    "SPP": "pooling, `nn.Flatten` and `torch.cat`, level by level",
    "Silence": "nothing",
    "Split": "nothing: a value may be read twice",
}


def page() -> str:
    """The page as it should stand in docs."""
    load_layers()
    rows = {kind: f"built: {ALONE.get(kind) or words(kind)}" for kind in BUILT}
    rows |= {kind: "becomes an input, where something reads it" for kind in training.DATA}
    rows["DummyData"] = "a constant where it is filled with one; else, or where it is the only input, an input"
    rows |= {kind: f"becomes the {cls.type} that it contains" for kind, (cls, _) in training.OUTPUT_OF.items()}
    rows |= {kind: f"left out: {why}" for kind, why in training.LEFT_OUT.items()}
    rows |= {kind: f"refused: {why}" for kind, (why, _) in training.REFUSED.items()}
    return HEAD + "".join(f"| {kind} | {text} |\n" for kind, text in sorted(rows.items()))


def words(kind: str) -> str:
    """The words of PyTorch that the cases of a type are written with."""
    found: dict[str, None] = {}
    for layers, shapes in BUILT[kind]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "net.prototxt"
            path.write_text(caffe_text(layers, **shapes))
            source, _ = generate(load_caffe(path))
        body = source.split("super().__init__()\n")[-1]
        if "def forward" in body.split("\n")[0] or "nn." not in body:
            body = source.split("def forward")[-1]
        calls = re.findall(r"\b(?:nn|torch|F)\.\w+(?=\()|(?<=x)\.\w+(?=\()", body)
        found.update(dict.fromkeys(f"`{call}`" for call in calls if call not in ("torch.empty", ".shape")))
    return ", ".join(found) or "arithmetic"


if __name__ == "__main__":
    (ROOT / "docs" / "caffe-layers.md").write_text(page(), encoding="utf-8")
