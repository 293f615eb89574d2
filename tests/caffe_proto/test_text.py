"""Reading and writing prototxt."""

import math
from decimal import Decimal
from unittest import TestCase

import numpy as np
import pytest
from google.protobuf import text_format
from hypothesis import assume, given
from hypothesis import strategies as st

from caffe_proto import (
    CaffeFormatError,
    from_dict,
    message_class,
    read_prototxt,
    to_dict,
    to_text,
    write_prototxt,
)
from tests.caffe_proto.messages import SQUEEZENET, float32, names, networks, unhurried


def layer_of(text):
    """The only layer of a network of this text."""
    (layer,) = read_prototxt("layer {" + text + "\n}").net.layer
    return layer


def test_the_text_written_is_exactly_this(tmp_path):
    net = {
        "name": "tiny",
        "layer": [
            {
                "name": "data",
                "type": "Input",
                "top": ["data"],
                "input_param": {"shape": [{"dim": [1, 3, 8, 8]}]},
            },
            {
                "name": 'say "hi"\\\n\tñ',
                "type": "BatchNorm",
                "bottom": ["data"],
                "top": ["bn"],
                "include": [{"phase": "TEST"}],
                "batch_norm_param": {"use_global_stats": True, "eps": 1e-5},
            },
        ],
    }
    write_prototxt(net, tmp_path / "tiny.prototxt")
    assert (
        (tmp_path / "tiny.prototxt").read_text()
        == r"""name: "tiny"
layer {
  name: "data"
  type: "Input"
  top: "data"
  input_param {
    shape { dim: 1 dim: 3 dim: 8 dim: 8 }
  }
}
layer {
  name: "say \"hi\"\\\n\t\303\261"
  type: "BatchNorm"
  bottom: "data"
  top: "bn"
  include {
    phase: TEST
  }
  batch_norm_param {
    use_global_stats: true
    eps: 1e-05
  }
}
"""
    )
    assert to_dict(read_prototxt(tmp_path / "tiny.prototxt").net) == to_dict(from_dict(net))


@unhurried
@given(networks())
def test_what_is_written_reads_back_equal(net):
    assert read_prototxt(to_text(net) + "\n").net == net


@unhurried
@given(networks())
def test_protobuf_reads_what_we_write(net):
    assert text_format.Parse(to_text(net), message_class("NetParameter")()) == net


@unhurried
@given(networks(), st.booleans(), st.booleans())
def test_we_read_what_protobuf_writes(net, one_line, utf8):
    text = text_format.MessageToString(net, as_one_line=one_line, as_utf8=utf8)
    assume("\0" not in text)  # some versions leave it as it is in UTF-8
    assert read_prototxt(text + "\n").net == net


@unhurried
@given(networks())
def test_dicts_and_back(net):
    assert from_dict(to_dict(net)) == net


@unhurried
@given(float32)
def test_floats_are_as_short_as_float32_allows(value):
    text = to_text(message_class("ReLUParameter")(negative_slope=value)).split()[1]
    assert np.float32(text) == np.float32(value)
    assert math.isinf(value) or len(Decimal(text).normalize().as_tuple().digits) <= 9


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1, "0.1"), (1e-5, "1e-05"), (1, "1.0"), (-0.0, "-0.0"), (1e13, "10000000000000.0"), (1e20, "1e+20")],
)
def test_floats_look_as_python_writes_them(value, text):
    assert to_text(message_class("ReLUParameter")(negative_slope=value)) == f"negative_slope: {text}\n"


@unhurried
@given(names)
def test_strings_come_back(name):
    assert layer_of(to_text(message_class("LayerParameter")(name=name))).name == name


@pytest.mark.skipif(not SQUEEZENET.exists(), reason="the sample network is not here")
def test_a_published_prototxt():
    path = SQUEEZENET / "deploy.prototxt"
    read = read_prototxt(path)
    assert read.unknown == ()
    assert read.net == text_format.Parse(path.read_text(), message_class("NetParameter")())


SPELLINGS = {
    "no colon before a message": "pooling_param { pad: 1 }",
    "a colon before a message": "pooling_param: { pad: 1 }",
    "angles": "pooling_param < pad: 1 >",
    "separators": "pooling_param { pad: 1; },",
    "hexadecimal": "pooling_param { pad: 0x1 }",
    "octal": "pooling_param { pad: 01 }",
    "comments": "pooling_param { # { pad: 2\n pad: 1 # }\n }",
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_spellings_of_a_message(text):
    assert layer_of(text).pooling_param.pad == 1


def test_spellings_of_values():
    layer = layer_of("""
        name: 'single' " and double" "\\x41\\101\\u00e9\\n"
        bottom: ["a", "b"] bottom: "c"
        propagate_down: [true, True, t, 1, false, False, f, 0]
        loss_weight: [1, 1., .5, 1e-1, 2f, -3, - 4, inf, -inf, nan]
        input_param { shape { dim: [1000000000000, -1] } shape: [{ dim: 2 }, < dim: 3 >] }
        pooling_param { pool: 1 }
    """)
    assert layer.name == "single and doubleAAé\n"
    assert list(layer.bottom) == ["a", "b", "c"]
    assert list(layer.propagate_down) == [True] * 4 + [False] * 4
    assert list(layer.loss_weight)[:-1] == [1, 1, 0.5, np.float32(0.1), 2, -3, -4, math.inf, -math.inf]
    assert math.isnan(layer.loss_weight[-1])
    assert [list(shape.dim) for shape in layer.input_param.shape] == [[10**12, -1], [2], [3]]
    assert layer.pooling_param.pool == 1


def test_forks_that_are_known():
    layer = layer_of("""type: "Upsample" upsample_param { scale: 2 } interp_param { zoom_factor: 2 }
        shuffle_channel_param { group: 3 } pooling_param { ceil_mode: false } permute_param { order: [0,
          2, 3, 1] }
        reorg_param { stride: 2 } roi_align_param { pooled_h: 7 } convolution_depthwise_param {
          num_output: 8 }
        psroi_pooling_param { spatial_scale: 0.0625 output_dim: 21 group_size: 7 }""")
    assert layer.upsample_param.scale == 2
    assert to_dict(layer)["pooling_param"] == {"ceil_mode": False}


def test_fields_that_are_not_known_are_named_and_the_rest_is_read():
    with TestCase().assertLogs("caffe_proto", "WARNING") as said:
        read = read_prototxt("""layer { name: "a"
            quantize_param { bits: 8 table: "x" "y" nested < deep: [1, {a: -2}] > }
            convolution_param { num_output: 3 winograd: true
              engine: MKLDNN }
            [fork.extension] { x: 1 }
            type: "Convolution" }""")
    assert to_dict(read.net) == {
        "layer": [{"name": "a", "type": "Convolution", "convolution_param": {"num_output": 3}}]
    }
    assert tuple(map(str, read.unknown)) == (
        "line 2: LayerParameter.quantize_param",
        "line 3: ConvolutionParameter.winograd",
        "line 4: ConvolutionParameter.engine 'MKLDNN'",
        "line 5: LayerParameter.[...]",
    )
    assert "line 2: LayerParameter.quantize_param" in said.output[0]


def test_a_value_that_an_enum_lacks_is_left_out_with_its_layer():
    (pool,) = read_prototxt("layer { pooling_param { pool: MIN }\n name: 'p' }").unknown
    found = (pool.line, pool.name, pool.layer, pool.value, pool.choices)
    assert found == (1, "pool", "p", "'MIN'", ("MAX", "AVE", "STOCHASTIC"))
    (kind,) = read_prototxt("layers { name: 'n'\n type: NEW }").unknown
    assert (kind.line, kind.name, kind.layer, kind.value) == (2, "type", "n", "'NEW'")


def test_comments_may_be_in_any_encoding(tmp_path):
    (tmp_path / "net.prototxt").write_bytes("\ufeffname: 'x' # 卷积层\r\n".encode() + "# 卷积层\r\n".encode("gbk"))
    assert read_prototxt(tmp_path / "net.prototxt").net.name == "x"


REFUSED = {  # text: what the message says, after "prototxt:"
    "layer {\n": "2: the text ends before what line 1 opens is closed",
    "layer { name: 'a' \n }}": "2: expected the name of a field, found '}'",
    "layer { name: 'a\n' }": "1: a string without a closing quote",
    "layer { name: a }": "1: expected a string for name, found 'a'",
    "layer { name: 'a' name: 'b' }": "1: name is given twice",
    "layer { name: '\\q' }": "1: name: no such escape",
    "layer { name: '\\377' }": "1: name is not UTF-8",
    "layer { name 'a' }": "1: expected ':', found",
    "layer\n: 3 {": "2: expected '{', found '3'",
    "layer { pooling_param { pad: -1 } }": "1: pad cannot be",
    "layer { pooling_param { pad: 1.5 } }": "1: pad cannot be '1.5'",
    "layer { pooling_param { pad: 4294967296 } }": "1: pad cannot be",
    "layer { pooling_param { pad: [1, 2] } }": "1: pad cannot be",
    "layer { pooling_param { pool: 'MAX' } }": "1: pool cannot be",
    "layer { phase: DEPLOY }": "1: phase cannot be 'DEPLOY'; it is one of TRAIN, TEST",
    "layer { pooling_param { global_pooling: maybe } }": "1: global_pooling cannot be 'maybe'",
    "layer { loss_weight: 0x" + "f" * 9999 + " }": "1: a number of 10,001 characters",
    "layer { loss_weight: one }": "1: loss_weight cannot be 'one'",
    "layer { bottom: ['a' 'b' 'c' }": "1: expected ',' or ']'",
    "layer { num_output: 64kernel: 3 }": "1: cannot be read from here",
    "layer { clip_param { min: 0 } }": " required fields are missing: layer[0].clip_param.max",
    "layer { quantize }": "1: expected a value, found '}'",
    "layer { quantize { ] }": "1: ']' does not match an opening mark",
    "layer { } layers { }": " both `layer` and `layers`",
    "input: 'a' input_dim: 1\n": " 1 input_dim; each input has four",
    "input: 'a' input: 'b' input_shape { dim: 1 }": " 2 inputs, and 1 shapes for them",
    "input: 'a' input_dim: 1000000000000\n": "1: input_dim cannot be '1000000000000'",
    "layers { layer { name: 'x' type: 'conv2' } }": " layer 'x': 'conv2' is not a type of a V0 layer",
    "{}": "1: expected the name of a field, found '{'",
    "name: 'x' \0\n": " a binary file, not a prototxt",
}


@pytest.mark.parametrize("text", REFUSED, ids=[text[:40] for text in REFUSED])
def test_refusals_say_where_and_what(text):
    with pytest.raises(CaffeFormatError) as caught:
        read_prototxt(text)
    assert str(caught.value).startswith("prototxt:" + REFUSED[text])
    assert len(str(caught.value)) < 200


def test_refusals_name_the_file(tmp_path):
    path = tmp_path / "net.prototxt"
    path.write_text("layer {\n  nam: 3\n  type: 4 }")
    with pytest.raises(CaffeFormatError, match=r"net\.prototxt:3: expected a string for type, found '4'"):
        read_prototxt(path)
    with pytest.raises(CaffeFormatError, match="a folder, not a prototxt"):
        read_prototxt(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_prototxt(tmp_path / "other.prototxt")
    path.write_bytes(b"\x0a\x04tiny\xa2\x06\x00")
    with pytest.raises(CaffeFormatError, match=r"net.prototxt: a binary file, not a prototxt \(the caffemodel\?\)"):
        read_prototxt(path)


BAD_DICTS = {
    "layer[1].pooling_param.pol: no such field in Caffe's PoolingParameter": {
        "layer": [{}, {"pooling_param": {"pol": 1}}]
    },
    "layer[0].pooling_param.pool: cannot be 'MIN': it is one of MAX, AVE, STOCHASTIC": {
        "layer": [{"pooling_param": {"pool": "MIN"}}]
    },
    "layer[0].name: cannot be 3": {"layer": [{"name": 3}]},
    "layer[0].bottom: a list is needed, not 'data'": {"layer": [{"bottom": "data"}]},
    "layer[0].pooling_param: a dict is needed, not 3": {"layer": [{"pooling_param": 3}]},
    "layer[0].pooling_param.pad: cannot be -1": {"layer": [{"pooling_param": {"pad": -1}}]},
    "required fields are missing: layer[0].clip_param.min": {"layer": [{"clip_param": {"max": 1}}]},
    "`layers` is an earlier version of the format": {"layers": [{}]},
}


@pytest.mark.parametrize("what", BAD_DICTS)
def test_dicts_that_are_no_network(what, tmp_path):
    with pytest.raises(CaffeFormatError) as caught:
        write_prototxt(BAD_DICTS[what], tmp_path / "net.prototxt")
    assert what in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_numbers_of_numpy_in_a_dict():
    params = {"num_output": np.int64(3), "pad": np.array([1, 2]), "bias_term": np.bool_(False)}
    assert to_dict(from_dict(params, "ConvolutionParameter")) == {
        "num_output": 3,
        "pad": [1, 2],
        "bias_term": False,
    }
