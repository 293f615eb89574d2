"""The passes of this backend, in order."""

from __future__ import annotations

from ...passes.for_modules import for_modules
from ...passes.runner import Pass
from ...runtime.infer import infer

PASSES: list[Pass] = for_modules(infer)
