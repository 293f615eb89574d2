"""Loops of TensorFlow: refused once each, whatever belongs to them; what is before and after them is read."""

import numpy as np
import pytest
import torch

pytest.importorskip("tensorflow")

from pytorch2caffe import UnsupportedError, load_tensorflow, to_torch  # noqa: E402
from tests.frontends.tensorflow.tf_nets import tf  # noqa: E402


def dynamic_rnn(x):
    def body(step, h, found):
        h = tf.tanh(tf.matmul(tf.concat([x[:, step], h], 1), tf.get_variable("w", [7, 4])))
        return step + 1, h, found.write(step, h)

    state = 0, tf.zeros([2, 4]), tf.TensorArray(tf.float32, 5)
    _, _, found = tf.while_loop(lambda step, *_: step < 5, body, state)
    return found.stack()


def map_fn(x):
    return tf.map_fn(lambda one: tf.nn.relu(one) * 2.0, x)


@pytest.fixture(params=[True, False], ids=["loops of TensorFlow 2", "loops of TensorFlow 1"])
def control_flow_v2(request):
    was = tf.control_flow_v2_enabled()
    (tf.enable_control_flow_v2 if request.param else tf.disable_control_flow_v2)()
    yield
    (tf.enable_control_flow_v2 if was else tf.disable_control_flow_v2)()


def frozen(build, shape, path):
    """A frozen graph of x -> build -> "loop" -> twice its relu, "out"; returns a function that runs it."""
    with tf.Graph().as_default() as graph:
        looped = tf.identity(build(tf.placeholder(tf.float32, shape, "x")), "loop")
        tf.multiply(tf.nn.relu(looped), 2.0, name="out")
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            data = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["out"])
    path.write_bytes(data.SerializeToString())

    def run(fed):
        with tf.Graph().as_default():
            tf.import_graph_def(data, name="")
            with tf.Session() as session:
                return session.run("out:0", {f"{name}:0": array for name, array in fed.items()})

    return run


@pytest.mark.usefixtures("control_flow_v2")
@pytest.mark.parametrize("build", [dynamic_rnn, map_fn])
def test_a_loop_is_one_problem(build, tmp_path):
    frozen(build, [2, 5, 3], tmp_path / "n.pb")
    with pytest.raises(UnsupportedError, match=r"a loop \(tf.while_loop, dynamic_rnn, map_fn\)") as caught:
        load_tensorflow(tmp_path / "n.pb", None, ["out"])
    assert len(caught.value.problems) == 1
    assert "while" in caught.value.problems[0].where


@pytest.mark.usefixtures("control_flow_v2")
def test_what_follows_a_map_is_read(tmp_path):
    run = frozen(map_fn, [2, 5, 3], tmp_path / "n.pb")
    graph = load_tensorflow(tmp_path / "n.pb", None, ["out"], {"loop": (2, 5, 3)})
    x = np.random.default_rng(0).standard_normal((2, 5, 3)).astype(np.float32)
    with torch.no_grad():
        found = to_torch(graph)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, run({"loop": x, "x": x}), rtol=1e-6)
