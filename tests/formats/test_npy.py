"""Tensor files: what numpy writes is read as it is, whatever else their header says is a ValueError."""

from __future__ import annotations

import io
import struct
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pytorch2caffe.formats.npy import read_npy, read_npz

NUMBERS = st.one_of(
    arrays.boolean_dtypes(), arrays.integer_dtypes(endianness="?"), arrays.floating_dtypes(endianness="?")
)


def npy(array, version=None):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array), version)
    return stream.getvalue()


def headed(text, numbers=b""):
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(text)) + text.encode() + numbers


@given(
    arrays.arrays(NUMBERS, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0)),
    st.booleans(),
    st.sampled_from([(1, 0), (2, 0), (3, 0)]),
)
def test_reads_what_numpy_writes(array, fortran, version):
    array = np.asfortranarray(array) if fortran else array
    found = read_npy(npy(array, version))
    assert found.dtype == array.dtype and found.shape == array.shape
    assert found.tobytes() == array.tobytes()


@pytest.mark.parametrize(
    "text",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
        "{'shape': (2L,), 'fortran_order': False, 'descr': '<f4'}\n",
        '{"descr":"<f4","fortran_order":False,"shape":(2,)}',
    ],
)
def test_reads_what_others_write(text):
    np.testing.assert_array_equal(read_npy(headed(text, struct.pack("<2f", 1, 2))), [1, 2])


HOSTILE = {
    "code": "{'descr': '<f4', 'fortran_order': False, 'shape': (exit(),), }",
    "deep": "1+" * 4000 + "1j",
    "open": "(" * 9000,
    "unary": "-" * 9000 + "1",
    "nothing": "",
    "no shape": "{'descr': '<f4', 'fortran_order': False}",
    "an entry more": "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}",
    "objects": "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }",
    "no such type": "{'descr': '<f5', 'fortran_order': False, 'shape': (2,), }",
    "no bytes each": "{'descr': '|S0', 'fortran_order': False, 'shape': (2,), }",
    "fields": "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
    "negative": "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }",
    "10^12 numbers": "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }",
    "a huge number": "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "9" * 300 + ",), }",
    "40 axes": "{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1," * 40 + "), }",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_header_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"header|type|shape"):
        read_npy(headed(text, b"12345678"))


@given(st.data())
def test_a_damaged_file_is_a_value_error_or_other_numbers(data):
    whole = bytearray(npy(np.arange(6, dtype=np.float32).reshape(2, 3)))
    for position in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4)):
        whole[position] = data.draw(st.integers(0, 255))
    damaged = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        found = read_npy(damaged)
    except ValueError:
        return
    assert found.nbytes <= len(damaged)


def test_a_zip_of_arrays_and_a_damaged_one():
    stream = io.BytesIO()
    np.savez_compressed(stream, left=np.ones((2, 3)), right=np.arange(4))
    whole = stream.getvalue()
    found = read_npz(whole)
    assert list(found) == ["left", "right"]
    assert found["left"].shape == (2, 3) and found["right"].tolist() == [0, 1, 2, 3]
    for broken in (whole[:-30], whole[:60] + b"\0\0\0\0" + whole[64:]):
        with pytest.raises(ValueError, match=r"."):
            read_npz(broken)


def test_many_threads_at_once():
    data = npy(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    with ThreadPoolExecutor(8) as pool:
        assert all(found.shape == (2, 3, 4) for found in pool.map(read_npy, [data] * 5000))
