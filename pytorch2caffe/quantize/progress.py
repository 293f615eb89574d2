"""Progress bars of tqdm, which show in notebooks and terminals."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

Progress = Callable[[int, int, str], None]
"""Called as progress(done, total, name of the step)."""


def notebook_progress() -> Progress | None:
    """`tqdm_progress` in a notebook where tqdm is installed, else None."""
    if "ipykernel" not in sys.modules:
        return None
    try:
        return tqdm_progress()
    except ImportError:
        return None


def tqdm_progress() -> Progress:
    """A callback that shows a bar for each stage. Raises ImportError if tqdm is not installed: pip install tqdm."""
    from tqdm.auto import tqdm

    bars: dict[str, Any] = {}

    def progress(done: int, total: int, text: str) -> None:
        bar = bars.get(text) or bars.setdefault(text, tqdm(total=total, desc=text))
        bar.total, bar.n = total, done
        bar.refresh()
        if done >= total:
            bars.pop(text).close()

    return progress
