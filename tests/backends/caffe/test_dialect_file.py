"""Dialect files: one's own, and malformed ones."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from pytorch2caffe import ConversionError, UnsupportedError, save_caffe, trace
from pytorch2caffe.backends.caffe.dialect_file import FOLDER, check_names, dialect, names, tomllib
from pytorch2caffe.convert.check_files import check_files
from pytorch2caffe.convert.lower_files import lower_files

CHIP = """
summary = "my chip"
rests_on = "its manual, chapter 4"
extends = "caffe"
without = ["Eltwise"]

[layers]
ReLU6 = []
Pooling = ["round_mode"]

[spelling]
"Pooling.round_mode" = { field = "ceil_mode", values = { CEIL = true, FLOOR = false } }

[limits]
name_length = 12
outputs = 1

[[rules]]
layer = "Convolution"
when = { group = [1] }
once = ["kernel_size"]
only = { "stride[0]" = [1, 2] }
why = "its units step by 1 or 2"
fix = "use a stride of 1 or 2"
"""


@pytest.fixture
def chip(tmp_path):
    def write(text: str, name: str = "my-chip.toml") -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


def save(model, x, target, folder):
    return save_caffe(trace(model, x), folder / "n.prototxt", folder / "n.caffemodel", target)


def test_ones_own(chip, tmp_path):
    model = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU6(), nn.MaxPool2d(2, 2))
    lowered = save(model, torch.zeros(1, 3, 12, 12), chip(CHIP), tmp_path)
    assert [node.layer.type for node in lowered.nodes] == ["Convolution", "ReLU6", "Pooling"]
    assert "ceil_mode: false" in (tmp_path / "n.prototxt").read_text()
    assert (tmp_path / "n.names.json").exists()


def test_it_refuses_what_its_rules_forbid(chip, tmp_path):
    def model(x):
        return nn.functional.conv2d(x, torch.ones(2, 3, 3, 3), stride=3), x.relu() + x.sigmoid()

    with pytest.raises(UnsupportedError) as caught:
        save(model, torch.zeros(1, 3, 9, 9), chip(CHIP), tmp_path)
    assert "stride[0] 3 in Convolution: its units step by 1 or 2" in str(caught.value)
    assert "my-chip has no layer Eltwise" in str(caught.value)
    assert len(caught.value.problems) == 2


def test_every_limit_is_listed_at_once(chip, tmp_path):
    with pytest.raises(UnsupportedError, match="2 outputs; my-chip accepts at most 1"):
        save(lambda x: (x.relu(), x.sigmoid()), torch.zeros(1, 3), chip(CHIP), tmp_path)


def test_it_may_extend_another_file(chip):
    chip(CHIP)
    found = dialect(chip('extends = "my-chip.toml"\nwithout = ["ReLU6"]\n[limits]\noutputs = 3\n', "newer.toml"))
    assert "ReLU6" not in found.layers
    assert (found.limits.outputs, found.limits.name_length) == (3, 12)
    assert len(found.rules) == 1


SMALL_KERNELS = """
extends = "caffe"

[[rules]]
layer = "Convolution"
min = { num_output = 2 }
max = { kernel_size = 8, "stride[0]" = 4 }
why = "its units hold 8x8 weights"
fix = "use smaller kernels"
"""

OUT_OF_RANGE = {
    "the greatest": (nn.Conv2d(3, 4, 8, stride=4), None),
    "a kernel too large": (nn.Conv2d(3, 4, 9), r"kernel_size \[9, 9\] in Convolution: its units hold 8x8 weights"),
    "one side too large": (nn.Conv2d(3, 4, (3, 9)), r"kernel_size \[3, 9\] in Convolution"),
    "a stride too large": (nn.Conv2d(3, 4, 3, stride=5), r"stride\[0\] 5 in Convolution"),
    "too few outputs": (nn.Conv2d(3, 1, 3), "num_output 1 in Convolution"),
    "another layer": (nn.MaxPool2d(10), None),
}


@pytest.mark.parametrize(("model", "message"), OUT_OF_RANGE.values(), ids=OUT_OF_RANGE)
def test_a_rule_may_give_the_least_and_the_greatest_number(model, message, chip, tmp_path):
    target = chip(SMALL_KERNELS)
    if message is None:
        save(model, torch.zeros(1, 3, 20, 20), target, tmp_path)
        return
    with pytest.raises(UnsupportedError, match=message):
        save(model, torch.zeros(1, 3, 20, 20), target, tmp_path)
    assert not (tmp_path / "n.prototxt").exists()


RULE_ABOUT = 'extends = "caffe"\n[[rules]]\nlayer = '
MALFORMED = {
    'layers = "all"': "layers: must be a table, not 'all'",
    "": "layers: a dialect needs this table of layer types and their fields",
    "[layers]\nReLU = 3": r"\[layers\] ReLU: must be a list of strings, not 3",
    "[layers]\nReLU = [3]": r"\[layers\] ReLU: must be a list of strings, not \[3\]",
    'extends = "cafe"': "extends: no dialect 'cafe'; did you mean 'caffe'",
    'extends = "caffe"\nextend = "x"': "extend: no such key; did you mean extends",
    'extends = "caffe"\n[limits]\nname_lenght = 3': r"\[limits\] name_lenght: no such key; did you mean name_length",
    'extends = "caffe"\n[limits]\noutputs = -1': r"\[limits\] outputs: must be a number above 0, not -1",
    'extends = "caffe"\n[limits.ranks]\nConcat = "4"': r"\[limits.ranks\] Concat: must be a number above 0",
    'extends = "caffe"\n[fold]\nbatch_norm = "yes"': r"\[fold\] batch_norm: must be a boolean, not 'yes'",
    'extends = "caffe"\nwithout = ["Permute"]': "without: what it extends has no layer 'Permute'",
    'extends = "caffe"\nkeeps = ["Permute"]': "keeps: what it extends has no layer 'Permute'",
    'extends = "caffe"\n[spelling]\nPooling = { field = "x" }': r'\[spelling\] Pooling: write it as "Layer.field"',
    'extends = "caffe"\n[spelling]\n"Pooling.pad" = {}': r"\[spelling\] Pooling.pad.field: is missing",
    'extends = "caffe"\n[[rules]]\nlayer = "ReLU"': r"\[\[rules\]\] 1: why: is missing",
    'extends = "caffe"\n[[rules]]\nlayer = "ReLU"\nwhy = "x"\nonly = { a = 1 }': r"\[\[rules\]\] 1: only.a: must be",
    'extends = "caffe"\n[[rules]]\nlayer = "ReLU"\nwhy = "x"\nmax = { a = "8" }': r"\[\[rules\]\] 1: max.a: must be",
    f'{RULE_ABOUT}"Convolutoin"\nwhy = "x"': r"\[\[rules\]\] 1: layer 'Convolutoin' is not known; did you mean",
    f'{RULE_ABOUT}"Pooling"\nwhy = "x"\nmax = {{ kernel_siz = 8 }}': "Pooling 'kernel_siz' is not known; did you mean",
    f'{RULE_ABOUT}"ReLU"\nwhy = "x"\nonce = ["slope"]': "ReLU 'slope' is not known; there are bottoms, negative_slope",
    'extends = "caffe"\n[spelling]\n"Pooling.pod" = { field = "x" }': r"\[spelling\] Pooling 'pod' is not known",
    f'{RULE_ABOUT}"Scale"\nwhy = "x"\nafter = ["Conv"]': r"\[\[rules\]\] 1: after 'Conv' is not known; did you mean",
    f'{RULE_ABOUT}"Scale"\nwhy = "x"\nafter = ["Power"]\nafter_when = {{ a = [0] }}': "1: Power 'a' is not known",
    f'{RULE_ABOUT}"Scale"\nwhy = "x"\nafter_unless = {{ shift = 0 }}': r"1: after_unless.shift: must be a list",
    'extends = "my-chip.toml"': "extends itself",
    "[layers": "my-chip.toml: ",
}


@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_file_is_named_with_table_and_key(chip, text):
    with pytest.raises(ConversionError, match=MALFORMED[text]) as caught:
        dialect(chip(text))
    assert "my-chip.toml" in str(caught.value)


@pytest.mark.parametrize("name", names())
def test_those_of_this_package_name_what_there_is(name):
    """One's own file is checked as it is read."""
    path = FOLDER / f"{name}.toml"
    check_names(dialect(name), path, tomllib.loads(path.read_text(encoding="utf-8")))


def test_a_rule_about_kernel_h_is_about_a_square_kernel_too(chip, tmp_path):
    target = chip(SMALL_KERNELS.replace("kernel_size = 8", "kernel_h = 8, kernel_w = 8"))
    with pytest.raises(UnsupportedError, match="kernel_h 9 in Convolution"):
        save(nn.Conv2d(3, 4, 9), torch.zeros(1, 3, 20, 20), target, tmp_path)
    with pytest.raises(UnsupportedError, match="kernel_w 9 in Convolution"):
        save(nn.Conv2d(3, 4, (3, 9)), torch.zeros(1, 3, 20, 20), target, tmp_path)


WITHOUT = """
extends = "caffe"
without = ["LRN", "Deconvolution", "ELU"]
"""
LOST = {
    "LRN": nn.LocalResponseNorm(3),
    "Deconvolution": nn.ConvTranspose2d(3, 4, 2, 2),
}


@pytest.mark.parametrize("type", LOST)
def test_lowering_is_not_advised_where_it_would_be_refused(type, chip, tmp_path):
    """A fix that is printed can be followed."""
    target, prefix = chip(WITHOUT), tmp_path / "n"
    x = torch.zeros(1, 3, 8, 8)
    with pytest.raises(UnsupportedError) as caught:
        save(LOST[type], x, target, tmp_path)
    assert "pytorch2caffe lower" not in str(caught.value)
    save(LOST[type], x, "caffe", tmp_path)
    problems = check_files(f"{prefix}.prototxt", f"{prefix}.caffemodel", dialect(target))
    assert [problem.what for problem in problems] == [f"my-chip has no layer {type}"]
    assert "pytorch2caffe lower" not in problems[0].fix
    with pytest.raises(UnsupportedError, match=f"my-chip has no layer {type}"):
        lower_files(f"{prefix}.prototxt", f"{prefix}.caffemodel", tmp_path / "other", target)


def test_lowering_is_advised_where_it_works(chip, tmp_path):
    target, prefix = chip('extends = "caffe-master"\nwithout = ["Clip"]\n'), tmp_path / "n"
    save(nn.Hardtanh(), torch.zeros(1, 3, 8, 8), "caffe-master", tmp_path)
    (problem,) = check_files(f"{prefix}.prototxt", f"{prefix}.caffemodel", dialect(target))
    assert problem.fix == "pytorch2caffe lower expresses it in layers that my-chip has"
    lower_files(f"{prefix}.prototxt", f"{prefix}.caffemodel", tmp_path / "other", target)
    assert check_files(tmp_path / "other.prototxt", tmp_path / "other.caffemodel", dialect(target)) == []


def test_no_such_dialect():
    with pytest.raises(ConversionError, match="no dialect 'opencv4'; did you mean 'opencv'"):
        dialect("opencv4")
    with pytest.raises(ConversionError, match=f"is one of {', '.join(names())}"):
        dialect("zzz.toml")


def test_it_may_keep_some_layers_only(chip, tmp_path):
    target = chip('extends = "caffe"\nkeeps = ["Input", "ReLU", "Power"]\n[layers]\nClip = ["min"]\n')
    assert {*dialect(target).layers} == {"Input", "ReLU", "Power", "Clip"}
    with pytest.raises(UnsupportedError, match="my-chip has no layer Sigmoid"):
        save(nn.Sigmoid(), torch.zeros(1, 2), target, tmp_path)


def test_it_may_extend_a_list_of_layers(chip):
    found = dialect(chip('extends = "bases/forks"\nkeeps = ["Input", "Upsample"]'))
    assert found.layers == {"Input": {"shape"}, "Upsample": {"scale"}}
    assert "bases/forks" not in names()


def test_a_rule_may_be_about_the_length_of_a_list(chip, tmp_path):
    rule = '[[rules]]\nlayer = "Reshape"\nlength = { shape = [4] }\nwhy = "it has images"\nfix = "use four"\n'
    target = chip(f'extends = "caffe"\n{rule}')
    save(lambda x: x.reshape(1, 2, 3, 1), torch.zeros(1, 6), target, tmp_path)
    with pytest.raises(UnsupportedError, match=r"no shape \[0, 2, 3\] in Reshape: it has images"):
        save(lambda x: x.reshape(1, 2, 3), torch.zeros(1, 6), target, tmp_path)


def test_a_dialect_may_limit_height_and_width(chip, tmp_path):
    target = chip('extends = "caffe"\n[limits]\nside = 4\n')
    save(nn.ReLU(), torch.zeros(1, 9, 4, 4), target, tmp_path)
    with pytest.raises(UnsupportedError, match="ReLU of 5 rows or columns; my-chip accepts at most 4"):
        save(nn.ReLU(), torch.zeros(1, 1, 4, 5), target, tmp_path)
