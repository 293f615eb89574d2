import numpy as np
import pytest

from pytorch2caffe.layers.indexing.strided import Scattered, Strided, disturbs, origins

WHOLE = Strided(0, (2, 4, 6), (24, 6, 1))


def channels(begin, end):
    return Strided(6 * begin, (2, end - begin, 6), (24, 6, 1))


def test_origins_are_found_in_blocks():
    found = origins(WHOLE, [WHOLE, channels(1, 3)])
    assert found.block == 6
    assert found.source.tolist() == [[0, 1, 1, 0], [0, 1, 1, 0]]
    assert found.position.tolist() == [[0, 0, 1, 3], [4, 2, 3, 7]]


def test_what_no_source_has():
    assert origins(WHOLE, [channels(0, 3)]).sources() == [-1, 0]


def test_what_is_surely_apart_or_within():
    assert Strided(0, (3,), (2,)).apart(Strided(5, (3,), (1,)))
    assert not channels(0, 2).apart(channels(2, 4))  # of two images: interleaved
    assert channels(0, 2).within(WHOLE) and not WHOLE.within(channels(0, 4).__class__(0, (2, 3, 6), (24, 6, 1)))


def test_positions_without_an_order():
    rows = Scattered(np.array([3, 1])[:, None] * 6 + np.arange(6))
    assert rows.trailing() == 6 and rows.span == (6, 24) and rows.has_gaps
    found = origins(WHOLE, [WHOLE, rows])
    assert found.block == 6
    assert found.source[0].tolist() == [0, 1, 0, 1]
    assert found.position[0].tolist() == [0, 1, 2, 0]
    assert Scattered(np.array([3, 1, 2])).within(Scattered(np.array([2, 1, 3]))) and not WHOLE.within(rows)
    assert rows.indices_in(WHOLE).tolist() == [*range(18, 24), *range(6, 12)]


def test_an_expanded_tensor_may_overlap_itself():
    assert Strided(0, (2, 4), (0, 1)).may_overlap_itself
    assert not Strided(0, (1, 4), (0, 1)).may_overlap_itself
    assert not WHOLE.may_overlap_itself


@pytest.mark.parametrize(
    ("written", "read", "copied", "expected"),
    [
        (channels(2, 4), channels(0, 2), False, False),  # b[:, 2:] += b[:, :2]
        (channels(1, 4), channels(0, 3), False, True),  # b[:, 1:] += b[:, :-1]
        (WHOLE, WHOLE, False, False),
        (WHOLE, channels(1, 2), True, False),  # b[:] = b[:, 1:2]
        (WHOLE, channels(1, 2), False, True),  # b += b[:, 1:2]
        (channels(0, 2), Strided(0, (6, 2), (1, 6)), False, True),
    ],
)
def test_what_a_write_disturbs(written, read, copied, expected):
    assert disturbs(written, read, copied=copied) is expected
