"""Makes the networks of this folder's data/ in MXNet: symbol.json, .params, and inputs and outputs as .npz.

python tests/frontends/mxnet/make_networks.py, in Python 3.8 with mxnet 1.9.1 and numpy 1.23
"""

from pathlib import Path

import mxnet as mx
import numpy as np

S = mx.sym
FOLDER = Path(__file__).resolve().parent / "data"
RANDOM = np.random.RandomState(0)


def conv(x, count, name, kernel=(3, 3), **settings):
    return S.Convolution(x, num_filter=count, kernel=kernel, name=name, **settings)


def resnet():
    x = conv(S.Variable("data"), 6, "conv0", pad=(1, 1), stride=(2, 2), no_bias=True)
    x = S.Activation(S.BatchNorm(x, name="bn0", eps=2e-5), act_type="relu")
    y = S.BatchNorm(conv(x, 6, "conv1", pad=(1, 1), num_group=2), fix_gamma=False, name="bn1")
    x = S.Pooling(x + y, kernel=(3, 3), stride=(2, 2), pool_type="max", pooling_convention="full")
    x = S.Pooling(x, kernel=(2, 2), pad=(1, 1), stride=(2, 2), pool_type="avg")
    x = S.Pooling(conv(x, 6, "dilated", dilate=(2, 2), pad=(2, 2)), global_pool=True, kernel=(1, 1), pool_type="avg")
    return S.SoftmaxOutput(S.FullyConnected(S.Flatten(x), num_hidden=4, name="fc"), name="softmax"), {
        "data": (2, 3, 17, 17)
    }


def face():
    x = (S.Variable("data") - 127.5) * 0.0078125
    x = S.LeakyReLU(conv(x, 8, "conv0", stride=(2, 2), pad=(1, 1)), act_type="prelu", name="prelu0")
    x = conv(x, 8, "depthwise", num_group=8, pad=(1, 1), no_bias=True)
    x = S.Dropout(S.BatchNorm(x, fix_gamma=False, eps=2e-5, momentum=0.9, name="bn"), p=0.4)
    x = S.BatchNorm(S.FullyConnected(x, num_hidden=8, name="pre_fc1"), fix_gamma=True, eps=2e-5, name="fc1")
    return S.L2Normalization(x, mode="instance", name="embedding"), {"data": (1, 3, 12, 12)}


def detector():
    x = S.Variable("data")
    small = conv(x, 4, "c2", stride=(2, 2), pad=(1, 1))
    big = S.Crop(S.UpSampling(small, scale=2, sample_type="nearest"), x)
    joined = S.Concat(big, conv(x, 4, "c1", pad=(1, 1)), dim=1)
    score = S.Reshape(conv(joined, 4, "score", (1, 1)), shape=(0, 2, -1, 0))
    prob = S.Reshape(S.SoftmaxActivation(score, mode="channel"), shape=(0, 4, -1, 0), name="prob")
    box = S.transpose(conv(joined, 8, "box", (1, 1)), axes=(0, 2, 3, 1), name="box_t")
    first, second = S.SliceChannel(S.slice_axis(joined, axis=1, begin=1, end=-1), num_outputs=2)
    return S.Group([prob, box, first * second]), {"data": (1, 3, 7, 9)}


def mobile():
    x = S.clip(conv(S.Variable("data"), 6, "conv"), a_min=0, a_max=6)
    weight = S.mean(x, axis=(2, 3), keepdims=True)
    weight = S.hard_sigmoid(conv(weight, 6, "se", (1, 1)))
    x = S.broadcast_mul(x, weight)
    x = x * S.clip(x + 3, 0, 6) / 6
    return S.log_softmax(S.FullyConnected(S.mean(x, axis=(2, 3)), num_hidden=3, name="fc")), {"data": (2, 3, 8, 8)}


def resize():
    x = S.Variable("data")
    up = S.UpSampling(x, S.Variable("up_weight"), scale=2, sample_type="bilinear", num_filter=2)
    wide = S.Deconvolution(x, kernel=(3, 3), stride=(2, 2), pad=(1, 1), adj=(1, 1), num_filter=2, name="deconv")
    size = S.contrib.BilinearResize2D(x, height=10, width=12)
    pooled = S.contrib.AdaptiveAvgPooling2D(x, output_size=3)
    edge = S.Pad(x, mode="edge", pad_width=(0, 0, 0, 0, 1, 2, 2, 1))
    mirrored = S.Pad(x, mode="reflect", pad_width=(0, 0, 0, 0, 1, 2, 2, 1))
    filled = S.Pad(x, mode="constant", pad_width=(0, 0, 0, 0, 1, 2, 2, 1), constant_value=0.5)
    return S.Group([up + wide, size, pooled, edge + mirrored, filled]), {"data": (1, 2, 5, 6)}


def arithmetic():
    x, y = S.Variable("x"), S.Variable("y")
    parts = [S.LeakyReLU(x, act_type=kind)[0] for kind in ("leaky", "elu", "selu", "gelu", "rrelu")]
    parts += [S.Activation(x, act_type=kind) for kind in ("sigmoid", "tanh", "softrelu", "softsign")]
    some = S.add_n(*parts)
    other = S.broadcast_add(2 - x, y) / (1 + S.square(y)) + 1 / (1 + S.exp(x)) + S.sqrt(S.abs(x) + 1) - x / 3
    third = S.maximum(x, y) - S.minimum(x, 0.2) + S.maximum(x, 0.1) + (S.abs(x) + 1) ** 1.5 + S.log(S.abs(y) + 1)
    return S.Group([some, other, third, S.LogisticRegressionOutput(-x, name="logistic")]), {
        "x": (2, 3, 4),
        "y": (2, 3, 4),
    }


def norms():
    x = S.Variable("data")
    parts = [S.L2Normalization(x, mode=mode) for mode in ("instance", "channel", "spatial")]
    parts += [S.InstanceNorm(x, name="in"), S.LRN(x, nsize=3, alpha=0.1, beta=0.6, knorm=1.5)[0]]
    parts += [
        S.LayerNorm(x, name="ln")[0],
        S.softmax(x, axis=1, temperature=2.0),
        S.SoftmaxOutput(x, multi_output=True),
    ]
    return S.Group([S.add_n(*parts), S.SoftmaxOutput(x, preserve_shape=True, name="rows")]), {"data": (2, 4, 5, 6)}


def shapes():
    x = S.Variable("data")
    a = S.Reshape(x, shape=(-4, 1, -1, -3, -2))
    b = S.squeeze(S.expand_dims(S.SwapAxis(x, dim1=1, dim2=3), axis=1), axis=1)
    c = S.stack(S.slice(x, begin=(0, 1, None), end=(None, -1, 3)), S.slice(x, begin=(0, 2, 1), end=(2, 4, 4)), axis=1)
    d = S.batch_dot(S.Reshape(x, shape=(0, 0, -1)), S.Reshape(x, shape=(0, 0, -1)), transpose_b=True)
    e = S.slice_like(x, S.slice_axis(x, axis=3, begin=1, end=4), axes=(3,))
    f = S.dot(S.sum(x, axis=1, exclude=True, keepdims=False).reshape((1, -1)), S.max(x, axis=(2, 3)), transpose_b=True)
    return S.Group([a, b, c, d, e, f]), {"data": (2, 4, 5, 6)}


NETWORKS = [resnet, face, detector, mobile, resize, arithmetic, norms, shapes]


def value(name, shape):
    """Random numbers; variances and factors that are positive."""
    if name.endswith(("_var", "_gamma")):
        return RANDOM.uniform(0.5, 1.5, shape)
    return RANDOM.standard_normal(shape) * (0.3 if name.endswith("_weight") else 0.5)


def make(network):
    """Writes a network's three files."""
    symbol, shapes_of = network()
    path = str(FOLDER / network.__name__)
    known, outputs, aux = symbol.infer_shape(**shapes_of)
    names = {"arg": dict(zip(symbol.list_arguments(), known)), "aux": dict(zip(symbol.list_auxiliary_states(), aux))}
    arrays = {kind: {n: mx.nd.array(value(n, s)) for n, s in of.items()} for kind, of in names.items()}
    executor = symbol.bind(mx.cpu(), arrays["arg"], aux_states=arrays["aux"], grad_req="null")
    found = executor.forward(is_train=False)
    given = {n: arrays["arg"].pop(n) for n in [*shapes_of, *(n for n in names["arg"] if n.endswith("_label"))]}
    symbol.save(path + "-symbol.json")
    mx.nd.save(path + "-0000.params", {f"{kind}:{n}": array for kind, of in arrays.items() for n, array in of.items()})
    results = {f"output{index}": array.asnumpy() for index, array in enumerate(found)}
    np.savez_compressed(path + ".npz", **{n: given[n].asnumpy() for n in shapes_of}, **results)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for one in NETWORKS:
        make(one)
