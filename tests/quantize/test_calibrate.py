"""Networks with known ranges through the calibration, and what each odd one becomes."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import trace
from pytorch2caffe.backends.ncnn.table.file import check_table
from pytorch2caffe.backends.ncnn.table.table import Table
from pytorch2caffe.errors import ConversionError
from pytorch2caffe.quantize.calibrate import Settings, calibrate
from pytorch2caffe.quantize.forward import Forward
from pytorch2caffe.quantize.images import Dataset
from pytorch2caffe.quantize.sensitivity import BUDGET, keep_within_budget, measure
from pytorch2caffe.quantize.simulate import int8_call
from tests.lively import make_lively
from tests.pages.reading import NOTHING_FROM_OUTSIDE


class Mixed(nn.Module):
    """3x3, depthwise, grouped, 1x1 and a linear layer."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.depthwise = nn.Conv2d(8, 8, 3, groups=8, stride=2)
        self.grouped = nn.Conv2d(8, 12, 1, groups=4)
        self.last = nn.Conv2d(12, 6, 1, bias=False)
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        x = torch.relu(self.depthwise(torch.relu(self.conv(x))))
        return self.fc(torch.relu(self.last(torch.relu(self.grouped(x)))).mean((2, 3)))


@pytest.fixture(scope="module")
def graph():
    torch.manual_seed(0)
    x = torch.randn(1, 3, 14, 14)
    return trace(make_lively(Mixed(), x), x)


def tensors(folder, arrays):
    for index, array in enumerate(arrays):
        np.save(folder / f"{index:03}.npy", np.asarray(array, np.float32))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    rng = np.random.default_rng(0)
    return tensors(tmp_path_factory.mktemp("x"), rng.normal(size=(21, 3, 14, 14)))


def found(graph, folder, **settings):
    options = {key: settings.pop(key) for key in ("batch", "settle") if key in settings}
    return calibrate(graph, Dataset([folder], graph.inputs, {}), Settings(**settings), **options)


@pytest.mark.parametrize("method", ["kl", "aciq", "max", "percentile", "mse", "reference"])
def test_every_method_gives_a_table_without_a_problem(method, graph, folder):
    result = found(graph, folder, method=method)
    assert check_table(result.table, graph) == []
    assert list(result.table.activations) == ["conv", "depthwise", "grouped", "last", "fc"]
    assert {name: len(scales) for name, scales in result.table.weights.items()} == {
        "conv": 8,
        "depthwise": 8,
        "grouped": 4,
        "last": 6,
        "fc": 5,
    }


def test_max_is_the_largest_magnitude_of_every_input(graph, folder):
    from pytorch2caffe.runtime.run import run

    arrays = np.stack([np.load(path) for path in sorted(folder.iterdir())])
    values = run(graph, {"data": arrays}) | {("", "data"): arrays}
    result = found(graph, folder, method="max")
    by_name = {name: array for (_, name), array in values.items()}
    for layer in result.layers:
        largest = np.abs(by_name[layer.node.inputs[0].name]).max()
        assert result.table.activations[layer.node.name] == pytest.approx(127 / largest, rel=1e-5)


@pytest.mark.parametrize("batch", [1, 4, 64])
def test_batches_change_nothing(batch, graph, folder):
    one, other = found(graph, folder, batch=3), found(graph, folder, batch=batch)
    assert one.images == other.images == 21
    for name, scale in one.table.activations.items():
        assert other.table.activations[name] == pytest.approx(scale, rel=2e-3)  # within a bin of 2048


@pytest.mark.parametrize("method", ["kl", "mse", "percentile"])
def test_by_default_the_thresholds_are_those_of_two_passes_to_within_one_bin(method, graph, folder):
    default, two = found(graph, folder, method=method), found(graph, folder, method=method, passes=2)
    for one, other in zip(default.layers, two.layers, strict=True):
        bins = abs(one.activation.threshold - other.activation.threshold) / one.activation.stats.bin_width
        assert bins <= 1.01
    assert set(two.second_pass) == {layer.activation.name for layer in two.layers}


def test_weight_scales(graph, folder):
    weight = {node.name: node.blobs[0] for node in graph.nodes if node.blobs}
    table = found(graph, folder).table
    np.testing.assert_allclose(table.weights["conv"], 127 / np.abs(weight["conv"]).max((1, 2, 3)), rtol=1e-6)
    per_group = np.abs(weight["grouped"].reshape(4, -1)).max(1)
    np.testing.assert_allclose(table.weights["grouped"], 127 / per_group, rtol=1e-6)
    whole = found(graph, folder, per_channel=False).table
    np.testing.assert_allclose(whole.weights["fc"], [127 / np.abs(weight["fc"]).max()] * 5, rtol=1e-6)
    limited = found(graph, folder, winograd=True).table
    np.testing.assert_allclose(limited.weights["conv"], 31 / np.abs(weight["conv"]).max((1, 2, 3)), rtol=1e-6)
    np.testing.assert_array_equal(limited.weights["depthwise"], table.weights["depthwise"])


def test_layers_are_kept_in_float(graph, folder):
    result = found(graph, folder, keep_float=("grouped",), inner_product=False)
    assert list(result.table.activations) == list(result.table.weights) == ["conv", "depthwise", "last"]
    with pytest.raises(ConversionError, match="gruoped: not a layer that ncnn runs in int8"):
        found(graph, folder, keep_float=("gruoped",))


def test_how_scales_settle(graph, folder):
    result = found(graph, folder, settle=True, method="max")
    assert list(result.settled) == [1, 2, 5, 10, 20, 21]
    most = [result.settled[count]["data"] for count in result.settled]
    assert most == sorted(most) and most[-1] == result.layers[0].activation.threshold


def one_conv(weight=None):
    model = nn.Conv2d(2, 3, 1)
    with torch.no_grad():
        if weight is not None:
            model.weight.copy_(torch.as_tensor(weight).reshape(3, 2, 1, 1))
    return trace(model.eval(), torch.zeros(1, 2, 4, 4))


def test_a_zero_channel_has_scale_0_and_is_said(tmp_path):
    graph = one_conv([[1.0, 2.0], [0.0, 0.0], [1e-38, 0.0]])
    result = found(graph, tensors(tmp_path, np.ones((2, 2, 4, 4))))
    assert result.table.weights["conv2d"].tolist() == [63.5, 0.0, 0.0]
    few, zeros = (note.what for note in result.notes)
    assert "64 nonzero numbers, too few for the 2048 bins of method kl" in few
    assert "2 outputs have only weights of 0" in zeros
    assert check_table(result.table, graph) == []


def test_the_reference_takes_small_weights_for_0(tmp_path):
    graph = one_conv([[1.0, 2.0], [9e-5, 0.0], [2e-4, 0.0]])
    result = found(graph, tensors(tmp_path, np.ones((2, 2, 4, 4))), method="reference")
    assert result.table.weights["conv2d"].tolist() == [63.5, 0.0, pytest.approx(127 / 2e-4)]


STAYS = {
    "dead input": (np.zeros((2, 2, 4, 4)), None, "its input is always 0"),
    "weights of 0": (np.ones((2, 2, 4, 4)), np.zeros((3, 2)), "its weights are all 0"),
    "weights not finite": (np.ones((2, 2, 4, 4)), np.full((3, 2), np.nan), "its weights are not finite"),
    "tiny input": (np.full((2, 2, 4, 4), 1e-36), None, "is outside the range of float32"),
}


@pytest.mark.parametrize(("arrays", "weight", "reason"), STAYS.values(), ids=STAYS)
@pytest.mark.filterwarnings("ignore:NaN or inf in the weights")
def test_what_stays_in_float(arrays, weight, reason, tmp_path):
    result = found(one_conv(weight), tensors(tmp_path, arrays))
    assert reason in result.layers[0].reason and reason in result.notes[0].what
    assert result.table.activations == result.table.weights == {}


def test_activations_that_are_not_finite(tmp_path):
    class Root(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(2, 3, 1)

        def forward(self, x):
            return self.conv(torch.sqrt(x))

    graph = trace(Root().eval(), torch.ones(1, 2, 4, 4))
    result = found(graph, tensors(tmp_path, -np.ones((3, 2, 4, 4))))
    assert "never finite" in result.layers[0].reason
    result = found(graph, tensors(tmp_path, np.stack([np.ones((2, 4, 4)), -np.ones((2, 4, 4)), np.ones((2, 4, 4))])))
    assert result.layers[0].reason == "32 numbers of its input are not finite"


def test_the_reference_needs_positive_numbers(tmp_path):
    never = -np.ones((2, 2, 4, 4))
    never[0] = 0
    result = found(one_conv(), tensors(tmp_path, never), method="reference")
    assert "never positive" in result.layers[0].reason and not result.table.activations


def test_a_network_without_such_layers(tmp_path):
    graph = trace(nn.ReLU(), torch.zeros(1, 2, 4, 4))
    with pytest.raises(ConversionError, match="no layer that ncnn runs in int8"):
        found(graph, tensors(tmp_path, np.ones((1, 2, 4, 4))))


class TwoInputs(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4 + 5, 2)

    def forward(self, image, more):
        return self.fc(torch.cat([torch.relu(self.conv(image)).mean((2, 3)), more], 1))


def test_two_inputs_by_command(tmp_path, capsys):
    from pytorch2caffe import save_caffe
    from pytorch2caffe.cli import main

    image = pytest.importorskip("PIL.Image")
    graph = trace(TwoInputs().eval(), (torch.zeros(1, 3, 8, 8), torch.zeros(1, 5)))
    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    save_caffe(graph, *files)
    for name in ("photos", "more"):
        (tmp_path / name).mkdir()
    for index in range(3):
        image.new("RGB", (20, 20), (50 * index, 40, 10)).save(tmp_path / "photos" / f"{index}.png")
    tensors(tmp_path / "more", np.full((3, 5), 700.0))
    line = ["calibrate", "--proto", str(files[0]), "--model", str(files[1]), "--mean", "0", "--method", "max"]
    assert main([*line, "-o", str(tmp_path / "t"), "--images", str(tmp_path / "photos"), str(tmp_path / "more")]) == 0
    table = (tmp_path / "t").read_text().splitlines()
    assert "conv 1.27" in table and f"fc {127 / 700!r}" in table
    assert main([*line, "-o", str(tmp_path / "u"), "--images", str(tmp_path / "photos")]) == 2
    assert "has 2 inputs; use .npz files with all of them, or --images for each" in capsys.readouterr().err


class Volume(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv3d(1, 2, 2)
        self.fc = nn.Linear(2 * 27, 3)

    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).flatten(1))


def test_convolution_of_volumes_stays_float(tmp_path):
    graph = trace(Volume().eval(), torch.zeros(1, 1, 4, 4, 4))
    result = found(graph, tensors(tmp_path, np.random.default_rng(0).normal(size=(5, 1, 4, 4, 4))))
    assert list(result.table.activations) == ["fc"]


class FixedBatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 1)

    def forward(self, x):
        return self.conv(x).reshape(3, 16)


def test_a_network_that_takes_one_image_at_a_time(tmp_path):
    graph = trace(FixedBatch().eval(), torch.zeros(1, 2, 4, 4))
    assert Forward(graph, 4).batch == 1
    assert found(graph, tensors(tmp_path, np.ones((3, 2, 4, 4)))).images == 3


def test_a_network_of_larger_batch(tmp_path):
    graph = trace(nn.Conv2d(2, 3, 1).eval(), torch.zeros(10, 2, 4, 4))
    assert Forward(graph, 4).batch == 4
    assert found(graph, tensors(tmp_path, np.ones((3, 2, 4, 4)))).images == 3
    with pytest.raises(ConversionError, match="change the batch size in the prototxt to 1"):
        Forward(trace(Rows().eval(), torch.zeros(3, 2)), 4)


class Rows(nn.Module):
    def forward(self, x):
        return x.reshape(2, 3)


# ---- simulated int8


def by_hand(x, weight, bias, scale, scales):
    """ncnn's forward_int8 of an inner product, in whole numbers."""

    def away(value):
        return np.clip(np.sign(value) * np.floor(np.abs(value) + 0.5), -127, 127).astype(np.int64)

    sums = away(np.float32(x) * np.float32(scale)) @ away(weight * np.float32(scales)[:, None]).T
    return sums / np.where(scales == 0, np.inf, scale * scales) + bias


def test_simulated_int8_is_whole_number_arithmetic():
    rng = np.random.default_rng(3)
    graph = trace(nn.Linear(40, 6), torch.zeros(1, 40))
    (node,) = graph.nodes
    scales = np.array([127 / np.abs(row).max() for row in node.blobs[0]])
    scales[2] = 0
    x = rng.normal(size=(9, 40)).astype(np.float32)
    table = Table({node.name: scales}, {node.name: 40.0})
    made = int8_call(node, table)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(made, by_hand(x, node.blobs[0], node.blobs[1], 40.0, scales), rtol=1e-5, atol=1e-6)


def test_sensitivity_and_budget(graph, folder):
    images = Dataset([folder], graph.inputs, {})
    result = calibrate(graph, images)
    result.table.weights["last"]  # every layer is in
    broken = next(layer for layer in result.layers if layer.node.name == "last")
    broken.activation.threshold *= 30  # 127 / threshold: so coarse that only a few levels are left
    lost = measure(graph, images, result)
    assert lost.images == 10
    assert max(lost.alone, key=lost.alone.get) == "last"
    assert all(0 <= loss < 0.01 for name, loss in lost.alone.items() if name != "last")
    assert lost.together >= 0.5 * lost.alone["last"] > 0.001
    assert keep_within_budget(graph, images, result, lost, lost.alone["last"] / 4) == ["last"]
    assert broken.reason == BUDGET and "last" not in result.table.activations
    assert lost.steps[-1][1] <= lost.alone["last"] / 4


def test_alone_is_what_a_run_with_only_that_layer_gives(graph, folder):
    images = Dataset([folder], graph.inputs, {})
    result = calibrate(graph, images, Settings("max"))
    lost = measure(graph, images, result)
    forward = Forward(graph, 10)
    ((_, inputs),) = [next(images.batches(10))]
    before = forward.run(inputs)["fc"].double()
    for node in (layer.node for layer in result.layers):
        after = forward.run(inputs, replace={node.name: int8_call(node, result.table)})["fc"].double()
        expected = 1 - torch.cosine_similarity(before, after).mean()
        assert lost.alone[node.name] == pytest.approx(float(expected), rel=1e-3, abs=1e-9)


def test_sensitivity_is_measured_in_whole_float32(graph, folder, monkeypatch):
    from pytorch2caffe.quantize import sensitivity

    seen = []

    def call_layer(call, node, values):
        seen.append(torch.backends.cudnn.allow_tf32 or torch.is_grad_enabled())
        return original(call, node, values)

    original = sensitivity.call_layer
    monkeypatch.setattr(sensitivity, "call_layer", call_layer)
    images = Dataset([folder], graph.inputs, {})
    measure(graph, images, calibrate(graph, images, Settings("max")))
    assert seen and not any(seen)


# ---- the commands


@pytest.fixture
def files(tmp_path, graph, folder):
    from pytorch2caffe import save_caffe

    save_caffe(graph, tmp_path / "net.prototxt", tmp_path / "net.caffemodel")
    return tmp_path, [
        "--proto",
        str(tmp_path / "net.prototxt"),
        "--model",
        str(tmp_path / "net.caffemodel"),
        "--images",
        str(folder),
    ]


def test_the_commands(files, capsys):
    from pytorch2caffe.cli import main

    folder, options = files
    table, report = folder / "net.table", folder / "net.html"
    assert (
        main(
            [
                "calibrate",
                *options,
                "-o",
                str(table),
                "--report",
                str(report),
                "--keep-float",
                "grouped",
                "last",
                "--method",
                "mse",
            ]
        )
        == 0
    )
    said = capsys.readouterr().out
    assert said.startswith(f"{table}: 3 layers in int8 from 21 images, in float: grouped, last\n")
    page, data = report.read_text(), json.loads((folder / "net.json").read_text())
    assert page.count("<svg") == 1 + 6  # the network, and the charts
    assert not NOTHING_FROM_OUTSIDE.search(page)
    assert [row["layer"] for row in data["layers"]] == ["conv", "depthwise", "grouped", "last", "fc"]
    assert data["layers"][0]["weight_snr"] > 30 and data["layers"][0]["activation_snr"] > 25
    assert main(["table", "check", str(table), "--proto", options[1], "--model", options[3]]) == 0
    assert "in float: grouped, last" in capsys.readouterr().out
    table.write_text(table.read_text().replace("conv_param_0", "conv_param_0 1.0"))
    assert main(["table", "check", str(table), "--proto", options[1]]) == 1
    assert "9 weight scales, but ncnn reads 8" in capsys.readouterr().out


def test_an_accuracy_budget(files, capsys):
    from pytorch2caffe.cli import main

    folder, options = files
    line = ["calibrate", *options, "-o", str(folder / "x.table"), "--method", "max", "--accuracy-budget"]
    assert main([*line, "1"]) == 0
    said = capsys.readouterr().out
    assert "5 layers in int8 from 21 images\n" in said
    budget = float(said.split("mean cosine of the outputs decreases by ")[1].split()[0]) * 0.7
    assert main([*line, str(budget)]) == 0
    said = capsys.readouterr().out
    assert (
        "in float: " in said and float(said.split("mean cosine of the outputs decreases by ")[1].split()[0]) <= budget
    )
    assert main([*line, "0"]) == 2
    assert "no layer can run in int8" in capsys.readouterr().err


def test_verify_reads_the_preprocessing_back(tmp_path, capsys):
    image = pytest.importorskip("PIL.Image")
    from pytorch2caffe import load_caffe, save_caffe
    from pytorch2caffe.cli import main
    from pytorch2caffe.quantize.job import first_inputs
    from pytorch2caffe.quantize.pixels import preprocess_of

    (tmp_path / "net.py").write_text("import torch\ndef net():\n    return torch.nn.Conv2d(3, 4, 3)\n")
    torch.manual_seed(0)
    model = nn.Conv2d(3, 4, 3)
    save_caffe(trace(model.eval(), torch.zeros(2, 3, 8, 8)), tmp_path / "n.prototxt", tmp_path / "n.caffemodel")
    torch.save(model.state_dict(), tmp_path / "n.pth")
    (tmp_path / "images").mkdir()
    image.new("RGB", (20, 20), (200, 40, 10)).save(tmp_path / "images" / "a.png")
    files = [str(tmp_path / "n.prototxt"), str(tmp_path / "n.caffemodel")]
    images = ["--images", str(tmp_path / "images")]
    line = ["calibrate", "--proto", files[0], "--model", files[1], *images, "-o", str(tmp_path / "n.table")]
    assert main([*line, "--mean", "1", "2", "3", "--norm", "0.5", "--order", "RGB"]) == 0
    said = str(tmp_path / "n.table.preprocess.json")
    graph = load_caffe(files[0])
    (x,) = first_inputs(Dataset([tmp_path / "images"], graph.inputs, preprocess_of(said, graph)))
    assert x.shape == (2, 3, 8, 8) and x[0, :, 0, 0].tolist() == [99.5, 19.0, 3.5]
    model = f"{tmp_path / 'net.py'}:net"
    capsys.readouterr()
    verify = ["verify", model, *files, "--weights", str(tmp_path / "n.pth"), *images, "--preprocess", said]
    assert main(verify) == 0
    assert "input data: pixels become -1.5 to 127, RGB, " in capsys.readouterr().out
    assert main([*verify, "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["builtin"]["equal"]
    with pytest.raises(ConversionError, match="is not that of the network; its inputs are"):
        preprocess_of(_other(said), graph)


def _other(path):
    from pathlib import Path

    other = Path(path).with_suffix(".other")
    other.write_text(Path(path).read_text().replace('"height": 8', '"height": 9'))
    return other


def test_one_percent_of_nan_is_not_hidden(files, tmp_path, capsys):
    from pytorch2caffe.cli import main

    _, options = files
    (tmp_path / "bad").mkdir()
    tensors(tmp_path / "bad", np.full((3, 3, 14, 14), np.nan))
    options[-1] = str(tmp_path / "bad")
    assert main(["calibrate", *options, "-o", str(tmp_path / "t" / "x.table")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert main(["calibrate", *options, "-o", str(tmp_path / "x.table")]) == 2
    assert "3 of 3 images cannot be read" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.table*"))


@pytest.mark.parametrize("mean", [["--mean", "1", "-2", "3"], ["--mean", "1,-2,3"], ["--mean=1", "-2", "3"]], ids=str)
def test_ways_to_write_the_mean(mean, files, tmp_path):
    from pytorch2caffe.cli import main

    _, options = files
    assert main(["calibrate", *options, *mean, "--method", "max", "-o", str(tmp_path / "x.table")]) == 0
    assert json.loads((tmp_path / "x.table.preprocess.json").read_text())["data"]["mean"] == [1, -2, 3]


USAGE = {
    "norm without mean": (["--norm", "2"], "--mean is missing"),
    "norm and std": (["--mean", "0", "--norm", "2", "--std", "2"], "give one of them"),
    "resize": (["--mean", "0", "--resize", "big"], "'big' is not a size"),
    "report is json": (["--mean", "0", "--report", "x.json"], "use the suffix .html for the report"),
    "mean of two": (["--mean", "1", "2"], "mean has 2 values"),
    "unknown layer": (["--keep-float", "x"], "x: not a layer that ncnn runs in int8"),
    "mean that is none": (["--mean", "1,b,3"], "'b' is not a valid float"),
    "no gpu": (["--device", "cuda"], "finds no GPU"),
    "no such gpu": (["--device", "cuda:x"], "there is no device 'cuda:x'"),
    "no such device": (["--device", "gpu"], "there is no device 'gpu'\n  fix: use cpu, cuda, or cuda:1"),
    "a device without numbers": (["--device", "meta"], "there is no device 'meta'"),
    "cpu of many": (["--device", "cpu:3"], "use cpu:0, the last one"),
}


@pytest.mark.parametrize(("more", "message"), USAGE.values(), ids=USAGE)
def test_message_of_a_bad_command_line(more, message, files, capsys):
    from pytorch2caffe.cli import main

    if "cuda" in more and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    folder, options = files
    assert main(["calibrate", *options, "-o", str(folder / "x.table"), *more]) == 2
    assert message in capsys.readouterr().err
    assert not (folder / "x.table").exists()


SAME = {
    "report over the table": ("x.table", ["--report", "x.table"]),
    "table over the report's JSON": ("x.json", ["--report", "x.html"]),
    "table over the network": ("net.prototxt", []),
    "report over the weights": ("x.table", ["--report", "net.caffemodel"]),
    "preprocessing over the report": ("x", ["--report", "x.preprocess.json"]),
}


@pytest.mark.parametrize(("table", "more"), SAME.values(), ids=SAME)
def test_no_file_is_written_over_another(table, more, files, capsys, monkeypatch):
    from pytorch2caffe.cli import main

    folder, options = files
    monkeypatch.chdir(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert main(["calibrate", *options, "--mean", "0", "--method", "max", "-o", table, *more]) == 2
    said = capsys.readouterr().err
    assert "use another name for the output" in said or "use the suffix .html for the report" in said
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("name", ["my conv", "conv_param_0", "a\tb"])
def test_a_name_that_no_table_holds_is_told_before_the_first_image(name, graph, folder, tmp_path, capsys):
    from copy import deepcopy

    from pytorch2caffe import save_caffe
    from pytorch2caffe.cli import main

    renamed = deepcopy(graph)
    next(node for node in renamed.nodes if node.name == "grouped").name = name
    files = str(tmp_path / "n.prototxt"), str(tmp_path / "n.caffemodel")
    save_caffe(renamed, *files)
    (tmp_path / "none").mkdir()
    line = ["calibrate", "--proto", files[0], "--model", files[1], "-o", str(tmp_path / "t"), "--method", "max"]
    assert main([*line, "--images", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("rename the layer, or keep it in float") == 1
    assert main([*line, "--images", str(folder), "--keep-float", name]) == 0


def test_a_part_of_a_caffe_network(tmp_path, capsys):
    """calibrate and table check of what is before a layer that nobody but its authors can run."""
    from pytorch2caffe.cli import main
    from tests.layers.conftest import caffe_text
    from tests.layers.forks import write_weights

    files = tmp_path / "n.prototxt", tmp_path / "n.caffemodel"
    convolution = 'type: "Convolution" convolution_param { num_output: 2 kernel_size: 1 bias_term: false }'
    python = 'layer { name: "p" type: "Python" bottom: "a" top: "p" python_param { layer: "Mystery" } }'
    text = f'layer {{ name: "a" bottom: "x" top: "a" {convolution} }} {python}'
    text += f' layer {{ name: "b" bottom: "p" top: "b" {convolution} }}'
    files[0].write_text(caffe_text(text, x=(1, 3, 4, 4)))
    write_weights(*files, {"a": [np.ones((2, 3, 1, 1))], "b": [np.ones((2, 2, 1, 1))]})
    tensors(tmp_path, np.full((2, 3, 4, 4), 127.0))
    line = ["calibrate", "--proto", str(files[0]), "--model", str(files[1]), "--method", "max", "--mean", "0"]
    line += ["--images", str(tmp_path), "-o", str(tmp_path / "n.table")]
    assert main(line) == 2
    assert "layer 'p': Python" in capsys.readouterr().err
    assert main([*line, "--end", "a"]) == 0
    assert [row.split()[0] for row in (tmp_path / "n.table").read_text().splitlines()] == ["a_param_0", "a"]
    check = ["table", "check", str(tmp_path / "n.table"), "--proto", str(files[0])]
    assert main([*check, "--model", str(files[1])]) == 2
    for more in [], ["--model", str(files[1])]:
        capsys.readouterr()
        assert main([*check, *more, "--end", "a"]) == 0
        assert capsys.readouterr().out == f"{tmp_path / 'n.table'}: 1 layer in int8\n"
