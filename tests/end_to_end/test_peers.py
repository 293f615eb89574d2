"""The networks on which this converter's peers were measured, beyond those of test_networks.py."""

from __future__ import annotations

import pytest
import torch

from pytorch2caffe import export, verify
from pytorch2caffe.verify.runtimes import get
from tests import zoo
from tests.end_to_end import peers
from tests.end_to_end.test_networks import NETWORKS

OTHERS = [name for name in peers.NAMES if name not in NETWORKS]
OPENCV_LACKS = {"lstm_classifier": "OpenCV's importer of Caffe files has no LSTM"}


def test_the_ground_is_whole():
    assert len(peers.NAMES) == 26


@pytest.mark.parametrize("name", OTHERS)
def test_gives_the_model_s_numbers_everywhere(name, tmp_path, real_caffe):
    if name == "vit_b_16":  # at its full size attention takes 6 GB in plain layers: measured by hand
        model, x = zoo.build(name, image_size=112), torch.randn(1, 3, 112, 112)
    else:
        model, x = peers.network(name)
    files = tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    export(model, x, *files, check=False)
    for runtime in ("builtin", "caffe", "opencv"):
        if runtime == "opencv" and (name in OPENCV_LACKS or get(runtime).unavailable()):
            continue
        comparison = verify(model, *files, x, runtime)
        assert comparison.equal, (runtime, comparison.first)
    assert real_caffe.networks_run
