"""The passes that run on a Graph read from ONNX: they undo what exporters write as several operators."""

from __future__ import annotations

from ...passes.drop_unused import drop_unused
from ...passes.runner import Pass

PASSES: list[Pass] = [drop_unused]
