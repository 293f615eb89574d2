"""Real Caffe through the worker: what it reports, and how it fails."""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest

from pytorch2caffe.verify.runtimes import RuntimeFailed, RuntimeUnavailable
from pytorch2caffe.verify.runtimes.process import last_lines
from pytorch2caffe.verify.runtimes.worker import CaffeWorker

IN_PLACE = """
input: "data" input_shape { dim: 1 dim: 2 dim: 1 dim: 2 }
layer { name: "shift" type: "Power" bottom: "data" top: "x" power_param { shift: -1 } }
layer { name: "relu" type: "ReLU" bottom: "x" top: "x" }
layer { name: "double" type: "Power" bottom: "x" top: "y" power_param { scale: 2 } }
"""

TWO_INPUTS_TWO_OUTPUTS = """
input: "a" input_shape { dim: 1 dim: 2 }
input: "b" input_shape { dim: 1 dim: 2 }
layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "sum" }
layer { name: "product" type: "Eltwise" bottom: "a" bottom: "b" top: "product"
        eltwise_param { operation: PROD } }
layer { name: "cut" type: "Slice" bottom: "sum" top: "left" top: "right" slice_param { axis: 1 } }
"""

LINEAR = """
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
layer { name: "fc" type: "InnerProduct" bottom: "x" top: "fc" inner_product_param { num_output: 2 } }
layer { name: "bn" type: "BatchNorm" bottom: "fc" top: "bn" }
"""

WRONG_SHAPE = TWO_INPUTS_TWO_OUTPUTS.replace('"b" input_shape { dim: 1 dim: 2 }', '"b" input_shape { dim: 1 dim: 3 }')


@pytest.fixture
def worker(real_caffe):
    """The session's own worker: whatever a test does to it, the next must not notice."""
    return real_caffe.worker


def test_in_place_layers_are_read_before_they_are_overwritten(worker):
    results = worker.run(IN_PLACE, b"", {"data": np.array([0, 1, 2, 3], "f4").reshape(1, 2, 1, 2)})
    assert {key: array.ravel().tolist() for key, array in results.items()} == {
        ("shift", "x"): [-1, 0, 1, 2],
        ("relu", "x"): [0, 0, 1, 2],
        ("double", "y"): [0, 0, 2, 4],
    }
    assert list(results) == [("shift", "x"), ("relu", "x"), ("double", "y")]
    assert results["double", "y"].shape == (1, 2, 1, 2)


def test_the_arrays_can_be_written_to(worker):
    worker.run(IN_PLACE, b"", {"data": np.zeros((1, 2, 1, 2))})["double", "y"][...] = 1


def test_two_inputs_two_outputs_and_no_split_that_nobody_wrote(worker):
    results = worker.run(TWO_INPUTS_TWO_OUTPUTS, b"", {"b": np.array([[3.0, 4]]), "a": np.array([[1.0, 2]])})
    assert [layer for layer, _ in results] == ["sum", "product", "cut", "cut"]
    assert results["sum", "sum"].tolist() == [[4, 6]]
    assert results["product", "product"].tolist() == [[3, 8]]
    assert results["cut", "left"].tolist() == [[4]]
    assert results["cut", "right"].tolist() == [[6]]


def test_a_split_somebody_wrote_is_reported(worker):
    net = IN_PLACE + 'layer { name: "s" type: "Split" bottom: "y" top: "y1" top: "y2" }'
    assert {("s", "y1"), ("s", "y2")} <= set(worker.run(net, b"", {"data": np.zeros((1, 2, 1, 2))}))


def test_only_outputs_leaves_out_what_a_later_layer_reads(worker):
    inputs = {"a": np.ones((1, 2)), "b": np.ones((1, 2))}
    results = worker.run(TWO_INPUTS_TWO_OUTPUTS, b"", inputs, only_outputs=True)
    assert set(results) == {("product", "product"), ("cut", "left"), ("cut", "right")}


def test_only_outputs_keeps_the_last_writer_of_a_blob(worker):
    net = IN_PLACE[: IN_PLACE.index('layer { name: "double"')]
    results = worker.run(net, b"", {"data": np.zeros((1, 2, 1, 2))}, only_outputs=True)
    assert list(results) == [("relu", "x")]


def test_inputs_bring_their_own_shape(worker):
    assert worker.run(IN_PLACE, b"", {"data": np.zeros((3, 1, 2, 5))})["double", "y"].shape == (3, 1, 2, 5)


def test_weights_go_out_and_come_back(worker):
    matrix, bias = np.array([[1.0, 0, 0], [0, 2, 0]]), np.array([0.0, 1])
    saved = worker.weights(LINEAR, {("fc", 0): matrix, ("fc", 1): bias}, seed=3)
    assert saved == worker.weights(LINEAR, {("fc", 0): matrix, ("fc", 1): bias}, seed=3)
    assert saved != worker.weights(LINEAR, seed=3)
    results = worker.run(LINEAR, saved, {"x": np.array([[1.0, 2, 3], [4, 5, 6]])})
    assert results["fc", "fc"].tolist() == [[1, 5], [4, 11]]
    assert np.isfinite(results["bn", "bn"]).all()


def test_weights_for_a_layer_that_has_none(worker):
    with pytest.raises(RuntimeFailed, match="no layer 'relu' has weights"):
        worker.weights(IN_PLACE, {("relu", 0): np.zeros(1)})


def test_time_of_each_layer(worker):
    timed = worker.time(LINEAR, b"", {"x": np.ones((4, 3))}, repeat=2)
    assert [name for name, _, _ in timed][-2:] == ["fc", "bn"]
    assert {"InnerProduct", "BatchNorm"} <= {kind for _, kind, _ in timed}
    assert all(seconds >= 0 for *_, seconds in timed)


def test_layer_types(worker):
    assert {"Convolution", "InnerProduct", "Silence"} <= set(worker.layer_types())


def test_wrong_input_names_list_the_right_ones(worker):
    with pytest.raises(RuntimeFailed, match=r"the inputs are \['data'\], not \['date'\]"):
        worker.run(IN_PLACE, b"", {"date": np.zeros((1, 2, 1, 2))})


def test_a_failed_check_is_told_and_the_next_network_runs(worker):
    with pytest.raises(RuntimeFailed, match=r"(?s)SIGABRT.*eltwise_layer\.cpp.*Check failed") as failure:
        worker.run(WRONG_SHAPE, b"", {"a": np.ones((1, 2)), "b": np.ones((1, 3))})
    assert "@ " not in str(failure.value)
    test_in_place_layers_are_read_before_they_are_overwritten(worker)


def test_text_caffe_cannot_parse(worker):
    with pytest.raises(RuntimeFailed, match="no_such_field"):
        worker.run("layer { no_such_field: 1 }", b"", {})


def test_a_killed_worker_is_replaced(worker):
    worker.start()
    worker._process._popen.kill()
    worker._process._popen.wait()
    assert worker.layer_types()


def test_a_command_that_does_not_exist():
    with pytest.raises(RuntimeUnavailable, match="`no-such-python -x` does not start: No such file"):
        CaffeWorker(["no-such-python", "-x"]).start()


def fake(program: str, **options: float) -> CaffeWorker:
    """A worker whose command is a Python that runs `program` and ignores what it is told to run."""
    return CaffeWorker([sys.executable, "-c", program], **options)


def test_a_python_without_pycaffe():
    hidden = "import sys; sys.modules['caffe'] = None; exec(sys.argv[2])"
    with pytest.raises(RuntimeUnavailable, match="no usable pycaffe: .*caffe"):
        fake(hidden).start()


def test_a_command_that_prints_rubbish_and_ends():
    with pytest.raises(RuntimeUnavailable, match=r"(?s)exit status 3.*rubbish"):
        fake("print('rubbish'); raise SystemExit(3)").start()


def test_a_command_that_prints_rubbish_forever():
    with pytest.raises(RuntimeUnavailable, match="does not start the worker; it prints 'rubbish'"):
        fake("while True: print('rubbish')").start()


def test_a_command_that_says_why_on_stderr():
    with pytest.raises(RuntimeUnavailable, match="out of order"):
        fake("raise SystemExit('out of order')").start()


def test_a_command_that_hangs():
    started = time.monotonic()
    with pytest.raises(RuntimeUnavailable, match=r"no answer within 0\.3 s"):
        fake("import time; time.sleep(600)", start_timeout=0.3).start()
    assert time.monotonic() - started < 120


GREETS = """print('a banner'); print('{"worker": "pytorch2caffe 1", "caffe": "fake"}', flush=True);"""


def test_a_banner_before_the_greeting_is_skipped():
    worker = fake(GREETS + "input()")
    assert worker.start()["caffe"] == "fake"
    worker.close()


def test_a_request_that_hangs():
    with pytest.raises(RuntimeFailed, match=r"no answer within 0\.3 s"):
        fake(GREETS + "import time; time.sleep(600)", timeout=0.3).layer_types()


def test_a_request_larger_than_the_pipe_that_nobody_reads():
    with pytest.raises(RuntimeFailed, match=r"no answer within 0\.3 s"):
        fake(GREETS + "import time; time.sleep(600)", timeout=0.3).run("", bytes(1 << 22), {})


def test_an_answer_that_is_no_answer():
    with pytest.raises(RuntimeFailed):
        fake(GREETS + "input(); print('rubbish')").layer_types()


def test_an_answer_cut_short():
    with pytest.raises(RuntimeFailed, match="exit status 0"):
        fake(GREETS + """input(); print('{"sizes": [100]}')""").layer_types()


def test_children_of_a_wrapper_end_with_it():
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    started = time.monotonic()
    with pytest.raises(RuntimeUnavailable, match="no answer"):
        fake(child, start_timeout=0.5).start()
    assert time.monotonic() - started < 120


def test_last_lines_leave_out_the_stack_trace():
    lines = [
        "F1121 net.cpp:1] Check failed: a == b",
        "*** Check failure stack trace: ***",
        "    @  0x7f  abort",
    ]
    assert last_lines(lines) == lines[0]
