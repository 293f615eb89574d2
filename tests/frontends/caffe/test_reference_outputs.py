"""Caffe files with the outputs that Caffe gave for them, made by others: where ../shared/data/mmdnn_ir is present."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pytorch2caffe import generate, load_caffe
from pytorch2caffe.backends.torch.generate import load
from tests.layers.conftest import outputs_of, relative_l2
from tests.paths import SHARED
from tests.style import check_style

DATA = SHARED / "data" / "mmdnn_ir"
FOLDERS = sorted(path.parent for path in DATA.glob("caffe_*/*/net.caffemodel"))

pytestmark = pytest.mark.skipif(not FOLDERS, reason="../shared/data is not here")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_gives_the_numbers_that_caffe_gave(folder):
    graph = load_caffe(folder / "net.prototxt", folder / "net.caffemodel")
    source, state = generate(graph)
    check_style(source)
    reference = np.load(folder / "ref.npz")
    for fed, batch in ((reference["input"], ""), (reference["input"][:1], "b1_")):  # the batch size is free
        with torch.no_grad():
            outputs = outputs_of(load(source, state)(torch.from_numpy(fed)))
        expected = [reference[f"{batch}output{f'_{i}' if i else ''}"] for i in range(len(reference["output_names"]))]
        assert [str(name) for name in reference["output_names"]] == [v.top for v in graph.outputs.values()]
        for one, other in zip(outputs, expected, strict=True):
            assert relative_l2(one, other) < 1e-5
