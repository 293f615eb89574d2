"""Charts as SVG with axes. The colours are CSS classes, defined in templates/style.css."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

WIDTH, HEIGHT = 340, 130
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 8, 18  # margins for the labels of the axes
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
BARS = 141  # of a histogram, 2 pixels each
LABEL_WIDTH = 32  # pixels of a label under the x axis


def histogram_svg(histogram: np.ndarray, absmax: float, threshold: float) -> str:
    """A histogram over [0, absmax] with counts on a logarithmic axis, the threshold, and the clipped bars in red."""
    bars = np.asarray(histogram, np.float64)
    bars = np.add.reduceat(bars, np.linspace(0, len(bars), BARS, endpoint=False).astype(int))
    largest = max(float(bars.max()), 1.0)
    heights = np.log1p(bars) / np.log1p(largest) * PLOT_HEIGHT
    share = threshold / absmax
    bin_centres = (np.arange(BARS) + 0.5) / BARS
    threshold_px = LEFT + min(share, 1.0) * PLOT_WIDTH
    parts = [
        f"<path class='bars' d='{_bars(heights, bin_centres <= share)}'/>",
        f"<path class='clipped' d='{_bars(heights, bin_centres > share)}'/>",
        f"<path class='threshold' d='M{threshold_px:.1f} {TOP}V{TOP + PLOT_HEIGHT}'/>",
        _y_axis({np.log1p(10.0**k) / np.log1p(largest): f"1e{k}" if k > 3 else f"{10**k}" for k in _decades(largest)}),
        _x_axis({0.0: "0", min(share, 1.0): f"{threshold:.4g}", 1.0: f"{absmax:.4g}"}),
    ]
    return _svg(parts, "histogram")


def lines_svg(x: Sequence[int], series: Mapping[str, Sequence[float]]) -> str:
    """Lines in percent over a logarithmic x axis, for thresholds by number of images.

    x:      positive integers, increasing.
    series: CSS class of each line -> its values, shares from 0 up, as many as x.
    """
    top = max((max(values) for values in series.values()), default=0) or 1.0
    span = np.log(max(x)) - np.log(min(x)) or 1.0
    positions = [float((np.log(n) - np.log(min(x))) / span) for n in x]
    parts = []
    for name, values in series.items():
        xs = [LEFT + position * PLOT_WIDTH for position in positions]
        ys = [TOP + PLOT_HEIGHT * (1 - value / top) for value in values]
        line = " ".join(f"{px:.1f},{py:.1f}" for px, py in zip(xs, ys, strict=True))
        dots = "".join(f"<circle cx='{px:.1f}' cy='{py:.1f}' r='2.5'/>" for px, py in zip(xs, ys, strict=True))
        parts.append(f"<g class='{name}'><polyline points='{line}'/>{dots}</g>")
    parts += [_y_axis({v: f"{v * top:.3g}" if v == 0 else f"{v * top:.1%}" for v in (0.0, 0.5, 1.0)})]
    return _svg([*parts, _x_axis(dict(zip(positions, map(str, x), strict=True)))], "change of the thresholds")


def _svg(parts: Sequence[str], label: str) -> str:
    frame = f"<path class='frame' d='M{LEFT} {TOP}V{TOP + PLOT_HEIGHT}H{LEFT + PLOT_WIDTH}'/>"
    box = f"width='{WIDTH}' height='{HEIGHT}' viewBox='0 0 {WIDTH} {HEIGHT}' role='img' aria-label='{label}'"
    return f"<svg {box}>{''.join(parts)}{frame}</svg>"


def _bars(heights: np.ndarray, selected: np.ndarray) -> str:
    width = PLOT_WIDTH / BARS
    return "".join(
        f"M{LEFT + index * width:.1f} {TOP + PLOT_HEIGHT}v{-heights[index]:.1f}h{width:.1f}V{TOP + PLOT_HEIGHT}z"
        for index in np.flatnonzero(selected & (heights > 0))
    )


def _decades(largest: float) -> list[int]:
    """The exponents of the powers of ten to label on an axis up to `largest`: height_of largest four."""
    last = int(np.log10(largest))
    return list(range(0, last + 1, last // 4 + 1))


def _y_axis(labels: Mapping[float, str]) -> str:
    height_of = {share: TOP + PLOT_HEIGHT * (1 - share) for share in labels}
    return "".join(
        f"<path class='frame' d='M{LEFT - 3} {height_of[share]:.1f}h3'/>"
        f"<text x='{LEFT - 5}' y='{height_of[share] + 3:.1f}' text-anchor='end'>{text}</text>"
        for share, text in labels.items()
    )


def _x_axis(labels: Mapping[float, str]) -> str:
    """Labels under the axis; a label without enough space after the previous one is omitted, the last one never."""
    texts: list[str] = []
    previous = -float(LABEL_WIDTH)
    for share, text in labels.items():
        px = LEFT + share * PLOT_WIDTH
        if share == 1.0 and px - previous < 2 * LABEL_WIDTH and len(texts) > 1:
            texts.pop()
        elif px - previous < LABEL_WIDTH:
            continue
        previous = px
        anchor = "end" if share == 1.0 else "middle"
        texts.append(f"<text x='{px:.1f}' y='{HEIGHT - 4}' text-anchor='{anchor}'>{text}</text>")
    return "".join(texts)
