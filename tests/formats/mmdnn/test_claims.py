"""A file claims no more memory, nor time, than its size allows."""

from __future__ import annotations

import struct
import time
import tracemalloc

import pytest

from caffe_proto import CaffeFormatError, read_prototxt
from pytorch2caffe.backends.ncnn.table.file import parse
from pytorch2caffe.formats.mmdnn.errors import IrFormatError
from pytorch2caffe.formats.mmdnn.pickles import read_pickle

CALLS = {
    "dtype of a number": b"cnumpy\ndtype\n" + b"J" + struct.pack("<i", 2147483647) + b"\x85R.",
    "the byte order of a dtype": b"cnumpy\ndtype\n\x8c\x02f4\x85RK\x03J" + struct.pack("<i", 2147483647) + b"\x86b.",
    "encode of a number": b"c_codecs\nencode\nJ" + struct.pack("<i", 2147483647) + b"\x8c\x06latin1\x86R.",
}


@pytest.mark.parametrize("text", CALLS.values(), ids=CALLS)
def test_a_number_is_not_so_many_bytes(text):
    tracemalloc.start()
    try:
        with pytest.raises(IrFormatError):
            read_pickle(memoryview(b"\x80\x02" + text))
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def seconds(function):
    start = time.process_time()
    function()
    return time.process_time() - start


@pytest.mark.parametrize("end", ["x", ".x", "e", ".", "", "_"])
def test_digits_of_a_prototxt_are_read_in_linear_time(end, tmp_path):
    """15,000 of them took 10 s, four times as long for twice as many."""
    path = tmp_path / "net.prototxt"
    path.write_text(f"force_backward: {'1' * 200_000}{end}")
    with pytest.raises(CaffeFormatError):
        read_prototxt(path)
    assert seconds(lambda: pytest.raises(CaffeFormatError, read_prototxt, path)) < 2


def test_digits_of_a_table_are_read_in_linear_time(tmp_path):
    path = tmp_path / "a.table"
    path.write_text(f"conv {'1' * 200_000}x\n")
    assert seconds(lambda: parse(path)) < 2
    assert parse(path)[1]
