"""Boxes do not overlap, arrows point down, the trunk of a residual network is straight, and large ones are fast."""

from __future__ import annotations

import random
import time

import pytest

from pytorch2caffe.pages.layout import BOX_HEIGHT, COLUMN_GAP, layout


def residual(blocks: int) -> list[list[int]]:
    sources: list[list[int]] = [[]]
    for _ in range(blocks):
        start = len(sources) - 1
        sources += [[start], [start + 1], [start + 2, start]]
    return sources


def arbitrary(count: int, seed: int) -> list[list[int]]:
    rng = random.Random(seed)
    return [sorted(rng.sample(range(max(0, box - 20), box), min(box, rng.randint(0, 3)))) for box in range(count)]


@pytest.mark.parametrize("sources", [residual(5), arbitrary(80, 0), arbitrary(80, 1), [[]], [[], [], [0, 1]]])
def test_boxes_do_not_overlap_and_arrows_point_down(sources):
    rng = random.Random(0)
    widths = [rng.uniform(80, 240) for _ in sources]
    found = layout(widths, sources)
    for box, own in enumerate(sources):
        assert all(found.y[source] + BOX_HEIGHT < found.y[box] for source in own)
        assert found.x[box] - widths[box] / 2 >= 0 and found.x[box] + widths[box] / 2 <= found.width
        assert found.y[box] + BOX_HEIGHT <= found.height
    rows: dict[float, list[int]] = {}
    for box, y in enumerate(found.y):
        rows.setdefault(y, []).append(box)
    for row in rows.values():
        row.sort(key=found.x.__getitem__)
        for left, right in zip(row, row[1:]):
            room = found.x[right] - found.x[left] - (widths[left] + widths[right]) / 2
            assert room >= COLUMN_GAP - 1e-6


def test_every_arrow_ends_at_its_reader():
    sources = arbitrary(60, 2)
    ends = {(curve.source, curve.target) for curve in layout([90.0] * 60, sources).curves if curve.target is not None}
    assert ends == {(source, box) for box, own in enumerate(sources) for source in own}


def test_the_trunk_is_nearly_straight():
    found = layout([120.0] * 16, residual(5))
    trunk = found.x
    assert max(trunk) - min(trunk) < 20


def test_nothing_is_an_empty_drawing():
    assert layout([], []).curves == ()


def test_two_thousand_boxes_take_little_time():
    sources = residual(667)
    start = time.process_time()
    layout([120.0] * len(sources), sources)
    assert time.process_time() - start < 5  # 0.3 s on an idle machine
