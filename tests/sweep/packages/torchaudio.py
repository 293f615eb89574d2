"""torchaudio: WaveRNN, and the networks whose sizes do not depend on the sound."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import nn

from tests.sweep.packages.inputs import picture, quiet

NETWORKS: dict[str, tuple[dict[str, Any], tuple[tuple[int, ...], ...]]] = {
    "Wav2Letter": ({"num_classes": 10, "num_features": 8, "input_type": "mfcc"}, ((1, 8, 100),)),
    "DeepSpeech": ({"n_feature": 8, "n_hidden": 32, "n_class": 10}, ((1, 1, 20, 8),)),
    "ConvTasNet": (
        {
            "enc_num_feats": 32,
            "msk_num_feats": 16,
            "msk_num_hidden_feats": 32,
            "msk_num_layers": 3,
            "msk_num_stacks": 2,
        },
        ((1, 1, 400),),
    ),
    "WaveRNN": (
        {"upsample_scales": [5, 5, 8], "n_classes": 16, "hop_length": 200, "n_rnn": 32, "n_fc": 32, "n_res_block": 2},
        ((1, 1, 200 * 4), (1, 1, 128, 8)),
    ),
}


def names() -> list[str]:
    return list(NETWORKS)


def build(name: str) -> tuple[nn.Module, tuple[torch.Tensor, ...]]:
    settings, shapes = NETWORKS[name]
    torch.manual_seed(0)
    model = quiet(getattr(importlib.import_module("torchaudio.models"), name)(**settings))
    return model, tuple(picture(*shape, seed=number) for number, shape in enumerate(shapes))
