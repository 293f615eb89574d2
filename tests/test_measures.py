"""What the structure is measured by: layer types known outside layers/, typed arguments, names found by guessing.

Each prints its figures: pytest -s tests/test_measures.py
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytorch2caffe.graph.registry import LAYERS, TORCH, load_layers
from tests.paths import ROOT
from tests.source import tree

pytestmark = pytest.mark.xdist_group("source")  # which one worker parses

PACKAGE = ROOT / "pytorch2caffe"

# Here the same words are operators of TensorFlow, ONNX and MMdnn's IR, layers of ncnn's files, modules of torch.nn.
OTHER_FORMATS = (
    "formats/",
    "frontends/folding.py",
    "frontends/mmdnn/",
    "frontends/mxnet/",
    "frontends/onnx/",
    "frontends/tensorflow/",
    "runtime/shapes/",
    "verify/runtimes/ncnn.py",
    "verify/runtimes/converter_worker.py",
)
# How often each file outside layers/ may name a layer type. To be lowered; raised only for a pass about those layers.
TYPES_NAMED = {
    "backends/caffe/writer.py": 1,
    "backends/mmdnn/writer.py": 2,
    "backends/ncnn/int8.py": 3,
    "backends/ncnn/ops.py": 9,
    "backends/ncnn/table/targets.py": 2,
    "convert/check_files.py": 2,
    "frontends/caffe/python_layers.py": 1,
    "graph/builder.py": 1,
}
TYPED, GUESSABLE = 1.0, 0.9  # at least these shares

# The headings of PyTorch's reference (docs of torch, torch.Tensor, torch.nn.functional and torch.nn) and where their
# functions are looked for: folders of layers/, or a file of that name. Functions under torch's "Other Operations" are
# looked for by their own names alone.
HEADINGS: dict[str, tuple[set[str], str]] = {
    "Convolution functions": ({"convolution"}, "conv conv_transpose unfold fold"),
    "Pooling functions": (
        {"pooling"},
        "avg_pool max_pool max_pool_with_indices lp_pool adaptive_avg_pool adaptive_max_pool "
        "adaptive_max_pool_with_indices",
    ),
    "Attention mechanisms": ({"attention"}, "scaled_dot_product_attention"),
    "Non-linear activation functions": (
        {"activation"},
        "threshold relu relu6 hardtanh hardswish elu selu celu leaky_relu prelu rrelu glu gelu logsigmoid hardshrink "
        "tanhshrink softsign softplus softmin softmax softshrink log_softmax tanh sigmoid hardsigmoid silu mish",
    ),
    "Normalization functions": (
        {"normalization"},
        "batch_norm group_norm instance_norm layer_norm local_response_norm rms_norm normalize",
    ),
    "Linear functions": ({"linear"}, "linear bilinear"),
    "Dropout functions": ({"dropout"}, "dropout alpha_dropout feature_alpha_dropout"),
    "Sparse functions": ({"embed", "embedding"}, "embedding"),
    "Distance functions": ({"distance"}, "pairwise_distance cosine_similarity"),
    "Loss functions": ({"loss"}, "huber_loss l1_loss mse_loss smooth_l1_loss"),
    "Vision functions": (
        {"resize"},
        "pixel_shuffle pixel_unshuffle channel_shuffle pad interpolate upsample grid_sample",
    ),
    "Recurrent layers": ({"recurrent"}, "lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell"),
    "Indexing, slicing, joining, mutating": (
        {"indexing", "shape"},
        "adjoint cat chunk column_stack concat concatenate dsplit dstack gather getitem hsplit hstack index_add "
        "index_copy index_fill index_put index_select movedim moveaxis narrow permute reshape row_stack scatter "
        "scatter_add select select_scatter setitem slice_scatter split squeeze stack swapaxes swapdims t "
        "take_along_dim tensor_split tile transpose unbind unsqueeze vsplit vstack where masked_fill",
    ),
    "Tensor views": (
        {"shape"},
        "T mT adjoint chunk contiguous detach expand expand_as flatten hsplit movedim narrow permute reshape "
        "reshape_as select split split_with_sizes squeeze swapaxes swapdims t tensor_split transpose unbind unflatten "
        "unsqueeze view view_as vsplit",
    ),
    "Pointwise operations": (
        {"elementwise"},
        "abs absolute acos add addcdiv addcmul and asin atan atan2 bitwise_and bitwise_not bitwise_or bitwise_xor ceil "
        "clamp clamp_max clamp_min clip cos cosh div divide erf erfc exp exp2 expm1 fix floor frac hypot invert lerp "
        "log log10 log1p log2 logaddexp logical_and logical_not logical_or logical_xor mul multiply neg negative or "
        "positive pow reciprocal round rsqrt rsub sgn sigmoid sign sin sinh sqrt square sub subtract tan tanh "
        "true_divide trunc xor",
    ),
    "Reduction operations": (
        {"reduction"},
        "all amax amin any argmax argmin logsumexp max mean min norm prod std std_mean sum var var_mean",
    ),
    "Comparison operations": (
        {"elementwise", "compare", "comparison"},
        "eq fmax fmin ge greater greater_equal gt le less less_equal lt maximum minimum ne not_equal topk",
    ),
    "BLAS and LAPACK operations": (
        {"linear"},
        "addbmm addmm addmv baddbmm bmm dot ger matmul mm mv outer vector_norm",
    ),
}


def strings_of(module: ast.Module) -> Iterator[str]:
    """The string constants of a file; docstrings and other bare strings left out."""
    bare = {node.value for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in bare:
            yield node.value


def types_named(package: Path, types: set[str]) -> dict[str, list[str]]:
    """The layer types that each file outside layers/ names."""
    files = {path.relative_to(package).as_posix(): path for path in sorted(package.rglob("*.py"))}
    outside = {name: path for name, path in files.items() if not name.startswith("layers/")}
    found = {name: [text for text in strings_of(tree(path)) if text in types] for name, path in outside.items()}
    return {name: named for name, named in found.items() if named}


def arguments_of(package: Path) -> list[ast.arg]:
    """The arguments of all functions in layers/, self and cls left out."""
    nodes = [node for path in sorted(package.glob("layers/**/*.py")) for node in ast.walk(tree(path))]
    signatures = [node.args for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    groups = [
        [*a.posonlyargs, *a.args, *a.kwonlyargs, *(extra for extra in (a.vararg, a.kwarg) if extra)] for a in signatures
    ]
    return [argument for group in groups for argument in group if argument.arg not in ("self", "cls")]


OPERATORS = {"add", "sub", "mul", "div", "truediv", "pow", "matmul", "and", "or", "xor"}


def plain(name: str) -> str:
    """A function's name without what only tells a variant: dimensions, in place, reflected.

    >>> plain("max_pool2d"), plain("add_"), plain("__rmul__"), plain("__iadd__"), plain("__getitem__"), plain("log2")
    ('max_pool', 'add', 'mul', 'add', 'getitem', 'log2')
    """
    if match := re.fullmatch(r"__(\w+)__", name):
        operator = match[1]
        base = operator[1:] if operator[0] in "ri" and operator[1:] in OPERATORS else operator
        return {"truediv": "div"}.get(base, base)
    return re.sub(r"_?[1-3]d(?=_|$)", "", name.rstrip("_"))


def guessed(name: str, folder: str, stem: str) -> bool:
    """Whether one would look for the function in that file: it has its name, or its heading's folder or file."""
    word = plain(name)
    if set(word.split("_")) <= set(stem.split("_")):
        return True
    places = set().union(*(where for where, functions in HEADINGS.values() if word in functions.split()))
    return bool(places & {folder, stem})


def homes() -> dict[str, set[tuple[str, str]]]:
    """Folder and file of each public function of torch, by its last name."""
    load_layers()
    found: dict[str, set[tuple[str, str]]] = {}
    for full, function in TORCH.items():
        if full.startswith("torch.") and not re.search(r"\._[a-zA-Z]", full):
            folder, stem = function.__module__.split(".")[-2:]
            found.setdefault(full.rpartition(".")[2], set()).add((folder, stem))
    return found


def test_layer_types_are_named_in_layers():
    load_layers()
    found = types_named(PACKAGE, set(LAYERS))
    counts = {name: len(named) for name, named in found.items()}
    others = sum(count for name, count in counts.items() if name.startswith(OTHER_FORMATS))
    print("\n".join(f"{count:4} {name}: {' '.join(sorted(set(found[name])))}" for name, count in counts.items()))
    print(f"{sum(counts.values()) - others} layer types named outside layers/; {others} operators of other formats")
    ours = {name: count for name, count in counts.items() if not name.startswith(OTHER_FORMATS)}
    assert {name: count for name, count in ours.items() if count > TYPES_NAMED.get(name, 0)} == {}


def test_arguments_in_layers_are_typed():
    arguments = arguments_of(PACKAGE)
    typed = [argument for argument in arguments if argument.annotation]
    print(f"{len(typed)} of {len(arguments)} arguments in layers/ have a type")
    assert len(typed) >= TYPED * len(arguments)


def test_names_of_torch_are_found_by_guessing():
    found = homes()
    missed = {name: sorted(files) for name, files in found.items() if not all(guessed(name, *file) for file in files)}
    print("\n".join(f"{name}: {', '.join('/'.join(file) for file in files)}" for name, files in sorted(missed.items())))
    print(f"{len(found) - len(missed)} of {len(found)} names of torch are in a file or folder that one would guess")
    assert len(missed) <= (1 - GUESSABLE) * len(found)
