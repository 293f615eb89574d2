"""Loops of TensorFlow: their steps are written out; those that depend on data are refused, once each."""

import numpy as np
import pytest
import torch

for package in ("tensorflow", "tf_keras"):
    pytest.importorskip(package)

from pytorch2caffe import UnsupportedError, load_tensorflow, save_caffe, to_torch  # noqa: E402
from pytorch2caffe.verify.runtimes import get  # noqa: E402
from tests.frontends.tensorflow.tf_nets import tf  # noqa: E402

CELLS = tf.nn.rnn_cell
pytestmark = pytest.mark.filterwarnings("ignore:`tf.nn.rnn_cell:UserWarning")  # that it is deprecated


def by_hand(x):
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


def rnn(*cells, **settings):
    def build(x):
        made = [cell() for cell in cells]
        cell = made[0] if len(made) == 1 else CELLS.MultiRNNCell(made)
        return tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, **settings)[0]

    return build


def lstm(**settings):
    return lambda: CELLS.LSTMCell(4, **settings)


def both_ways(x):
    return tf.concat(tf.nn.bidirectional_dynamic_rnn(lstm()(), lstm()(), x, dtype=tf.float32)[0], 2)


def nested(x):
    def inner(step, h):
        return tf.while_loop(lambda i, _: i < step + 2, lambda i, g: [i + 1, tf.nn.relu(g) + x * 0.5], [0, h])[1]

    return tf.while_loop(lambda i, _: i < 2, lambda i, h: [i + 1, inner(i, h)], [0, x])[1]


ROWS, FIXED = [None, 5, 3], [2, 5, 3]
READ = {
    "written by hand": (by_hand, FIXED),
    "map_fn": (map_fn, FIXED),
    "LSTMCell": (rnn(lstm()), ROWS),
    "LSTMCell with peepholes": (rnn(lstm(use_peepholes=True, num_proj=3, forget_bias=0.5)), ROWS),
    "GRUCell": (rnn(lambda: CELLS.GRUCell(4)), ROWS),
    "BasicRNNCell": (rnn(lambda: CELLS.BasicRNNCell(4)), ROWS),
    "two layers": (rnn(lstm(), lambda: CELLS.GRUCell(3)), ROWS),
    "time before the batch": (rnn(lstm(), time_major=True), FIXED),
    "sequence_length that is constant": (rnn(lstm(), sequence_length=[3, 5]), FIXED),
    "last state": (lambda x: tf.nn.dynamic_rnn(lstm()(), x, dtype=tf.float32)[1].h, ROWS),
    "both ways": (both_ways, ROWS),
    "a loop in a loop": (nested, FIXED),
    "no step": (lambda x: tf.while_loop(lambda i, _: i < 0, lambda i, h: [i + 1, h * 2.0], [0, x])[1], FIXED),
}


@pytest.mark.usefixtures("control_flow_v2")
@pytest.mark.parametrize("name", READ)
def test_a_loop_of_constant_length_computes_what_tensorflow_does(name, tmp_path):
    build, shape = READ[name]
    run = frozen(build, shape, tmp_path / "n.pb")
    graph = load_tensorflow(tmp_path / "n.pb", None, ["out"])
    x = np.random.default_rng(0).standard_normal([size or 2 for size in shape]).astype(np.float32)
    with torch.no_grad():
        found = to_torch(graph)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, run({"x": x}), rtol=1e-5, atol=1e-6)


REFUSED = {
    "its length depends on data": (
        lambda x: tf.while_loop(lambda h: tf.reduce_sum(h) < 100.0, lambda h: [h * 2.0], [tf.abs(x)])[0],
        FIXED,
        "whose number of steps depends on data",
    ),
    "sequence_length depends on data": (
        lambda x: rnn(lstm(), sequence_length=tf.cast(x[:, 0, 0], tf.int32))(x),
        FIXED,
        "number of steps depends on data.*no sequence_length",
    ),
    "too long": (
        lambda x: tf.while_loop(lambda i, _: i < 2000, lambda i, h: [i + 1, h], [0, x])[1],
        FIXED,
        "of more than 1000 steps",
    ),
    "an operator in it": (
        lambda x: tf.while_loop(lambda i, _: i < 3, lambda i, h: [i + 1, tf.math.lgamma(h)], [0, x])[1],
        FIXED,
        "operator 'Lgamma' is not supported",
    ),
}


@pytest.mark.usefixtures("control_flow_v2")
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_one_problem(name, tmp_path):
    build, shape, message = REFUSED[name]
    frozen(build, shape, tmp_path / "n.pb")
    with pytest.raises(UnsupportedError, match=f"(?s){message}") as caught:
        load_tensorflow(tmp_path / "n.pb", None, ["out"])
    assert len(caught.value.problems) == 1
    assert "while" in caught.value.problems[0].where


@pytest.mark.usefixtures("control_flow_v2")
def test_a_map_over_an_open_batch_is_refused(tmp_path):
    frozen(map_fn, ROWS, tmp_path / "n.pb")
    with pytest.raises(UnsupportedError, match="(?s)over the samples of an open batch.*fix the batch size"):
        load_tensorflow(tmp_path / "n.pb", None, ["out"])


def test_a_loop_in_caffe(tmp_path, real_caffe):
    run = frozen(rnn(lstm()), ROWS, tmp_path / "n.pb")
    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    graph = load_tensorflow(tmp_path / "n.pb", None, ["out"])
    save_caffe(graph, *files)
    x = np.random.default_rng(0).standard_normal(FIXED).astype(np.float32)
    found = list(get("caffe").run(*files, {graph.inputs[0].name: x[:1]}).values())[-1]
    np.testing.assert_allclose(found, run({"x": x})[:1], rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("control_flow_v2")
@pytest.mark.parametrize("control_flow_v2", [False], indirect=True)
def test_a_checkpoint_with_a_loop(tmp_path):
    """Of a graph with gradients: its loop has variables for training, which are not read."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, ROWS, "x")
        out = tf.identity(rnn(lstm())(x)[:, -1], "out")
        tf.gradients(tf.reduce_sum(out), tf.trainable_variables())
        fed = np.random.default_rng(0).standard_normal((2, 5, 3)).astype(np.float32)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            tf.train.Saver().save(session, str(tmp_path / "n.ckpt"))
            expected = session.run(out, {x: fed})
    graph = load_tensorflow(tmp_path / "n.ckpt.meta", outputs="out")
    with torch.no_grad():
        found = to_torch(graph)(torch.from_numpy(fed)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("control_flow_v2")
def test_what_follows_a_map_is_read(tmp_path):
    run = frozen(map_fn, [2, 5, 3], tmp_path / "n.pb")
    graph = load_tensorflow(tmp_path / "n.pb", None, ["out"], {"loop": (2, 5, 3)})
    x = np.random.default_rng(0).standard_normal((2, 5, 3)).astype(np.float32)
    with torch.no_grad():
        found = to_torch(graph)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, run({"loop": x, "x": x}), rtol=1e-6)
