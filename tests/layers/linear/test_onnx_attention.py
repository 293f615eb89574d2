"""ONNX's Attention, beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper

from pytorch2caffe import load_onnx
from tests.frontends.onnx.nets import FLOAT, array, node, outputs, types, write


def info(name, *shape, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def heads(x, count):
    return torch.from_numpy(x).unflatten(-1, (count, -1)).transpose(1, 2)


def test_of_heads_and_of_rows(tmp_path):
    each = node("Attention", "x k v", "y", is_causal=1)
    kv = [info("k", 1, 2, 5, 8), info("v", 1, 2, 5, 3)]
    path = write(tmp_path / "net.onnx", [each], (1, 4, 5, 8), inputs=kv, opset=23)
    q, k, v = array(1, 4, 5, 8), array(1, 2, 5, 8), array(1, 2, 5, 3)
    expected = F.scaled_dot_product_attention(*map(torch.from_numpy, (q, k, v)), is_causal=True, enable_gqa=True)
    np.testing.assert_allclose(outputs(load_onnx(path), q, k, v)[0], expected, rtol=1e-4, atol=1e-5)

    each = node("Attention", "x k v", "y", q_num_heads=2, kv_num_heads=2, scale=0.3)
    path = write(tmp_path / "net.onnx", [each], (1, 5, 8), inputs=[info("k", 1, 7, 8), info("v", 1, 7, 6)], opset=23)
    q, k, v = array(1, 5, 8), array(1, 7, 8), array(1, 7, 6)
    expected = F.scaled_dot_product_attention(*(heads(x, 2) for x in (q, k, v)), scale=0.3).transpose(1, 2).flatten(2)
    np.testing.assert_allclose(outputs(load_onnx(path), q, k, v)[0], expected, rtol=1e-4, atol=1e-5)


def test_a_query_that_attends_to_nothing_gives_zeros(tmp_path):
    each = node("Attention", "x x x m", "y")
    mask = info("m", 1, 1, 4, 4, kind=TensorProto.BOOL)
    path = write(tmp_path / "net.onnx", [each], (1, 2, 4, 8), inputs=[mask], opset=23)
    x, m = array(1, 2, 4, 8), np.tri(4, k=-1)[None, None].astype(np.float32)
    expected = F.scaled_dot_product_attention(*[torch.from_numpy(x)] * 3, attn_mask=torch.from_numpy(m) > 0)
    actual = outputs(load_onnx(path), x, m)[0]
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)
    assert not actual[:, :, 0].any()


@pytest.mark.parametrize("attributes", [{"softcap": 2.0}, {"qk_matmul_output_mode": 1}])
def test_other_forms_are_read_by_the_definition_in_the_specification(tmp_path, attributes):
    each = node("Attention", "x x x", "y p v q", **attributes)
    path = write(tmp_path / "net.onnx", [each], (1, 2, 4, 8), opset=23)
    x = array(1, 2, 4, 8)
    scores = torch.from_numpy(x) @ torch.from_numpy(x).mT / 8**0.5
    scores = 2 * torch.tanh(scores / 2) if "softcap" in attributes else scores
    graph = load_onnx(path)
    np.testing.assert_allclose(outputs(graph, x)[0], scores.softmax(-1) @ torch.from_numpy(x), rtol=1e-4, atol=1e-5)
    assert "Softmax" in types(graph)
