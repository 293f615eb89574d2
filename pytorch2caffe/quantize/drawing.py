"""The report's pictures, as SVG with axes; colours are the page's (its classes in page.STYLE)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

WIDTH, HEIGHT = 340, 130
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 8, 18  # what the axes' numbers take
INNER, TALL = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
COLUMNS = 141  # bars of a histogram, 2 pixels each
SPACE = 32  # pixels that a number under an axis takes


def histogram_svg(histogram: np.ndarray, absmax: float, threshold: float) -> str:
    """A histogram over [0, absmax] with counts on a logarithmic scale and the threshold, beyond which is clipped."""
    bars = np.asarray(histogram, np.float64)
    bars = np.add.reduceat(bars, np.linspace(0, len(bars), COLUMNS, endpoint=False).astype(int))
    most = max(float(bars.max()), 1.0)
    heights = np.log1p(bars) / np.log1p(most) * TALL
    share = threshold / absmax
    middle = (np.arange(COLUMNS) + 0.5) / COLUMNS
    cut = LEFT + min(share, 1.0) * INNER
    parts = [
        f"<path class='bars' d='{_bars(heights, middle <= share)}'/>",
        f"<path class='clipped' d='{_bars(heights, middle > share)}'/>",
        f"<path class='threshold' d='M{cut:.1f} {TOP}V{TOP + TALL}'/>",
        _y_axis({np.log1p(10.0**k) / np.log1p(most): f"1e{k}" if k > 3 else f"{10**k}" for k in _decades(most)}),
        _x_axis({0.0: "0", min(share, 1.0): f"{threshold:.4g}", 1.0: f"{absmax:.4g}"}),
    ]
    return _svg(parts, "histogram")


def lines_svg(x: Sequence[int], series: Mapping[str, Sequence[float]]) -> str:
    """Lines over a logarithmic axis of counts, from 0 up, in percent; each series' key is its CSS class."""
    top = max((max(values) for values in series.values()), default=0) or 1.0
    span = np.log(max(x)) - np.log(min(x)) or 1.0
    places = [float((np.log(n) - np.log(min(x))) / span) for n in x]
    parts = []
    for name, values in series.items():
        points = [(LEFT + at * INNER, TOP + TALL * (1 - v / top)) for at, v in zip(places, values, strict=True)]
        line = " ".join(f"{across:.1f},{down:.1f}" for across, down in points)
        dots = "".join(f"<circle cx='{across:.1f}' cy='{down:.1f}' r='2.5'/>" for across, down in points)
        parts.append(f"<g class='{name}'><polyline points='{line}'/>{dots}</g>")
    parts += [_y_axis({v: f"{v * top:.3g}" if v == 0 else f"{v * top:.1%}" for v in (0.0, 0.5, 1.0)})]
    return _svg([*parts, _x_axis(dict(zip(places, map(str, x), strict=True)))], "change of the thresholds")


def _svg(parts: Sequence[str], label: str) -> str:
    frame = f"<path class='frame' d='M{LEFT} {TOP}V{TOP + TALL}H{LEFT + INNER}'/>"
    box = f"width='{WIDTH}' height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}' role='img' aria-label='{label}'"
    return f"<svg {box}>{''.join(parts)}{frame}</svg>"


def _bars(heights: np.ndarray, chosen: np.ndarray) -> str:
    width = INNER / COLUMNS
    return "".join(
        f"M{LEFT + index * width:.1f} {TOP + TALL}v{-heights[index]:.1f}h{width:.1f}V{TOP + TALL}z"
        for index in np.flatnonzero(chosen & (heights > 0))
    )


def _decades(most: float) -> list[int]:
    """The powers of ten to name on an axis up to `most`: at most four."""
    last = int(np.log10(most))
    return list(range(0, last + 1, last // 4 + 1))


def _y_axis(labels: Mapping[float, str]) -> str:
    at = {share: TOP + TALL * (1 - share) for share in labels}
    return "".join(
        f"<path class='frame' d='M{LEFT - 3} {at[share]:.1f}h3'/>"
        f"<text x='{LEFT - 5}' y='{at[share] + 3:.1f}' text-anchor='end'>{text}</text>"
        for share, text in labels.items()
    )


def _x_axis(labels: Mapping[float, str]) -> str:
    """Numbers under the axis; one that has no room beside the last is left out, but for the first."""
    found: list[str] = []
    free = -float(SPACE)
    for share, text in labels.items():
        across = LEFT + share * INNER
        if share == 1.0 and across - free < 2 * SPACE and len(found) > 1:
            found.pop()
        elif across - free < SPACE:
            continue
        free = across
        anchor = "end" if share == 1.0 else "middle"
        found.append(f"<text x='{across:.1f}' y='{HEIGHT - 4}' text-anchor='{anchor}'>{text}</text>")
    return "".join(found)
