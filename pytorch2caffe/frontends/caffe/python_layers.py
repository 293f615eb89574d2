"""Layers of type Python whose code is published with the networks, as the layers of C++ that compute the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...errors import Refused

PROPOSAL = "ProposalLayer"


def known_python_layer(entry: dict[str, Any]) -> dict[str, Any]:
    """A Python layer that is Faster R-CNN's ProposalLayer as a Proposal, with its defaults; any other unchanged.

    Raises Refused for settings that it does not have.
    Source: Faster R-CNN, lib/rpn/proposal_layer.py; TEST in lib/fast_rcnn/config.py.
    """
    python: Mapping[str, Any] = entry.get("python_param", {})
    if entry.get("type") != "Python" or python.get("layer") != PROPOSAL:
        return entry
    text = python.get("param_str", "")
    pairs = re.findall(r"['\"]?(\w+)['\"]?\s*:\s*([\[(][^\])]*|[^,\n}]+)", text.replace("!!python/tuple", ""))
    settings = {name: [float(number) for number in re.findall(r"[\d.]+", value)] for name, value in pairs}
    if not {*settings} <= {"feat_stride", "scales"} or not all(settings.values()):
        fix = "write it as a layer of type Proposal, or end the network before it (--end)"
        raise Refused(f"{PROPOSAL} with param_str {text!r}; feat_stride and scales are known", fix)
    param: dict[str, Any] = {"scale": settings["scales"]} if "scales" in settings else {}
    stride = int(settings.get("feat_stride", [16])[0])
    return {**entry, "type": "Proposal", "proposal_param": {**param, "feat_stride": stride}}
