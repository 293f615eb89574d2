"""RNN as files have it, in real Caffe."""

import numpy as np
import pytest

LAYER = 'layer {{ name: "r" type: "RNN" {} recurrent_param {{ num_output: 4 {} }} }}'
RANDOM = np.random.default_rng(0)
STEPS, BATCH = 5, 2
X = RANDOM.standard_normal((STEPS, BATCH, 3))
STATIC = RANDOM.standard_normal((BATCH, 6))
STATE = RANDOM.standard_normal((1, BATCH, 4))
CONT = {
    "one sequence": [[0, 0], [1, 1], [1, 1], [1, 1], [1, 1]],
    "a new one in the middle": [[0, 0], [1, 1], [0, 1], [1, 1], [1, 0]],
    "going on": np.ones((STEPS, BATCH)),
}


@pytest.mark.parametrize("cont", CONT.values(), ids=CONT)
def test_means_what_real_caffe_means(cont, same_as_caffe):
    same_as_caffe(LAYER.format('bottom: "x" bottom: "cont" top: "o"', ""), x=X, cont=cont)


def test_a_static_input(same_as_caffe):
    same_as_caffe(
        LAYER.format('bottom: "x" bottom: "cont" bottom: "static" top: "o"', ""),
        x=X,
        cont=CONT["one sequence"],
        static=STATIC,
    )


@pytest.mark.parametrize("cont", CONT.values(), ids=CONT)
def test_states_in_and_out(cont, same_as_caffe):
    wires = 'bottom: "x" bottom: "cont" bottom: "h0" top: "o" top: "h"'
    same_as_caffe(LAYER.format(wires, "expose_hidden: true"), x=X, cont=cont, h0=STATE)


def test_pictures_as_steps(same_as_caffe):
    x = RANDOM.standard_normal((STEPS, BATCH, 2, 3, 2))
    same_as_caffe(LAYER.format('bottom: "x" bottom: "cont" top: "o"', ""), x=x, cont=CONT["one sequence"])


def test_a_sequence_mark_of_another_shape_is_refused(refused):
    refused(LAYER.format('bottom: "x" bottom: "cont" top: "o"', ""), "give x", x=(5, 2, 3), cont=(5, 3))


def test_endless_sequences_cost_nothing(tmp_path):
    from pytorch2caffe import load_caffe
    from tests.layers.conftest import caffe_text

    path = tmp_path / "net.prototxt"
    layer = LAYER.format('bottom: "x" bottom: "cont" top: "o"', "")
    path.write_text(caffe_text(layer, x=(10**8, 2, 3), cont=(10**8, 2)))
    assert load_caffe(path).nodes[0].outputs[0].shape == (10**8, 2, 4)
