# ruff: noqa: E501 (prototxt lines)
"""Each layer type of real Caffe in settings of all kinds, written by hand: {type: [(layers, shapes of the inputs)]}."""

from __future__ import annotations

N = {"x": (2, 4, 6, 7)}
FLAT = {"x": (3, 5)}
LONG = {"x": (2, 3, 4, 3, 2)}
ROW = {"x": (6,)}
PAIR = {"x": (2, 4, 6, 7), "y": (2, 4, 6, 7)}
LABEL = {"x": (3, 5), "label": (3,)}


def one(kind: str, *settings: str, bottoms: str = "x", tops: str = "z", **shapes: tuple[int, ...]) -> list:
    """The layer once for each of the settings."""
    wires = " ".join([f'bottom: "{b}"' for b in bottoms.split()] + [f'top: "{t}"' for t in tops.split()])
    return [(f'layer {{ name: "layer" type: "{kind}" {wires} {text} }}', shapes) for text in settings]


def each(kind: str, *settings: str, shapes: tuple = (N, FLAT)) -> list:
    """The layer once for each of the settings and shapes."""
    return [case for shape in shapes for case in one(kind, *settings, **shape)]


BUILT = {
    "AbsVal": each("AbsVal", "", shapes=(N, FLAT, LONG, ROW)),
    "ArgMax": each(
        "ArgMax",
        "",
        "argmax_param { top_k: 3 }",
        "argmax_param { top_k: 2 out_max_val: true }",
        "argmax_param { out_max_val: true }",
    )
    + each(
        "ArgMax",
        "argmax_param { axis: 1 }",
        "argmax_param { axis: -1 top_k: 2 }",
        "argmax_param { axis: 1 top_k: 3 out_max_val: true }",
    ),
    "BNLL": each("BNLL", ""),
    "BatchNorm": each(
        "BatchNorm",
        "",
        "batch_norm_param { eps: 0.1 }",
        "batch_norm_param { use_global_stats: true }",
        shapes=(N, FLAT, LONG, {"x": (2, 4, 6)}),
    )
    + each(
        "BatchNorm",
        "batch_norm_param { use_global_stats: false }",
        "batch_norm_param { use_global_stats: false eps: 0.01 }",
        shapes=(N, FLAT),
    )
    + [
        (
            'layer { name: "norm" type: "BatchNorm" bottom: "x" top: "n" } layer { name: "scale" type: "Scale" bottom: "n" top: "n" scale_param { bias_term: true } } layer { name: "relu" type: "ReLU" bottom: "n" top: "n" }',
            shape,
        )
        for shape in (N, FLAT, LONG)
    ]
    + [
        (
            'layer { name: "norm" type: "BatchNorm" bottom: "x" top: "n" } layer { name: "scale" type: "Scale" bottom: "n" top: "s" }',
            N,
        )
    ],
    "BatchReindex": [],  # tests/layers has these
    "Bias": each("Bias", "", "bias_param { axis: 0 }", "bias_param { axis: -1 }", "bias_param { axis: 0 num_axes: -1 }")
    + each("Bias", "bias_param { axis: 1 num_axes: 2 }", "bias_param { num_axes: 0 }", shapes=(N,))
    + one("Bias", "", "bias_param { axis: 1 }", bottoms="x c", x=(2, 4, 6, 7), c=(4, 6)),
    "Clip": each("Clip", "clip_param { min: -0.5 max: 0.75 }"),
    "Concat": one(
        "Concat",
        "",
        "concat_param { axis: 0 }",
        "concat_param { axis: -1 }",
        "concat_param { concat_dim: 2 }",
        bottoms="x y",
        **PAIR,
    )
    + one("Concat", "", bottoms="x", **N)
    + one("Concat", "", bottoms="x x x", **N),
    "Convolution": each(
        "Convolution",
        *(
            f"convolution_param {{ num_output: 8 {text} }}"
            for text in (
                "kernel_size: 3",
                "kernel_size: 3 pad: 1 stride: 2",
                "kernel_h: 2 kernel_w: 3 pad_h: 1 pad_w: 0 stride_h: 2 stride_w: 1",
                "kernel_size: 3 group: 2 bias_term: false",
                "kernel_size: 2 dilation: 2",
                "kernel_size: 3 kernel_size: 2 pad: 1 pad: 0",
                "kernel_size: 1 group: 4",
                "kernel_size: 3 axis: -3",
            )
        ),
        shapes=(N,),
    )
    + one(
        "Convolution",
        "convolution_param { num_output: 3 kernel_size: 2 pad: 1 }",
        "convolution_param { num_output: 2 kernel_size: 1 kernel_size: 2 kernel_size: 3 }",
        x=(1, 2, 4, 5, 6),
    )
    + one("Convolution", "convolution_param { num_output: 3 kernel_size: 3 }", x=(2, 4, 9))
    + one("Convolution", "convolution_param { num_output: 3 kernel_size: 3 }", bottoms="x y", tops="a b", **PAIR),
    "Crop": [],
    "Deconvolution": each(
        "Deconvolution",
        *(
            f"convolution_param {{ num_output: 4 {text} }}"
            for text in (
                "kernel_size: 3",
                "kernel_size: 4 stride: 2 pad: 1",
                "kernel_size: 4 stride: 2 pad: 1 group: 4 bias_term: false",
                "kernel_h: 2 kernel_w: 3 stride_h: 3 stride_w: 1",
                "kernel_size: 2 dilation: 2 group: 2",
            )
        ),
        shapes=(N,),
    )
    + one("Deconvolution", "convolution_param { num_output: 4 kernel_size: 3 }", bottoms="x y", tops="a b", **PAIR),
    "Dropout": each("Dropout", "", "dropout_param { dropout_ratio: 0.9 }"),
    "ELU": each("ELU", "", "elu_param { alpha: 0.3 }"),
    "Eltwise": one(
        "Eltwise",
        "",
        "eltwise_param { operation: PROD }",
        "eltwise_param { operation: MAX }",
        "eltwise_param { coeff: 1 coeff: -1 }",
        "eltwise_param { coeff: 0.5 coeff: 2 }",
        bottoms="x y",
        **PAIR,
    )
    + one(
        "Eltwise",
        "",
        "eltwise_param { coeff: -1 coeff: 0.25 coeff: 3 }",
        "eltwise_param { operation: MAX }",
        bottoms="x y x",
        **PAIR,
    ),
    "Embed": [],
    "Exp": each(
        "Exp",
        "",
        "exp_param { base: 2 }",
        "exp_param { scale: -0.5 shift: 0.25 }",
        "exp_param { base: 3 scale: 0.5 shift: -1 }",
    ),
    "Filter": [],
    "Flatten": each(
        "Flatten", "", "flatten_param { axis: 0 }", "flatten_param { axis: 0 end_axis: -2 }", shapes=(N, LONG)
    )
    + each(
        "Flatten",
        "flatten_param { axis: 2 }",
        "flatten_param { axis: -3 end_axis: 2 }",
        "flatten_param { axis: 1 end_axis: 1 }",
        shapes=(N,),
    ),
    "Im2col": [],
    "InnerProduct": each(
        "InnerProduct",
        *(
            f"inner_product_param {{ num_output: 5 {text} }}"
            for text in (
                "",
                "bias_term: false",
                "axis: -1",
                "transpose: true",
                "axis: -1 transpose: true bias_term: false",
            )
        ),
    )
    + each(
        "InnerProduct",
        "inner_product_param { num_output: 5 axis: 2 }",
        "inner_product_param { num_output: 5 axis: 0 }",
        shapes=(N,),
    ),
    "Input": each("AbsVal", "", shapes=(N,)),
    "LRN": each(
        "LRN",
        "",
        "lrn_param { local_size: 3 alpha: 0.5 beta: 0.5 }",
        "lrn_param { local_size: 3 alpha: 2 k: 2 }",
        "lrn_param { local_size: 9 }",
        "lrn_param { norm_region: WITHIN_CHANNEL }",
        "lrn_param { local_size: 3 alpha: 5 beta: 0.5 norm_region: WITHIN_CHANNEL }",
        shapes=(N, {"x": (1, 8, 5, 5)}),
    ),
    "LSTM": [],
    "LSTMUnit": [],
    "Log": [
        (
            'layer { name: "abs" type: "Power" bottom: "x" top: "a" power_param { power: 2 shift: 0.5 } } layer { name: "log" type: "Log" bottom: "a" top: "y" '
            + text
            + " }",
            N,
        )
        for text in (
            "",
            "log_param { base: 2 }",
            "log_param { scale: 0.5 shift: 3 }",
            "log_param { base: 10 scale: 2 shift: 1 }",
        )
    ],
    "MVN": each(
        "MVN",
        "",
        "mvn_param { normalize_variance: false }",
        "mvn_param { across_channels: true }",
        "mvn_param { across_channels: true normalize_variance: false eps: 0.1 }",
        shapes=(N,),
    )
    + each("MVN", "mvn_param { across_channels: true }"),
    "PReLU": each("PReLU", "", "prelu_param { channel_shared: true }"),
    "Parameter": [
        (
            'layer { name: "p" type: "Parameter" top: "p" parameter_param { shape { dim: 2 dim: 4 dim: 6 dim: 7 } } } layer { name: "e" type: "Eltwise" bottom: "x" bottom: "p" top: "y" }',
            N,
        )
    ],
    "Pooling": each(
        "Pooling",
        *(
            f"pooling_param {{ pool: {pool} {text} }}"
            for pool in ("MAX", "AVE")
            for text in (
                "kernel_size: 2",
                "kernel_size: 3 stride: 2",
                "kernel_size: 3 stride: 2 pad: 1",
                "kernel_size: 2 stride: 2 pad: 1",
                "kernel_h: 3 kernel_w: 2 stride_h: 1 stride_w: 2",
                "kernel_size: 3 pad_h: 1 pad_w: 2 stride: 3",
                "global_pooling: true",
                "kernel_size: 3 stride: 2 round_mode: FLOOR",
            )
        ),
        shapes=(N, {"x": (1, 3, 11, 8)}),
    )
    + each(
        "Pooling",
        "pooling_param { pool: MAX kernel_size: 2 stride: 3 }",
        "pooling_param { pool: AVE kernel_size: 2 stride: 3 }",
        shapes=({"x": (1, 3, 11, 8)},),
    )
    + one("Pooling", "pooling_param { pool: MAX kernel_size: 2 stride: 3 }", **N),
    "Power": each(
        "Power",
        "",
        "power_param { power: 2 }",
        "power_param { scale: -0.5 shift: 3 }",
        "power_param { power: 2 scale: 0.5 shift: 1 }",
        "power_param { power: 0 }",
        "power_param { scale: 0 shift: 2 power: 3 }",
        "power_param { power: 3 shift: -1 }",
    ),
    "RNN": [],
    "ReLU": each("ReLU", "", "relu_param { negative_slope: 0.1 }")
    + [
        (
            'layer { name: "r" type: "ReLU" bottom: "x" top: "x" } layer { name: "t" type: "TanH" bottom: "x" top: "x" }',
            N,
        )
    ],
    "Reduction": [],
    "Reshape": each(
        "Reshape",
        *(
            f"reshape_param {{ {text} }}"
            for text in (
                "shape { dim: 0 dim: -1 }",
                "shape { dim: -1 dim: 7 }",
                "shape { dim: 0 dim: 0 dim: 42 }",
                "shape { dim: 2 dim: 2 dim: 2 dim: -1 }",
                "shape { dim: -1 } axis: 1 num_axes: 2",
                "shape { dim: 3 dim: 2 } axis: 2 num_axes: 1",
                "shape { dim: 1 } axis: 1 num_axes: 0",
                "shape { dim: 1 } axis: -1 num_axes: 0",
                "shape { dim: -1 } axis: -2",
                "shape { dim: -1 }",
            )
        ),
        shapes=(N,),
    ),
    "SPP": [],
    "Scale": each(
        "Scale",
        "",
        "scale_param { bias_term: true }",
        "scale_param { axis: 0 }",
        "scale_param { axis: -1 bias_term: true }",
        "scale_param { axis: 0 num_axes: -1 bias_term: true }",
    )
    + each(
        "Scale",
        "scale_param { axis: 1 num_axes: 2 bias_term: true }",
        "scale_param { num_axes: 0 }",
        "scale_param { num_axes: 0 bias_term: true }",
        shapes=(N,),
    )
    + one(
        "Scale",
        "scale_param { axis: 0 }",
        "scale_param { axis: 0 bias_term: true }",
        bottoms="x c",
        x=(2, 4, 6, 7),
        c=(2, 4),
    )
    + one("Scale", "", bottoms="x c", x=(2, 4, 6, 7), c=(4,))
    + one("Scale", "scale_param { axis: -1 }", bottoms="x c", x=(2, 4, 6, 7), c=(7,))
    + one("Scale", "scale_param { axis: 0 }", bottoms="x y", **PAIR),
    "Sigmoid": each("Sigmoid", ""),
    "Silence": [
        (
            'layer { name: "s" type: "Slice" bottom: "x" top: "a" top: "b" } layer { name: "q" type: "Silence" bottom: "b" }',
            N,
        ),
        ('layer { name: "q" type: "Silence" bottom: "y" } layer { name: "r" type: "ReLU" bottom: "x" top: "z" }', PAIR),
    ],
    "Slice": one(
        "Slice",
        "",
        "slice_param { slice_point: 1 }",
        "slice_param { axis: 2 }",
        "slice_param { axis: -1 slice_point: 5 }",
        "slice_param { slice_dim: 2 slice_point: 2 }",
        "slice_param { axis: 0 }",
        tops="a b",
        **N,
    )
    + one(
        "Slice", "slice_param { axis: 2 }", "slice_param { axis: 1 slice_point: 1 slice_point: 2 }", tops="a b c", **N
    )
    + one("Slice", "", **N),
    "Softmax": each("Softmax", "", "softmax_param { axis: -1 }", "softmax_param { axis: 0 }")
    + each("Softmax", "softmax_param { axis: 2 }", shapes=(N,)),
    "Split": one("Split", "", tops="a b", **N)
    + one("Split", "", tops="a", **N)
    + [
        (
            'layer { name: "s" type: "Split" bottom: "x" top: "a" top: "b" } layer { name: "r" type: "ReLU" bottom: "a" top: "c" } layer { name: "e" type: "Eltwise" bottom: "c" bottom: "b" top: "y" }',
            N,
        )
    ],
    "Swish": each("Swish", "", "swish_param { beta: 1.5 }"),
    "TanH": each("TanH", ""),
    "Threshold": each("Threshold", "", "threshold_param { threshold: 0.5 }"),
    "Tile": each(
        "Tile",
        "tile_param { tiles: 3 }",
        "tile_param { tiles: 2 axis: 0 }",
        "tile_param { tiles: 2 axis: -1 }",
        "tile_param { tiles: 1 }",
    ),
}

# What a training file ends with: what is left of it is compared with the layers here.
ENDS = {
    "SoftmaxWithLoss": ("", "Softmax", ""),
    "SigmoidCrossEntropyLoss": ("", "Sigmoid", ""),
    "InfogainLoss": ("", "Softmax", ""),
}
