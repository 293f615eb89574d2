"""The ONNX reader: inputs, constants, names, branches, functions, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, load, save

from pytorch2caffe import ConversionError, UnsupportedError, load_onnx
from pytorch2caffe.frontends.onnx.names import module_path
from tests.frontends.onnx.nets import FLOAT, array, node, outputs, types, write

X = array(1, 3, 8, 8)


def conv(name="c"):
    return node("Conv", "x w b", name, "/stem/conv/Conv", pads=[1, 1, 1, 1], kernel_shape=[3, 3])


WEIGHTS = {"w": array(4, 3, 3, 3), "b": array(4)}


def test_layers_have_the_names_of_modules(tmp_path):
    nodes = [conv(), node("Relu", "c", "y", "/stem/Relu"), node("Add", "y y", "z", "/Add")]
    graph = load_onnx(write(tmp_path / "net.onnx", nodes, outputs=["z"], constants=WEIGHTS))
    assert [each.name for each in graph.nodes] == ["stem.conv", "stem.relu", "add"]
    assert [each.module for each in graph.nodes] == ["stem.conv", "stem", ""]
    assert graph.name == "net" and [*graph.outputs] == ["z"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("/layer1/layer1.0/conv1/Conv", "layer1.0.conv1"),
        ("/features/features.0/features.0.0/Conv", "features.0.0"),
        ("/head/cv2.0/cv2.0.0/conv/Conv", "head.cv2.0.0.conv"),
        ("Conv_3", ""),
    ],
)
def test_the_path_of_a_module(name, path):
    assert module_path(name) == path


def test_the_line_and_the_module_that_the_dynamo_exporter_writes(tmp_path):
    each = node("Relu", "x", "y", "node_relu")
    for key, value in {
        "pkg.torch.onnx.name_scopes": "['', 'layer1', 'layer1.0', 'layer1.0.relu', 'relu']",
        "pkg.torch.onnx.stack_trace": 'File "/home/me/net.py", line 92, in forward\n'
        '  File "/lib/site-packages/torch/nn/functional.py", line 7, in relu',
    }.items():
        each.metadata_props.add(key=key, value=value)
    (relu,) = load_onnx(write(tmp_path / "net.onnx", [each])).nodes
    assert (relu.name, relu.where) == ("layer1.0.relu", "layer1.0.relu (net.py:92)")


def test_an_open_batch_is_one_and_other_sizes_are_given(tmp_path):
    path = write(tmp_path / "net.onnx", [node("Relu", "x", "y")], shape=("N", 3, "H", "W"))
    with pytest.raises(ConversionError, match=r"'x' has the shape \[N, 3, H, W\]: give all its sizes"):
        load_onnx(path)
    assert load_onnx(path, (2, 3, 4, 5)).inputs[0].shape == (2, 3, 4, 5)
    assert load_onnx(path, {"x": (1, 3, 4, 4)}).inputs[0].shape == (1, 3, 4, 4)
    with pytest.raises(ConversionError, match="no input 'y'"):
        load_onnx(path, {"y": (1, 3, 4, 4)})
    with pytest.raises(ConversionError, match="fixed shape"):
        load_onnx(path, (1, 4, 4, 4))
    fixed = write(tmp_path / "batch.onnx", [node("Relu", "x", "y")], shape=("N", 3))
    assert load_onnx(fixed).inputs[0].shape == (1, 3)


def test_a_size_that_one_input_gives_is_that_of_the_others(tmp_path):
    second = helper.make_tensor_value_info("z", FLOAT, ["N", "H"])
    path = write(tmp_path / "net.onnx", [node("Add", "x z", "y")], shape=("N", "H"), inputs=[second])
    assert [value.shape for value in load_onnx(path, {"x": (2, 5)}).inputs] == [(2, 5), (2, 5)]


def test_computations_on_shapes_are_constants(tmp_path):
    nodes = [
        node("Shape", "x", "s"),
        node("Gather", "s zero", "n", axis=0),
        node("Unsqueeze", "n zero1", "n1"),
        node("Concat", "n1 rest", "shape", axis=0),
        node("Reshape", "x shape", "y"),
    ]
    constants = {"zero": np.array(0), "zero1": np.array([0]), "rest": np.array([-1])}
    graph = load_onnx(write(tmp_path / "net.onnx", nodes, constants=constants))
    assert types(graph) == ["Reshape"]
    np.testing.assert_array_equal(outputs(graph, X)[0], X.reshape(1, -1))


def test_constants_that_only_layers_compute(tmp_path):
    nodes = [
        node("InstanceNormalization", "w one none", "v"),
        node("Conv", "x v", "y", kernel_shape=[3, 3]),
    ]
    weight = array(1, 3, 3, 3)
    constants = {"w": weight, "one": np.ones(3, np.float32), "none": np.zeros(3, np.float32)}
    (layer,) = load_onnx(write(tmp_path / "net.onnx", nodes, constants=constants)).nodes
    mean, var = weight.mean((2, 3), keepdims=True), weight.var((2, 3), keepdims=True)
    np.testing.assert_allclose(layer.blobs[0], (weight - mean) / np.sqrt(var + 1e-5), rtol=1e-5, atol=1e-5)


def test_weights_of_float16_and_in_a_file_beside(tmp_path):
    weights = {name: value.astype(np.float16) for name, value in WEIGHTS.items()}
    path = write(tmp_path / "net.onnx", [conv("y")], constants=weights, kind=TensorProto.FLOAT16)
    model = load(path)
    save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    assert len(load(path, load_external_data=False).graph.initializer[0].raw_data) == 0
    (layer,) = load_onnx(path).nodes
    np.testing.assert_array_equal(layer.blobs[0], weights["w"].astype(np.float32))


def test_external_data_outside_of_the_folder(tmp_path):
    (tmp_path / "secret").write_bytes(b"\0" * 432)
    folder = tmp_path / "model"
    folder.mkdir()
    path = write(folder / "net.onnx", [conv("y")], constants=WEIGHTS)
    for location, message in (("../secret", "outside of the model's folder"), ("gone", "cannot be read")):
        model = load(path)
        tensor = model.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)
        damaged = folder / "damaged.onnx"
        damaged.write_bytes(model.SerializeToString())
        with pytest.raises(ConversionError, match=message):
            load_onnx(damaged)


def branch(name, nodes, output):
    return helper.make_graph(nodes, name, [], [helper.make_tensor_value_info(output, FLOAT, None)])


def test_an_if_with_a_constant_condition(tmp_path):
    branches = {
        "then_branch": branch("then", [node("Relu", "x", "a")], "a"),
        "else_branch": branch("else", [node("Neg", "x", "b")], "b"),
    }
    for value, expected in ((True, ["ReLU"]), (False, ["Power"])):
        nodes = [node("If", "flag", "y", **branches)]
        graph = load_onnx(write(tmp_path / "net.onnx", nodes, constants={"flag": np.array(value)}))
        assert types(graph) == expected
    flag = [node("ReduceMax", "x", "m", keepdims=0), node("Cast", "m", "c", to=TensorProto.BOOL)]
    with pytest.raises(UnsupportedError, match="If whose condition depends"):
        load_onnx(write(tmp_path / "net.onnx", [*flag, node("If", "c", "y", **branches)]))


def test_functions_of_the_model_and_of_the_specification(tmp_path):
    body = [node("Elu", "a", "e"), node("Add", "e a", "r")]
    body[0].attribute.add(name="alpha", ref_attr_name="slope", type=1)
    function = helper.make_function("own", "Twice", ["a"], ["r"], body, [helper.make_opsetid("", 17)], ["slope"])
    nodes = [
        node("Twice", "x", "t", "twice", domain="own", slope=0.5),
        node("MeanVarianceNormalization", "t", "y", axes=[0, 2, 3]),
    ]
    path = write(
        tmp_path / "net.onnx", nodes, functions=[function], domains=[helper.make_opsetid("own", 1)], ir_version=8
    )
    (actual,) = outputs(load_onnx(path), X)
    twice = np.where(X > 0, X, 0.5 * (np.exp(X) - 1)) + X
    expected = (twice - twice.mean((0, 2, 3), keepdims=True)) / twice.std((0, 2, 3), keepdims=True)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)


def test_a_function_of_the_specification_has_its_defaults_and_may_depend_on_attributes(tmp_path):
    x = array(2, 3, 5, 5)
    (actual,) = outputs(
        load_onnx(write(tmp_path / "net.onnx", [node("MeanVarianceNormalization", "x", "y")], x.shape)), x
    )
    expected = (x - x.mean((0, 2, 3), keepdims=True)) / x.std((0, 2, 3), keepdims=True)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)
    cut = node("CenterCropPad", "x size", "y", axes=[2, 3])
    path = write(tmp_path / "net.onnx", [cut], x.shape, constants={"size": np.array([3, 7])}, opset=18)
    np.testing.assert_array_equal(outputs(load_onnx(path), x)[0], np.pad(x[:, :, 1:4], [(0, 0)] * 3 + [(1, 1)]))


def test_an_input_that_was_an_attribute(tmp_path):
    old = write(tmp_path / "old.onnx", [node("Clip", "x", "y", min=0.0, max=6.0)], opset=7)
    new = write(tmp_path / "new.onnx", [node("Clip", "x - top", "y")], constants={"top": np.float32(6)})
    assert [load_onnx(path).nodes[0].layer.max for path in (old, new)] == [6.0, 6.0]


def test_softmax_before_opset_13_is_over_all_that_follow(tmp_path):
    for opset, axes in ((11, (1, 2, 3)), (13, (1,))):
        path = write(tmp_path / "net.onnx", [node("Softmax", "x", "y", axis=1)], opset=opset)
        (actual,) = outputs(load_onnx(path), X)
        exp = np.exp(X)
        np.testing.assert_allclose(actual, exp / exp.sum(axes, keepdims=True), rtol=1e-5)


def test_all_problems_are_listed_with_node_operator_and_opset(tmp_path):
    nodes = [
        node("NonZero", "x", "a", "first"),
        node("Det", "x", "b", "/head/Det"),
        node("Loop", "c c a", "d", body=branch("body", [], "q")),
        node("QuantizeLinear", "x s", "e"),
        node("Relu", "a", "f"),
    ]
    constants = {"c": np.array(1), "s": np.float32(1)}
    with pytest.raises(UnsupportedError) as caught:
        load_onnx(write(tmp_path / "net.onnx", nodes, outputs=list("abdef"), constants=constants))
    text = str(caught.value)
    assert len(caught.value.problems) == 4
    assert "node '/head/Det' (Det, opset 17): operator 'Det' is not supported" in text
    assert "a Loop, whose length depends on data" in text and "integers of a quantized model" in text


def test_outputs_may_be_any_tensors(tmp_path):
    path = write(tmp_path / "net.onnx", [conv(), node("Relu", "c", "y")], constants=WEIGHTS)
    assert types(load_onnx(path, outputs="c")) == ["Convolution"]
    with pytest.raises(ConversionError, match="there is no tensor 'cc'; similar: c"):
        load_onnx(path, outputs="cc")


def test_an_output_that_is_not_computed_is_refused_only_where_it_is_used(tmp_path):
    pool = node("MaxPool", "x", "y i", kernel_shape=[2, 2], strides=[2, 2], storage_order=1)
    assert types(load_onnx(write(tmp_path / "net.onnx", [pool]))) == ["Pooling"]
    with pytest.raises(UnsupportedError, match="gives an output that no Caffe layer computes"):
        load_onnx(write(tmp_path / "net.onnx", [pool], outputs=["y", "i"]))


def test_damaged_files(tmp_path):
    path = tmp_path / "net.onnx"
    for content in (b"", b"not a model", b"\x0a\xff\xff\xff\xff"):
        path.write_bytes(content)
        with pytest.raises(ConversionError, match="not an ONNX model"):
            load_onnx(path)
    with pytest.raises(ConversionError, match="No such file"):
        load_onnx(tmp_path / "none.onnx")
    cycle = [node("Add", "x b", "a"), node("Relu", "a", "b"), node("Neg", "b", "y")]
    with pytest.raises(UnsupportedError, match="reads what depends on its own output"):
        load_onnx(write(path, cycle))
    with pytest.raises(ConversionError, match="written by two nodes"):
        load_onnx(write(path, [node("Relu", "x", "y"), node("Neg", "x", "y")]))
    with pytest.raises(UnsupportedError, match="reads 'nothing', which is not in the graph"):
        load_onnx(write(path, [node("Add", "x nothing", "y")]))


def test_sizes_beyond_reason(tmp_path):
    path = tmp_path / "net.onnx"
    huge = {"s": np.array([1 << 30, 3, 8, 8], np.int64)}
    for nodes in (
        [node("ConstantOfShape", "s", "c"), node("Add", "x c", "y")],
        [node("Expand", "x s", "y")],
        [node("Tile", "x s", "y")],
    ):
        with pytest.raises(ConversionError, match="use at most|No such|too large|memory"):
            load_onnx(write(path, nodes, constants=huge))
    with pytest.raises(ConversionError, match="use at most"):
        load_onnx(write(path, [node("Relu", "x", "y")], shape=(1 << 20, 1 << 20, 8)))


def test_shared_weights_stay_one_array(tmp_path):
    nodes = [node("Conv", "x w", "a"), node("Identity", "w", "v"), node("Conv", "x v", "b"), node("Add", "a b", "y")]
    graph = load_onnx(write(tmp_path / "net.onnx", nodes, constants={"w": WEIGHTS["w"]}))
    assert graph.nodes[0].blobs[0] is graph.nodes[1].blobs[0]


def test_integers_divide_towards_zero_and_casts_cut_the_fraction(tmp_path):
    nodes = [
        node("Cast", "x", "i", to=TensorProto.INT64),
        node("Div", "i three", "d"),
        node("Cast", "d", "y", to=TensorProto.FLOAT),
    ]
    x = np.array([[-7.5, -2.0, 2.9, 7.0]], np.float32)
    path = write(tmp_path / "net.onnx", nodes, shape=(1, 4), constants={"three": np.array(3, np.int64)})
    np.testing.assert_array_equal(outputs(load_onnx(path), x)[0], [[-2, 0, 0, 2]])
