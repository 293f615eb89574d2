"""Networks of earlier generations read as today's."""

import pytest

from caffe_proto import CaffeFormatError, message_class, read_prototxt, to_dict
from caffe_proto.old_types import V0_TYPES, V1_TYPES


def layers_of(text):
    read = read_prototxt(text)
    assert not read.net.layers
    return to_dict(read.net).get("layer", []), (*map(str, read.unknown), *read.ignored)


def test_v1():
    layers, unknown = layers_of("""
        layers { name: "c" type: CONVOLUTION bottom: "x" top: "c" blobs_lr: 1 blobs_lr: 2 weight_decay: 1
          weight_decay: 0 param: "shared" blob_share_mode: PERMISSIVE convolution_param { num_output: 3 }
          include { phase: TEST } loss_weight: 0.5 }
        layers { name: "l" type: SOFTMAX_LOSS bottom: "c" }
    """)
    assert unknown == ()
    assert layers == [
        {
            "name": "c",
            "type": "Convolution",
            "bottom": ["x"],
            "top": ["c"],
            "loss_weight": [0.5],
            "param": [
                {"name": "shared", "share_mode": "PERMISSIVE", "lr_mult": 1.0, "decay_mult": 1.0},
                {"lr_mult": 2.0, "decay_mult": 0.0},
            ],
            "include": [{"phase": "TEST"}],
            "convolution_param": {"num_output": 3},
        },
        {"name": "l", "type": "SoftmaxWithLoss", "bottom": ["c"]},
    ]


def test_every_v1_type_has_a_name():
    assert set(V1_TYPES) == set(message_class("V1LayerParameter").LayerType.keys())
    assert set(V0_TYPES.values()) <= set(V1_TYPES)
    for old, new in V1_TYPES.items():
        assert layers_of(f"layers {{ type: {old} }}")[0][0].get("type") == new


@pytest.mark.parametrize("kind", ["DATA", "IMAGE_DATA", "WINDOW_DATA"])
def test_v1_data_layers_hand_their_transformation_over(kind):
    param = kind.lower() + "_param"
    (layer,), _ = layers_of(
        f"layers {{ type: {kind} {param} {{ source: 's' scale: 0.5 mean_file: 'm' crop_size: 227 mirror: true }} }}"
    )
    assert layer["transform_param"] == {"scale": 0.5, "mean_file": "m", "crop_size": 227, "mirror": True}
    assert layer[param] == {"source": "s"}


def test_v0():
    layers, unknown = layers_of("""
        layers { layer { name: "d" type: "data" source: "s" meanfile: "m" batchsize: 5 cropsize: 227
          mirror: true
          scale: 0.5 rand_skip: 2 } top: "d" }
        layers { layer { name: "c" type: "conv" num_output: 96 kernelsize: 11 stride: 4 group: 2
          biasterm: false
          weight_filler { type: "gaussian" std: 0.5 } blobs_lr: 1. blobs_lr: 2. } bottom: "d" top: "c" }
        layers { layer { name: "p" type: "pool" pool: AVE kernelsize: 3 stride: 2 pad: 1 } bottom: "c"
          top: "p" }
        layers { layer { name: "n" type: "lrn" local_size: 3 alpha: 2 beta: 0.5 k: 2 } bottom: "p" top: "n" }
        layers { layer { name: "o" type: "dropout" dropout_ratio: 0.25 } bottom: "n" top: "n" }
        layers { layer { name: "i" type: "innerproduct" num_output: 9 } bottom: "n" top: "i" }
        layers { layer { name: "r" type: "relu" num_output: 9 } bottom: "i" top: "i" }
        layers { layer { name: "w" type: "window_data" det_fg_threshold: 0.25 det_crop_mode: "square" }
          top: "w" }
        layers { layer { name: "h" type: "hdf5_output" hdf5_output_param { file_name: "f" } } bottom: "w" }
        layers { layer { name: "m" type: "images" shuffle_images: true new_height: 3 } top: "m" }
        layers { layer { name: "j" type: "concat" concat_dim: 0 } bottom: "m" top: "j" }
    """)
    found = {layer["name"]: layer for layer in layers}
    assert found["d"]["transform_param"] == {"scale": 0.5, "mean_file": "m", "crop_size": 227, "mirror": True}
    assert found["d"]["data_param"] == {"source": "s", "batch_size": 5, "rand_skip": 2}
    assert found["c"] == {
        "name": "c",
        "type": "Convolution",
        "bottom": ["d"],
        "top": ["c"],
        "param": [{"lr_mult": 1.0}, {"lr_mult": 2.0}],
        "convolution_param": {
            "num_output": 96,
            "bias_term": False,
            "kernel_size": [11],
            "group": 2,
            "stride": [4],
            "weight_filler": {"type": "gaussian", "std": 0.5},
        },
    }
    assert found["p"]["pooling_param"] == {"pool": "AVE", "kernel_size": 3, "stride": 2, "pad": 1}
    assert found["n"]["lrn_param"] == {"local_size": 3, "alpha": 2.0, "beta": 0.5, "k": 2.0}
    assert found["o"]["dropout_param"] == {"dropout_ratio": 0.25}
    assert found["i"]["inner_product_param"] == {"num_output": 9}
    assert found["w"]["window_data_param"] == {"fg_threshold": 0.25, "crop_mode": "square"}
    assert found["h"]["hdf5_output_param"] == {"file_name": "f"}
    assert found["m"]["image_data_param"] == {"shuffle": True, "new_height": 3}
    assert found["j"]["concat_param"] == {"concat_dim": 0}
    assert unknown == ("layer 'r': num_output of a V0 layer of type relu",)


def test_v0_padding_is_folded_into_the_convolution():
    layers, _ = layers_of("""
        input: "x" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
        layers { layer { name: "pad" type: "padding" pad: 2 } bottom: "x" top: "padded" }
        layers { layer { name: "c" type: "conv" num_output: 4 kernelsize: 5 } bottom: "padded" top: "c" }
    """)
    assert [layer["type"] for layer in layers] == ["Input", "Convolution"]
    assert layers[1]["bottom"] == ["x"]
    assert layers[1]["convolution_param"]["pad"] == [2]


def test_v0_padding_elsewhere_is_refused():
    with pytest.raises(CaffeFormatError, match="layer 'r': only a convolution or pooling with one bottom can follow"):
        read_prototxt("""
            layers { layer { name: "pad" type: "padding" pad: 2 } bottom: "x" top: "padded" }
            layers { layer { name: "r" type: "relu" } bottom: "padded" top: "r" }
        """)


def test_inputs_become_layers_at_the_front():
    shapes = "input_shape { dim: 1 dim: 3 } input_shape { dim: 7 }"
    for sizes, expected in (
        ("", [None, None]),
        (shapes, [[1, 3], [7]]),
        ("input_dim: [1, 3, 8, 8, 1, 1, 1, 2]", [[1, 3, 8, 8], [1, 1, 1, 2]]),
        (shapes + "input_dim: [1, 3, 8, 8]", [[1, 3], [7]]),  # Caffe prefers the shapes
    ):
        layers, _ = layers_of(f'input: "a" input: "b" {sizes} layer {{ name: "c" type: "Concat" }}')
        assert [layer["name"] for layer in layers] == ["a", "b", "c"]
        for layer, name, dims in zip(layers, "ab", expected, strict=False):
            param = {} if dims is None else {"input_param": {"shape": [{"dim": dims}]}}
            assert layer == {"name": name, "type": "Input", "top": [name], **param}


def test_what_is_of_today_stays_as_it_is():
    text = 'name: "n" layer { name: "d" type: "Data" data_param { scale: 2 } } force_backward: true'
    assert to_dict(read_prototxt(text).net) == {
        "name": "n",
        "force_backward": True,
        "layer": [{"name": "d", "type": "Data", "data_param": {"scale": 2.0}}],
    }
