# ruff: noqa: E501 (prototxt lines)
"""Networks as people write them for Caffe, narrow, and weights for them that keep a signal alive."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pytorch2caffe import load_caffe
from pytorch2caffe.verify.runtimes.caffe import CaffeRuntime


def inputs(**shapes: tuple[int, ...]) -> str:
    """The old header: input and its shape, for each."""
    return "".join(f'input: "{n}" input_shape {{ {" ".join(f"dim: {d}" for d in s)} }}\n' for n, s in shapes.items())


def layer(kind: str, name: str, bottom: str, top: str = "", settings: str = "") -> str:
    """One layer; bottoms apart by blanks; the top is called as the layer, unless said otherwise."""
    bottoms = " ".join(f'bottom: "{b}"' for b in bottom.split())
    return f'layer {{ name: "{name}" type: "{kind}" {bottoms} top: "{top or name}" {settings} }}\n'


def conv(name: str, bottom: str, count: int, size: int, more: str = "", relu: bool = True) -> str:
    """A convolution, and a ReLU in place."""
    text = layer(
        "Convolution", name, bottom, "", f"convolution_param {{ num_output: {count} kernel_size: {size} {more} }}"
    )
    return text + (layer("ReLU", f"relu_{name}", name, name) if relu else "")


def fc(name: str, bottom: str, count: int) -> str:
    return layer("InnerProduct", name, bottom, "", f"inner_product_param {{ num_output: {count} }}")


def pool(name: str, bottom: str, kind: str, size: int, stride: int, pad: int = 0) -> str:
    return layer(
        "Pooling", name, bottom, "", f"pooling_param {{ pool: {kind} kernel_size: {size} stride: {stride} pad: {pad} }}"
    )


def alexnet() -> str:
    """Grouped convolutions, LRN, dropout in place: the order of layers of 2012, an eighth of its width."""
    lrn = "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }"
    return (
        'name: "AlexNet"\n'
        + inputs(data=(2, 3, 227, 227))
        + conv("conv1", "data", 12, 11, "stride: 4")
        + layer("LRN", "norm1", "conv1", "", lrn)
        + pool("pool1", "norm1", "MAX", 3, 2)
        + conv("conv2", "pool1", 32, 5, "pad: 2 group: 2")
        + layer("LRN", "norm2", "conv2", "", lrn)
        + pool("pool2", "norm2", "MAX", 3, 2)
        + conv("conv3", "pool2", 48, 3, "pad: 1")
        + conv("conv4", "conv3", 48, 3, "pad: 1 group: 2")
        + conv("conv5", "conv4", 32, 3, "pad: 1 group: 2")
        + pool("pool5", "conv5", "MAX", 3, 2)
        + fc("fc6", "pool5", 128)
        + layer("ReLU", "relu6", "fc6", "fc6")
        + layer("Dropout", "drop6", "fc6", "fc6", "dropout_param { dropout_ratio: 0.5 }")
        + fc("fc7", "fc6", 128)
        + layer("ReLU", "relu7", "fc7", "fc7")
        + layer("Dropout", "drop7", "fc7", "fc7")
        + fc("fc8", "fc7", 100)
        + layer("Softmax", "prob", "fc8")
    )


def googlenet() -> str:
    """Nine inception modules and the two side classifiers, a quarter of the width."""

    def inception(name: str, bottom: str, widths: tuple[int, ...]) -> str:
        one, reduce3, three, reduce5, five, proj = (max(width // 4, 4) for width in widths)
        p = f"inception_{name}"
        return (
            conv(f"{p}/1x1", bottom, one, 1)
            + conv(f"{p}/3x3_reduce", bottom, reduce3, 1)
            + conv(f"{p}/3x3", f"{p}/3x3_reduce", three, 3, "pad: 1")
            + conv(f"{p}/5x5_reduce", bottom, reduce5, 1)
            + conv(f"{p}/5x5", f"{p}/5x5_reduce", five, 5, "pad: 2")
            + pool(f"{p}/pool", bottom, "MAX", 3, 1, 1)
            + conv(f"{p}/pool_proj", f"{p}/pool", proj, 1)
            + layer("Concat", f"{p}/output", f"{p}/1x1 {p}/3x3 {p}/5x5 {p}/pool_proj")
        )

    def side(name: str, bottom: str) -> str:
        return (
            pool(f"{name}/ave_pool", bottom, "AVE", 5, 3)
            + conv(f"{name}/conv", f"{name}/ave_pool", 32, 1)
            + fc(f"{name}/fc", f"{name}/conv", 64)
            + layer("ReLU", f"{name}/relu_fc", f"{name}/fc", f"{name}/fc")
            + fc(f"{name}/classifier", f"{name}/fc", 50)
            + layer("Softmax", f"{name}/prob", f"{name}/classifier")
        )

    lrn = "lrn_param { local_size: 5 alpha: 0.0001 beta: 0.75 }"
    o = "inception_{}/output".format
    return (
        'name: "GoogLeNet"\n'
        + inputs(data=(1, 3, 224, 224))
        + conv("conv1/7x7_s2", "data", 16, 7, "pad: 3 stride: 2")
        + pool("pool1/3x3_s2", "conv1/7x7_s2", "MAX", 3, 2)
        + layer("LRN", "pool1/norm1", "pool1/3x3_s2", "", lrn)
        + conv("conv2/3x3_reduce", "pool1/norm1", 16, 1)
        + conv("conv2/3x3", "conv2/3x3_reduce", 48, 3, "pad: 1")
        + layer("LRN", "conv2/norm2", "conv2/3x3", "", lrn)
        + pool("pool2/3x3_s2", "conv2/norm2", "MAX", 3, 2)
        + inception("3a", "pool2/3x3_s2", (64, 96, 128, 16, 32, 32))
        + inception("3b", o("3a"), (128, 128, 192, 32, 96, 64))
        + pool("pool3", o("3b"), "MAX", 3, 2)
        + inception("4a", "pool3", (192, 96, 208, 16, 48, 64))
        + side("loss1", o("4a"))
        + inception("4b", o("4a"), (160, 112, 224, 24, 64, 64))
        + inception("4c", o("4b"), (128, 128, 256, 24, 64, 64))
        + inception("4d", o("4c"), (112, 144, 288, 32, 64, 64))
        + side("loss2", o("4d"))
        + inception("4e", o("4d"), (256, 160, 320, 32, 128, 128))
        + pool("pool4", o("4e"), "MAX", 3, 2)
        + inception("5a", "pool4", (256, 160, 320, 32, 128, 128))
        + inception("5b", o("5a"), (384, 192, 384, 48, 128, 128))
        + pool("pool5/7x7_s1", o("5b"), "AVE", 7, 1)
        + layer("Dropout", "pool5/drop", "pool5/7x7_s1", "pool5/7x7_s1", "dropout_param { dropout_ratio: 0.4 }")
        + fc("loss3/classifier", "pool5/7x7_s1", 50)
        + layer("Softmax", "prob", "loss3/classifier")
    )


def resnet() -> str:
    """Bottleneck blocks with BatchNorm and Scale in place, as ResNet-50's deploy file has them; eight blocks, narrow."""

    def normed(name: str, bottom: str, count: int, size: int, stride: int = 1, pad: int = 0, relu: bool = True) -> str:
        c, tail = f"res{name}", f"stride: {stride} pad: {pad} bias_term: false"
        text = conv(c, bottom, count, size, tail, relu=False)
        text += layer("BatchNorm", f"bn{name}", c, c, "batch_norm_param { use_global_stats: true }") + layer(
            "Scale", f"scale{name}", c, c, "scale_param { bias_term: true }"
        )
        return text + (layer("ReLU", f"{c}_relu", c, c) if relu else "")

    def block(name: str, bottom: str, width: int, stride: int, project: bool) -> str:
        text = normed(f"{name}_branch1", bottom, 4 * width, 1, stride, relu=False) if project else ""
        text += normed(f"{name}_branch2a", bottom, width, 1, stride) + normed(
            f"{name}_branch2b", f"res{name}_branch2a", width, 3, 1, 1
        )
        text += normed(f"{name}_branch2c", f"res{name}_branch2b", 4 * width, 1, relu=False)
        text += layer("Eltwise", f"res{name}", f"{f'res{name}_branch1' if project else bottom} res{name}_branch2c")
        return text + layer("ReLU", f"res{name}_relu", f"res{name}", f"res{name}")

    text = (
        'name: "ResNet"\n'
        + inputs(data=(2, 3, 112, 112))
        + normed("1", "data", 16, 7, 2, 3)
        + pool("pool1", "res1", "MAX", 3, 2)
    )
    bottom = "pool1"
    for stage, width in enumerate((8, 16, 32, 64), 2):
        for letter in "ab":
            text += block(f"{stage}{letter}", bottom, width, 1 if stage == 2 or letter == "b" else 2, letter == "a")
            bottom = f"res{stage}{letter}"
    return (
        text
        + layer("Pooling", "pool5", bottom, "", "pooling_param { pool: AVE global_pooling: true }")
        + fc("fc1000", "pool5", 40)
        + layer("Softmax", "prob", "fc1000")
    )


def fcn() -> str:
    """Two skips, upsampling by Deconvolution, Crop to what they meet: FCN-8s's way, on a short body."""
    up = "convolution_param {{ num_output: 5 kernel_size: {} stride: {} bias_term: false {} }}".format
    return (
        'name: "FCN"\n'
        + inputs(data=(1, 3, 61, 75))
        + conv("conv1", "data", 8, 3, "pad: 20")
        + pool("pool1", "conv1", "MAX", 2, 2)
        + conv("conv2", "pool1", 12, 3, "pad: 1")
        + pool("pool2", "conv2", "MAX", 2, 2)
        + conv("conv3", "pool2", 16, 3, "pad: 1")
        + pool("pool3", "conv3", "MAX", 2, 2)
        + conv("fc6", "pool3", 32, 5)
        + layer("Dropout", "drop6", "fc6", "fc6")
        + conv("score_fr", "fc6", 5, 1, relu=False)
        + layer("Deconvolution", "upscore2", "score_fr", "", up(4, 2, ""))
        + conv("score_pool2", "pool2", 5, 1, relu=False)
        + layer("Crop", "score_pool2c", "score_pool2 upscore2", "", "crop_param { axis: 2 offset: 5 }")
        + layer("Eltwise", "fuse", "upscore2 score_pool2c", "", "eltwise_param { operation: SUM coeff: 1 coeff: 0.5 }")
        + layer("Deconvolution", "upscore8", "fuse", "", up(16, 8, "group: 5"))
        + layer("Crop", "score", "upscore8 data", "", "crop_param { axis: 2 offset: 11 }")
        + layer("Softmax", "prob", "score")
        + layer("ArgMax", "label", "score", "", "argmax_param { axis: 1 }")
    )


def vgg_v1() -> str:
    """VGG-16's layers in the format of 2014, an eighth of its width."""
    text, bottom = 'name: "VGG V1"\ninput: "data" input_dim: 1 input_dim: 3 input_dim: 96 input_dim: 96\n', "data"
    for stage, (width, count) in enumerate(((8, 2), (16, 2), (32, 3), (64, 3), (64, 3)), 1):
        for index in range(1, count + 1):
            name = f"conv{stage}_{index}"
            text += f'layers {{ bottom: "{bottom}" top: "{name}" name: "{name}" type: CONVOLUTION blobs_lr: 1 blobs_lr: 2 convolution_param {{ num_output: {width} pad: 1 kernel_size: 3 }} }}\n'
            text += f'layers {{ bottom: "{name}" top: "{name}" name: "relu{stage}_{index}" type: RELU }}\n'
            bottom = name
        text += f'layers {{ bottom: "{bottom}" top: "pool{stage}" name: "pool{stage}" type: POOLING pooling_param {{ pool: MAX kernel_size: 2 stride: 2 }} }}\n'
        bottom = f"pool{stage}"
    for name, width in (("fc6", 64), ("fc7", 64), ("fc8", 30)):
        text += f'layers {{ bottom: "{bottom}" top: "{name}" name: "{name}" type: INNER_PRODUCT inner_product_param {{ num_output: {width} }} }}\n'
        if name != "fc8":
            text += f'layers {{ bottom: "{name}" top: "{name}" name: "relu_{name}" type: RELU }}\nlayers {{ bottom: "{name}" top: "{name}" name: "drop_{name}" type: DROPOUT dropout_param {{ dropout_ratio: 0.5 }} }}\n'
        bottom = name
    return text + 'layers { bottom: "fc8" top: "prob" name: "prob" type: SOFTMAX }\n'


def recurrent() -> str:
    """LRCN's way: words embedded, an LSTM over them, one that sees a picture at each step, an RNN on top."""
    return (
        'name: "LRCN"\n'
        + inputs(data=(3, 3, 20, 20), words=(6, 3), cont=(6, 3))
        + conv("conv", "data", 8, 5, "stride: 3")
        + fc("image", "conv", 16)
        + layer("Embed", "embedding", "words", "", "embed_param { bias_term: false input_dim: 30 num_output: 12 }")
        + layer("LSTM", "lstm1", "embedding cont", "", "recurrent_param { num_output: 10 }")
        + layer("LSTM", "lstm2", "lstm1 cont image", "", "recurrent_param { num_output: 10 }")
        + layer("RNN", "rnn", "lstm2 cont", "", "recurrent_param { num_output: 9 }")
        + layer("InnerProduct", "predict", "rnn", "", "inner_product_param { num_output: 30 axis: 2 }")
        + layer("Softmax", "probs", "predict", "", "softmax_param { axis: 2 }")
    )


def siamese() -> str:
    """Two towers with shared weights by name, and a third that shares only one of them, transposed nowhere."""

    def tower(tail: str, data: str) -> str:
        named = 'param { name: "%s_w" lr_mult: 1 } param { name: "%s_b" lr_mult: 2 }'
        return (
            layer(
                "Convolution",
                f"conv1{tail}",
                data,
                "",
                named % ("conv1", "conv1") + " convolution_param { num_output: 10 kernel_size: 5 }",
            )
            + pool(f"pool1{tail}", f"conv1{tail}", "MAX", 2, 2)
            + layer(
                "InnerProduct",
                f"ip1{tail}",
                f"pool1{tail}",
                "",
                named % ("ip1", "ip1") + " inner_product_param { num_output: 20 }",
            )
            + layer("PReLU", f"prelu{tail}", f"ip1{tail}", f"ip1{tail}", 'param { name: "slope" }')
            + layer(
                "InnerProduct",
                f"feat{tail}",
                f"ip1{tail}",
                "",
                named % ("feat", "feat") + " inner_product_param { num_output: 8 }",
            )
        )

    return (
        'name: "siamese"\n'
        + inputs(data=(2, 1, 28, 28), data_p=(2, 1, 28, 28))
        + tower("", "data")
        + tower("_p", "data_p")
        + layer("Eltwise", "difference", "feat feat_p", "", "eltwise_param { coeff: 1 coeff: -1 }")
        + layer(
            "InnerProduct",
            "other",
            "ip1",
            "",
            'param { name: "feat_w" } param { name: "own_b" } inner_product_param { num_output: 8 }',
        )
    )


NETWORKS = {
    "AlexNet": alexnet,
    "GoogLeNet": googlenet,
    "ResNet": resnet,
    "FCN": fcn,
    "VGG of 2014": vgg_v1,
    "LSTM": recurrent,
    "Siamese": siamese,
}


def fill(text: str, path: Path, caffe: CaffeRuntime, seed: int = 0) -> tuple[Path, Path]:
    """Prototxt and caffemodel: the weights are put into real Caffe, layer by layer, and it saves them."""
    prototxt, caffemodel = path.with_suffix(".prototxt"), path.with_suffix(".caffemodel")
    prototxt.write_text(text)
    random = np.random.default_rng(seed)
    blobs: dict[tuple[str, int], np.ndarray] = {}
    shared: dict[int, np.ndarray] = {}
    for node in load_caffe(prototxt).nodes:
        for index, blob in enumerate(node.blobs):
            blobs[node.name, index] = shared.setdefault(id(blob), _lively(node.layer.type, index, blob.shape, random))
    caffemodel.write_bytes(caffe.worker.weights(text, blobs))
    return prototxt, caffemodel


def _lively(kind: str, index: int, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    """Weights that keep a signal's size behind a ReLU; statistics and factors that are none of 0 and 1."""
    if kind == "BatchNorm":
        return (random.normal(0, 0.4, shape), random.uniform(6, 10, shape), np.full(shape, 2.0))[index]
    if kind in ("Scale", "PReLU"):
        return random.uniform(0.1, 0.4, shape) if kind == "PReLU" else random.uniform(-0.2, 0.2, shape) + (index == 0)
    if len(shape) < 2:
        return random.uniform(-0.1, 0.1, shape)
    return random.normal(0, (2.0 / np.prod(shape[1:])) ** 0.5, shape)


def feeds(text_inputs: Mapping[str, tuple[int, ...]], seed: int) -> dict[str, np.ndarray]:
    """Numbers for the inputs: whole ones for words, marks of where sequences go on for cont."""
    random = np.random.default_rng(seed)
    found = {}
    for name, shape in text_inputs.items():
        if name == "words":
            found[name] = random.integers(0, 30, shape).astype(np.float32)
        elif name == "cont":
            found[name] = (random.random(shape) > 0.3).astype(np.float32) * (np.arange(shape[0]) > 0)[:, None]
        else:
            found[name] = random.standard_normal(shape).astype(np.float32)
    return {name: np.ascontiguousarray(array, np.float32) for name, array in found.items()}
