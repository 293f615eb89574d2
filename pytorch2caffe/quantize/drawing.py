"""The report's pictures, as SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

WIDTH, HEIGHT = 320, 90


def histogram_svg(histogram: np.ndarray, share: float) -> str:
    """A histogram with counts on a logarithmic scale; what lies beyond `share` of the range is red."""
    bars = np.asarray(histogram, np.float64)
    bars = np.add.reduceat(bars, np.linspace(0, len(bars), WIDTH, endpoint=False).astype(int))
    heights = np.log1p(bars) / max(float(np.log1p(bars).max()), 1e-9) * (HEIGHT - 6)
    cut = share * WIDTH
    below = _bars(heights, range(min(int(np.ceil(cut)), WIDTH)))
    beyond = _bars(heights, range(min(int(np.ceil(cut)), WIDTH), WIDTH))
    return (
        f"<svg width='{WIDTH}' height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}'><path d='{below}' fill='#4a7ab5'/>"
        f"<path d='{beyond}' fill='#d64545'/><path d='M{cut:.1f} 0V{HEIGHT}' stroke='#d64545'/></svg>"
    )


def _bars(heights: np.ndarray, columns: range) -> str:
    return "".join(f"M{x} {HEIGHT}v{-heights[x]:.1f}h1V{HEIGHT}z" for x in columns)


def lines_svg(x: Sequence[int], series: Sequence[Sequence[float]]) -> str:
    """Lines over a logarithmic axis of counts, from 0 up; the first blue, the second red."""
    top = max((max(values) for values in series), default=0) or 1
    span = np.log(max(x)) - np.log(min(x)) or 1.0
    paths = []
    for values, colour in zip(series, ("#4a7ab5", "#d64545"), strict=True):
        points = " ".join(
            f"{10 + (np.log(n) - np.log(min(x))) / span * (WIDTH - 20):.1f},{HEIGHT - 5 - v / top * (HEIGHT - 15):.1f}"
            for n, v in zip(x, values, strict=True)
        )
        paths.append(f"<polyline points='{points}' fill='none' stroke='{colour}' stroke-width='2'/>")
    text = f"<text x='2' y='10' font-size='9'>{top:.1%}</text>"
    return f"<svg width='{WIDTH}' height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}'>{''.join(paths)}{text}</svg>"
