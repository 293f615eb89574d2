"""Caffe itself as the judge: it upgrades old networks as we do, and each reads what the other writes."""

import numpy as np
import pytest

from caffe_proto import from_dict, read_caffemodel, read_prototxt, to_dict, to_text, write_caffemodel

V1 = """name: "old" input: "x" input_dim: 1 input_dim: 3 input_dim: 20 input_dim: 20
layers { name: "c" type: CONVOLUTION bottom: "x" top: "c" blobs_lr: 1 blobs_lr: 2 weight_decay: 1
  weight_decay: 0 convolution_param { num_output: 4 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
layers { name: "r" type: RELU bottom: "c" top: "c" }
layers { name: "n" type: LRN bottom: "c" top: "n" lrn_param { local_size: 3 alpha: 0.0001 } }
layers { name: "p" type: POOLING bottom: "n" top: "p" pooling_param { pool: AVE kernel_size: 3 stride: 2 } }
layers { name: "d" type: DROPOUT bottom: "p" top: "p" dropout_param { dropout_ratio: 0.3 } }
layers { name: "i" type: INNER_PRODUCT bottom: "p" top: "i" param: "shared" blob_share_mode: PERMISSIVE
  inner_product_param { num_output: 5 } }
layers { name: "s" type: SOFTMAX bottom: "i" top: "s" include { phase: TEST } }"""

V0 = """name: "older" input: "x" input_dim: 1 input_dim: 3 input_dim: 20 input_dim: 20
layers { layer { name: "pad" type: "padding" pad: 2 } bottom: "x" top: "padded" }
layers { layer { name: "c" type: "conv" num_output: 4 kernelsize: 5 stride: 2 biasterm: false blobs_lr: 1.
  weight_filler { type: "gaussian" std: 0.01 } } bottom: "padded" top: "c" }
layers { layer { name: "r" type: "relu" } bottom: "c" top: "c" }
layers { layer { name: "p" type: "pool" kernelsize: 3 stride: 2 pool: MAX } bottom: "c" top: "p" }
layers { layer { name: "n" type: "lrn" local_size: 5 alpha: 0.5 beta: 0.25 } bottom: "p" top: "n" }
layers { layer { name: "i" type: "innerproduct" num_output: 5 } bottom: "n" top: "i" }
layers { layer { name: "d" type: "dropout" dropout_ratio: 0.2 } bottom: "i" top: "i" }
layers { layer { name: "t" type: "tanh" } bottom: "i" top: "t" }"""

DUMMY = """name: "dummy"
layers { name: "d" type: DUMMY_DATA top: "d" transform_param { scale: 0.5 }
  dummy_data_param { num: 1 channels: 2 height: 3 width: 4 data_filler { value: 2 } } }
layers { name: "w" type: POWER bottom: "d" top: "w" power_param { power: 2 scale: 3 shift: 0.1 } }"""


@pytest.mark.parametrize("text", [V1, V0, DUMMY], ids=["V1", "V0", "no input"])
def test_caffe_upgrades_as_we_do(real_caffe, tmp_path, text):
    path = tmp_path / "net.caffemodel"
    path.write_bytes(real_caffe.worker.weights(text))
    theirs = read_caffemodel(path).net
    ours = read_prototxt(text).net
    for net in (theirs, ours):
        for layer in net.layer:
            layer.ClearField("phase")  # Caffe notes in each layer that this was the network for testing
            if layer.type == "Input":
                layer.name = ""  # Caffe has one layer for all inputs, "input"
    assert to_dict(ours) == to_dict(theirs)


def test_we_read_the_weights_that_caffe_writes(real_caffe, tmp_path):
    weight = np.arange(4 * 3 * 3 * 3, dtype=np.float32).reshape(4, 3, 3, 3)
    path = tmp_path / "net.caffemodel"
    path.write_bytes(real_caffe.worker.weights(V1, {("c", 0): weight}))
    weights = read_caffemodel(path).by_name()
    np.testing.assert_array_equal(weights["c"][0], weight)
    assert weights["i"][0].shape == (5, 4 * 10 * 10)


def test_caffe_writes_the_same_bytes(real_caffe, tmp_path):
    theirs, ours = tmp_path / "theirs.caffemodel", tmp_path / "ours.caffemodel"
    theirs.write_bytes(real_caffe.worker.weights(V1))
    weights = read_caffemodel(theirs)
    write_caffemodel(weights.net, [layer.blobs for layer in weights.layers], ours)
    assert ours.read_bytes() == theirs.read_bytes()


def test_caffe_reads_the_text_and_the_weights_that_we_write(real_caffe, tmp_path):
    name = "say \"hi\" \\ 'twice'\n\tñ 层"
    net = {
        "layer": [
            {"name": "x", "type": "Input", "top": ["x"], "input_param": {"shape": [{"dim": [1, 3]}]}},
            {
                "name": name,
                "type": "InnerProduct",
                "bottom": ["x"],
                "top": [name],
                "inner_product_param": {"num_output": 2},
            },
            {
                "name": "power",
                "type": "Power",
                "bottom": [name],
                "top": ["y"],
                "power_param": {"scale": 1e-5, "shift": -(2.0**-130)},
            },
        ]
    }
    weight = np.arange(6).reshape(2, 3)
    path = tmp_path / "net.caffemodel"
    write_caffemodel(net, [[], [weight, np.array([1.0, 2.0])], []], path)
    x = np.array([[1, 2, 3]], np.float32)
    results = real_caffe.worker.run(to_text(from_dict(net)), path.read_bytes(), {"x": x})
    product = x @ weight.T.astype(np.float32) + np.float32([1, 2])
    np.testing.assert_array_equal(results[name, name], product)
    np.testing.assert_allclose(results["power", "y"], product * np.float32(1e-5), rtol=1e-6)
