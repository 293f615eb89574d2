"""Which layers of a network run at inference."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def included(entry: Mapping[str, Any], stages: Collection[str] = (), level: int = 0, phase: str = "TEST") -> bool:
    """Whether a layer is in the network of a phase at this level and in these stages, by its include and exclude.

    Source: BVLC Caffe, net.cpp, FilterNet and StateMeetsRule.
    """
    if entry.get("include"):
        return any(_met(rule, stages, level, phase) for rule in entry["include"])
    return not any(_met(rule, stages, level, phase) for rule in entry.get("exclude", []))


def _met(rule: Mapping[str, Any], stages: Collection[str], level: int, phase: str) -> bool:
    return (
        rule.get("phase", phase) == phase
        and rule.get("min_level", level) <= level <= rule.get("max_level", level)
        and all(stage in stages for stage in rule.get("stage", []))
        and not any(stage in stages for stage in rule.get("not_stage", []))
    )
