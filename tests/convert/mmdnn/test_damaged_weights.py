"""A weights file of which one array is damaged: arrays are read when they are used."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import ConversionError
from pytorch2caffe.convert.mmdnn import caffe_code
from pytorch2caffe.convert.mmdnn.kit_model import load_kit_model, write_code
from pytorch2caffe.frontends.torch import trace

DAMAGED = {
    "a header that is no literal": b"\x93NUMPY\x01\x00\x10\x00{'descr': ((((  \n",
    "a type of objects": b"\x93NUMPY\x01\x00\x3a\x00{'descr': '|O', 'fortran_order': False, 'shape': (), }        \n",
    "a shape beyond memory": b"\x93NUMPY\x01\x00\x46\x00"
    b"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999,), }  \n",
}


@pytest.mark.parametrize("member", DAMAGED.values(), ids=DAMAGED)
def test_it_is_an_error_that_names_the_file(member, tmp_path):
    graph = trace(nn.Conv2d(1, 1, 1).eval(), torch.zeros(1, 1, 2, 2))
    code, weights = tmp_path / "net.py", tmp_path / "net.npy"
    for write, read in (
        (write_code, lambda: load_kit_model(code, weights)),
        (caffe_code.write_code, lambda: caffe_code.write_model(code, weights, tmp_path / "out")),
    ):
        write(graph, code, weights)
        with np.load(weights) as arrays:
            whole = dict(arrays)
        names = list(whole)
        with zipfile.ZipFile(weights, "w") as archive:
            for name in names:
                stream = io.BytesIO()
                np.save(stream, whole[name])
                archive.writestr(f"{name}.npy", member if name == names[0] else stream.getvalue())
        with pytest.raises(ConversionError, match="net.npy"):
            read()
