"""Every layer type that real Caffe lists: built, and the same there; an input; left out; or refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from pytorch2caffe import UnsupportedError, load_caffe
from pytorch2caffe.frontends.caffe import training_layers as caffe_ends
from pytorch2caffe.graph.registry import LAYERS, load_layers
from tests.frontends.caffe.caffe_cases import BUILT
from tests.frontends.caffe.caffe_types_page import page
from tests.layers.conftest import caffe_text, folder, same_as_caffe  # noqa: F401 - fixtures
from tests.paths import ROOT

CASES = {
    f"{kind} {index}: {layers.split('top:')[-1]}": (layers, shapes)
    for kind, cases in BUILT.items()
    for index, (layers, shapes) in enumerate(cases)
}


@pytest.mark.parametrize(("layers", "shapes"), CASES.values(), ids=CASES)
def test_means_what_real_caffe_means(layers, shapes, same_as_caffe):  # noqa: F811
    random = np.random.default_rng(0)
    same_as_caffe(layers, **{name: random.standard_normal(shape) for name, shape in shapes.items()})


def test_every_type_of_real_caffe_is_accounted_for(real_caffe):
    load_layers()
    theirs = set(real_caffe.worker.layer_types())
    ends = {"Input", *caffe_ends.DATA, *caffe_ends.OUTPUT_OF, *caffe_ends.LEFT_OUT, *caffe_ends.REFUSED}
    assert theirs - LAYERS.keys() - ends == set()
    assert set(BUILT) == theirs & LAYERS.keys() | {"Input"}
    assert len(theirs) >= 60


@pytest.mark.parametrize("kind", BUILT)
def test_every_built_type_has_cases_here_or_a_file_of_its_own(kind):
    layers = ROOT / "tests" / "layers"
    assert BUILT[kind] or any(f'type: "{kind}"' in path.read_text() for path in layers.glob("*/test_*.py"))


@pytest.mark.parametrize("kind", [*caffe_ends.REFUSED, *caffe_ends.FORKS_REFUSED])
def test_the_rest_is_refused_by_name(kind, tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text(caffe_text(f'layer {{ name: "it" type: "{kind}" bottom: "x" top: "y" }}', x=(1, 2)))
    with pytest.raises(UnsupportedError, match=f"layer 'it': {kind}"):
        load_caffe(path)


def test_the_page_is_up_to_date():
    written = ROOT / "docs" / "caffe-layers.md"
    assert written.read_text(encoding="utf-8") == page(), "run python -m tests.frontends.caffe.caffe_types_page"
