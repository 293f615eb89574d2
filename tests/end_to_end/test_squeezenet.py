"""A real pretrained network from Caffe's own time, on real photographs."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from pytorch2caffe import load_caffe, save_caffe, to_torch
from pytorch2caffe.verify.compare import compare
from pytorch2caffe.verify.runtimes import get
from tests.paths import SHARED

DATA = SHARED / "data"
FILES = DATA / "squeezenet_v1.1" / "deploy.prototxt", DATA / "squeezenet_v1.1" / "squeezenet_v1.1.caffemodel"

pytestmark = pytest.mark.skipif(not FILES[1].exists(), reason="../shared/data is not here")


def photographs() -> tuple[np.ndarray, np.ndarray]:
    """Images [10, 3, 227, 227] as the network takes them (BGR, 0..255, minus the mean), and their classes [10]."""
    image = pytest.importorskip("PIL.Image")
    rows = list(csv.DictReader((DATA / "images" / "labels.csv").open()))
    found = []
    for row in rows:
        picture = np.asarray(image.open(DATA / "images" / row["file"]).convert("RGB"), np.float32)
        large = interpolate(torch.from_numpy(picture.transpose(2, 0, 1)[None]), size=(256, 256), mode="bilinear")
        pixels = large[0, :, 14:241, 14:241].numpy()[::-1] - np.float32([104, 117, 123])[:, None, None]
        found.append(pixels)
    return np.stack(found), np.array([int(row["class_index"]) for row in rows])


@pytest.fixture(scope="module")
def images() -> tuple[np.ndarray, np.ndarray]:
    return photographs()


def test_sees_the_right_classes(images):
    pixels, classes = images
    with torch.no_grad():
        scores = to_torch(load_caffe(*FILES))(torch.from_numpy(pixels)).numpy().reshape(10, -1)
    order = np.argsort(-scores, axis=1)
    assert np.sum(order[:, 0] == classes) == 9  # as in Caffe with this preprocessing
    assert sum(label in top for label, top in zip(classes, order[:, :5], strict=True)) == 9


@pytest.mark.parametrize("runtime", ["caffe", "opencv"])
def test_every_blob_is_as_elsewhere(runtime, images, request):
    if runtime == "caffe":
        request.getfixturevalue("real_caffe")
    elif reason := get(runtime).unavailable():
        pytest.skip(reason)
    fed = {"data": images[0][:1]}
    found = compare(get("builtin").run(*FILES, fed), get(runtime).run(*FILES, fed), tolerance=1e-5)
    assert found.equal, found.first
    assert len(found.rows) >= 60


def test_written_again_it_is_the_same(tmp_path, images):
    files = tmp_path / "again.prototxt", tmp_path / "again.caffemodel"
    save_caffe(load_caffe(*FILES), *files)
    fed = {"data": images[0][:1]}
    once, again = (list(get("builtin").run(*f, fed).values())[-1] for f in (FILES, files))
    np.testing.assert_array_equal(once, again)
