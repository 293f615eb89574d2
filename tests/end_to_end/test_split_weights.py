"""Weights in shards: written, read by every command, and never taken as complete where one is missing."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import caffe_proto
from pytorch2caffe import ConversionError, UnsupportedError, export, load_caffe, save_caffe, trace, verify
from pytorch2caffe.backends.caffe.dialect_file import dialect
from pytorch2caffe.cli import main
from pytorch2caffe.cli.mmdnn import toir
from pytorch2caffe.convert.check_files import check_files
from pytorch2caffe.verify.runtimes import RuntimeFailed, get
from tests.models import tiny
from tests.paths import ROOT

MOST = 1500  # bytes, of Tiny's 3,500
X = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
DEPLOY = ROOT / "verify" / "verify_deploy.py"


@pytest.fixture
def split(tmp_path):
    """The prototxt and its caffemodels."""
    graph = export(tiny(), X, tmp_path / "tiny.prototxt", tmp_path / "tiny.caffemodel", split_weights=MOST)
    return tmp_path / "tiny.prototxt", graph.caffemodels


@pytest.fixture
def whole(tmp_path):
    """The same network with its weights in one file."""
    (tmp_path / "whole").mkdir()
    files = tmp_path / "whole" / "tiny.prototxt", tmp_path / "whole" / "tiny.caffemodel"
    export(tiny(), X, *files)
    return files


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def commas(paths) -> str:
    return ",".join(map(str, paths))


def test_every_file_is_below_the_limit_and_every_layer_in_one_of_them_in_order(split, whole):
    prototxt, files = split
    assert [path.name for path in files] == [f"tiny-{n}-of-3.caffemodel" for n in (1, 2, 3)]
    assert max(path.stat().st_size for path in files) <= MOST
    every = [layer for path in files for layer in caffe_proto.read_caffemodel(path).layers]
    one = caffe_proto.read_caffemodel(whole[1]).layers
    assert [layer.name for layer in every] == [layer.name for layer in one]
    for a, b in zip(every, one, strict=True):
        assert all(map(np.array_equal, a.blobs, b.blobs))


def test_the_prototxt_names_the_files_and_is_otherwise_the_same(split, whole):
    first, rest = split[0].read_text().split("\n", 1)
    assert first == "# weights in 3 files, load all: " + ", ".join(f'"{path.name}"' for path in split[1])
    assert rest == whole[0].read_text()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_real_caffe_gives_exactly_the_numbers_of_one_file_in_any_order(split, whole, real_caffe, order):
    inputs = {"data": X.numpy()}
    expected = real_caffe.run(*whole, inputs)
    found = real_caffe.run(split[0], [split[1][index] for index in order], inputs)
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[key], expected[key]) for key in expected)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_the_reader_takes_any_order_too(split, whole, order):
    found = load_caffe(split[0], [split[1][index] for index in order])
    for a, b in zip(found.nodes, load_caffe(*whole).nodes, strict=True):
        assert all(map(np.array_equal, a.blobs, b.blobs))


@pytest.mark.parametrize("runtime", ["builtin", "caffe", "ncnn"])
def test_the_model_is_equal_to_its_files(split, runtime, request):
    if runtime == "caffe":
        request.getfixturevalue("real_caffe")
    if reason := get(runtime).unavailable():
        pytest.skip(reason)
    comparison = verify(tiny(), *split, X, runtime)
    assert comparison.equal
    assert verify(tiny(), split[0], commas(split[1]), X, runtime).rows == comparison.rows


def test_opencv_reads_one_file_and_says_so(split):
    if reason := get("opencv").unavailable():
        pytest.skip(reason)
    with pytest.raises(RuntimeFailed, match="OpenCV reads one caffemodel, not 3"):
        verify(tiny(), *split, X, "opencv")


# What a command is called with, {weights} being the files with commas between.
COMMANDS = {
    "verify": "verify tests.models:tiny {proto} {weights}",
    "verify in Caffe": "verify tests.models:tiny {proto} {weights} --runtime caffe",
    "check": "check {proto} {weights}",
    "lower": "lower {proto} {weights} --target opencv --fold-bn -o {folder}/low",
    "convert": "convert {proto} {weights} --from caffe --to pytorch -o {folder}/torch",
    "ncnn": "ncnn {proto} {weights} --no-check -o {folder}/ncnn",
    "calibrate": "calibrate --proto {proto} --model {weights} --images {folder}/x.npy -o {folder}/tiny.table",
    "table check": "table check {folder}/ready.table --proto {proto} --model {weights}",
}


def run(command, prototxt, caffemodels):
    folder = prototxt.parent
    np.save(folder / "x.npy", X.numpy()[0])
    arguments = {"proto": prototxt, "weights": commas(caffemodels), "folder": folder}
    if command == "table check":
        made = COMMANDS["calibrate"].format(**arguments | {"weights": commas(sorted(folder.glob("tiny-*-of-*")))})
        assert main(made.replace("tiny.table", "ready.table").split()) == 0
    return main(COMMANDS[command].format(**arguments).split())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_the_files(split, command, request):
    if "Caffe" in command:
        request.getfixturevalue("real_caffe")
    assert run(command, split[0], split[1][::-1]) == 0


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("missing", range(3))
def test_every_command_refuses_a_part_and_names_the_whole(split, command, missing, request, capfd):
    if "Caffe" in command:
        request.getfixturevalue("real_caffe")
    prototxt, files = split
    before = names(prototxt.parent)
    assert run(command, prototxt, files[:missing] + files[missing + 1 :]) == (1 if command == "check" else 2)
    said = "".join(capfd.readouterr())
    assert "has none" in said or "no weights for this" in said
    assert f"its weights are in shards; give all of them: {commas(files)}" in said
    assert names(prototxt.parent) - before <= {"x.npy", "ready.table"}


def test_files_of_other_names_are_refused_too(split, tmp_path):
    renamed = shutil.copy(split[1][0], tmp_path / "weights.caffemodel")
    with pytest.raises(UnsupportedError, match="if its weights are in shards, all of them, separated by commas"):
        load_caffe(split[0], renamed)


def test_a_file_that_is_not_there_is_named(split, capsys):
    lost = split[1][0].with_name("lost.caffemodel")
    assert main(["check", str(split[0]), f"{commas(split[1])},{lost}"]) == 2
    assert f"there is no file '{lost}'" in capsys.readouterr().err


def test_a_comma_in_a_name_is_no_second_file(whole, tmp_path):
    odd = tmp_path / "tiny,really.caffemodel"
    shutil.copy(whole[1], odd)
    assert load_caffe(whole[0], str(odd)).nodes
    assert main(["check", str(whole[0]), str(odd)]) == 0


def test_many_files_are_as_good_as_two(split):
    several = [shutil.copy(path, path.with_name(f"{path.stem}-{n}.caffemodel")) for n in range(9) for path in split[1]]
    assert caffe_proto.weight_files(commas(several)) == several
    assert caffe_proto.weight_files(",".join(path.name for path in several)) == [Path(path.name) for path in several]
    assert load_caffe(split[0], commas(several)).nodes


def test_the_older_scripts_and_mmdnns_commands_take_them(split, tmp_path):
    line = [sys.executable, DEPLOY, "--model", "tests.models:tiny", "--protofile", split[0], "--runtime", "builtin"]
    assert subprocess.run([*line, "--weightfile", commas(split[1])], capture_output=True).returncode == 0
    assert subprocess.run([*line, "--weightfile", split[1][0]], capture_output=True).returncode == 2
    ir = ["-f", "caffe", "-n", str(split[0]), "-d", str(tmp_path / "ir")]
    assert toir.main([*ir, "-w", commas(split[1])]) == 0
    assert toir.main([*ir, "-w", str(split[1][0])]) == 2


def other_weights(path: Path) -> Path:
    """The first file with every weight doubled."""
    layers = caffe_proto.read_caffemodel(path)
    net = {"name": "Tiny", "layer": [{"name": layer.name, "type": layer.type} for layer in layers.layers]}
    doubled = path.with_name("doubled.caffemodel")
    caffe_proto.write_caffemodel(net, [[2 * blob for blob in layer.blobs] for layer in layers.layers], doubled)
    return doubled


def test_one_layer_in_two_files_must_be_the_same_for_caffe_takes_the_last(split, real_caffe):
    prototxt, files = split
    same = shutil.copy(files[0], files[0].with_name("same.caffemodel"))
    assert load_caffe(prototxt, [*files, same]).nodes
    other = other_weights(files[0])
    with pytest.raises(ConversionError, match=r"tiny-1-of-3.* and .*doubled.*: two layers 'conv' with different"):
        load_caffe(prototxt, [*files, other])
    outputs = [
        real_caffe.run(prototxt, paths, {"data": X.numpy()}, {"conv"})["conv", "conv"]
        for paths in ([*files, other], [other, *files])
    ]
    np.testing.assert_allclose(outputs[0], 2 * outputs[1], rtol=1e-5)


def test_without_the_option_it_is_refused_and_the_option_named(tmp_path, monkeypatch):
    monkeypatch.setattr("pytorch2caffe.backends.caffe.writer.MOST_BYTES", MOST)
    with pytest.raises(ConversionError, match=r"3,1\d\d bytes, and Caffe reads at most 1,500.*--split-weights"):
        export(tiny(), X, tmp_path / "tiny.prototxt", tmp_path / "tiny.caffemodel")
    assert not names(tmp_path)


def test_a_layer_beyond_the_limit_is_refused_with_its_size(tmp_path):
    with pytest.raises(ConversionError, match=r"layer 'conv' alone makes 9\d\d bytes; a file may have 900"):
        export(tiny(), X, tmp_path / "tiny.prototxt", tmp_path / "tiny.caffemodel", split_weights=900)
    assert not names(tmp_path)


def test_what_fits_into_one_file_stays_one(tmp_path, whole):
    graph = export(tiny(), X, tmp_path / "tiny.prototxt", tmp_path / "tiny.caffemodel", split_weights=True)
    assert [path.name for path in graph.caffemodels] == ["tiny.caffemodel"]
    assert (tmp_path / "tiny.prototxt").read_bytes() == whole[0].read_bytes()
    assert (tmp_path / "tiny.caffemodel").read_bytes() == whole[1].read_bytes()


@pytest.mark.parametrize("target", ["opencv", "ncnn", "nnie"])
def test_a_reader_of_one_file_gets_one_or_an_error(tmp_path, split, target):
    with pytest.raises(ConversionError, match=f"{target} accepts one file only"):
        save_caffe(trace(tiny(), X), tmp_path / "n.prototxt", tmp_path / "n.caffemodel", target, split_weights=MOST)
    problems = check_files(*split, dialect(target))
    assert f"3 caffemodels; {target} accepts at most 1" in [problem.what for problem in problems]


def test_all_files_appear_or_none(tmp_path):
    def proof(prototxt, caffemodels):
        assert [path.stat().st_size for path in [prototxt, *caffemodels]]
        raise ConversionError("no")

    files = tmp_path / "tiny.prototxt", tmp_path / "tiny.caffemodel"
    with pytest.raises(ConversionError, match="no"):
        save_caffe(trace(tiny(), X), *files, split_weights=MOST, proof=proof)
    assert not names(tmp_path)


@pytest.mark.parametrize("old", ["tiny.caffemodel", "tiny-1-of-2.caffemodel", "tiny-4-of-4.caffemodel"])
def test_weights_of_an_earlier_export_do_not_stay_beside_the_new_ones(tmp_path, old):
    (tmp_path / old).write_bytes(b"old")
    with pytest.raises(ConversionError, match=f"{old}: left from an earlier export"):
        export(tiny(), X, tmp_path / "tiny.prototxt", tmp_path / "tiny.caffemodel", split_weights=MOST)
    assert names(tmp_path) == {old}


def test_export_says_what_caffe_must_be_told(tmp_path, monkeypatch, capsys, real_caffe):
    monkeypatch.setattr("pytorch2caffe.backends.caffe.writer.MOST_BYTES", MOST)
    monkeypatch.chdir(tmp_path)
    shape = ["--input-shape", "1,3,32,32", "-o", "tiny"]
    assert main(["export", "tests.models:tiny", *shape, "--split-weights"]) == 0
    said = capsys.readouterr().out
    files = [f"tiny-{n}-of-3.caffemodel" for n in (1, 2, 3)]
    assert "Caffe needs all 3 caffemodels" in said
    assert [line.strip() for line in said.splitlines()[-5:-1]] == [
        "net = caffe.Net('tiny.prototxt', caffe.TEST)",
        *(f"net.copy_from('{name}')" for name in files),
    ]
    assert names(tmp_path) == {"tiny.prototxt", *files}


def test_lower_and_convert_split_too(split, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("pytorch2caffe.backends.caffe.writer.MOST_BYTES", MOST)
    for command in (["lower"], ["convert", "--from", "caffe", "--to", "caffe"]):
        prefix = tmp_path / command[0]
        line = [*command, str(split[0]), commas(split[1]), "-o", str(prefix)]
        assert main(line) == 2
        assert "--split-weights" in capsys.readouterr().err
        assert main([*line, "--split-weights"]) == 0
        assert "net.copy_from" in capsys.readouterr().out
        made = sorted(tmp_path.glob(f"{command[0]}-*.caffemodel"))
        assert verify(tiny(), f"{prefix}.prototxt", made, X).equal


@pytest.mark.parametrize("name", ["tiny", "tiny-1-of-3"])
def test_convert_does_not_replace_what_it_reads(split, name, capsys):
    prototxt = split[0].rename(split[0].with_name("deploy.prototxt"))
    line = ["convert", str(prototxt), commas(split[1]), "--from", "caffe", "--to", "caffe", "--split-weights"]
    assert main([*line, "-o", str(prototxt.with_name(name))]) == 2
    assert f"{name}.caffemodel is an input" in capsys.readouterr().err
