"""Tables in ncnn itself: what int8 answers there, beside float and beside the simulation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pytorch2caffe import load_caffe, save_caffe, trace
from pytorch2caffe.backends.ncnn.writer import save_ncnn
from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
from pytorch2caffe.quantize.calibrate import Settings, calibrate
from pytorch2caffe.quantize.forward import Forward, with_batch_size
from pytorch2caffe.quantize.images import Dataset
from pytorch2caffe.quantize.sensitivity import compared_values, cosine_loss
from pytorch2caffe.quantize.simulate import int8_call, int8_calls
from pytorch2caffe.verify.runtimes import get
from tests.lively import make_lively
from tests.quantize.test_calibrate import Mixed, tensors
from tests.quantize.test_squeezenet import FILES, photographs

pytestmark = pytest.mark.usefixtures("ncnn")


@pytest.fixture(autouse=True)
def the_same_weights_in_every_run():
    torch.manual_seed(0)


def simulated(graph, images, replace):
    """The compared_values of the network for some images, float64 [images, compared_values]."""
    forward = Forward(graph, len(images))
    wanted, kept = compared_values(forward.graph), {}
    name = graph.inputs[0].name

    def watch(value, tensor):
        if value in wanted:
            kept[value] = tensor.clone()

    forward.run({name: images}, watch, replace(forward.graph))
    return kept[wanted[0]].flatten(1).double()


def in_ncnn(graph, images, folder, table=None, fold=False):
    """The same in ncnn, and how many layers are in int8."""
    files = save_ncnn(graph, folder / "net", table, fold=fold)
    wanted = compared_values(graph)[0].name
    rows = []
    for image in images:
        found = get("ncnn").run(folder / "net.param", folder / "net.bin", {graph.inputs[0].name: image[None]})
        blobs = {top: array for (_, top), array in found.items()}
        name = files.outputs.get(wanted, wanted)
        rows.append(blobs[name if name in blobs else next(t for t in blobs if t.startswith(wanted))].ravel())
    return torch.from_numpy(np.stack(rows)).double(), files.int8


def exported(model, size, folder):
    """The Caffe files of a PyTorch network, read back."""
    torch.manual_seed(0)
    x = torch.randn(1, 3, size, size)
    save_caffe(trace(make_lively(model, x), x), folder / "n.prototxt", folder / "n.caffemodel")
    return load_caffe(folder / "n.prototxt", folder / "n.caffemodel")


def check(graph, images, folder, *, layers, lost, settings=None, fold=False):
    """Calibrates on tensors; int8 in ncnn loses at most `lost` of the cosine, and about what the simulation says."""
    table = calibrated(graph, images, folder, settings)
    before, _ = in_ncnn(graph, images, folder)
    after, count = in_ncnn(graph, images, folder, table, fold)
    assert count == len(table.activations) == layers
    found = cosine_loss([before], [after])
    assert found <= lost
    expected = simulated(graph, images, lambda graph: int8_calls(graph, table))
    assert cosine_loss([before], [expected]) == pytest.approx(found, rel=0.15, abs=2e-5)
    return table


def calibrated(graph, images, folder, settings=None):
    (folder / "x").mkdir()
    return calibrate(graph, Dataset([tensors(folder / "x", images)], graph.inputs, {}), settings).table


def check_each_layer(graph, image, folder, table):
    """Each int8 layer, given what ncnn gives it, makes what ncnn makes of it."""
    files = save_ncnn(graph, folder / "net", table)
    reads = {op.name: op.bottoms[0] for op in files.lines if op.bottoms}
    found = get("ncnn").run(folder / "net.param", folder / "net.bin", {graph.inputs[0].name: image[None]})
    blobs = {graph.inputs[0].name: image[None]} | {top: array for (_, top), array in found.items()}
    one = with_batch_size(graph, 1)
    checked = 0
    for node in one.nodes:
        names = [name for name in (node.inputs[0].name, reads.get(node.name, "")) if name in blobs]
        if node.name not in table.activations or node.outputs[0].name not in blobs or not names:
            continue
        x = torch.from_numpy(blobs[names[0]].reshape(node.inputs[0].shape))
        made = int8_call(node, table)(x).numpy().ravel()
        actual = blobs[node.outputs[0].name].ravel()
        depthwise = node.layer.type == "Convolution" and node.layer.group > 1  # ncnn multiplies by a rough reciprocal
        assert np.linalg.norm(made - actual) <= (5e-4 if depthwise else 1e-5) * np.linalg.norm(actual), node.name
        checked += 1
    return checked


def images_of(size, count=4):
    return np.random.default_rng(0).normal(size=(count, 3, size, size)).astype(np.float32)


@pytest.mark.parametrize("fold", [False, True], ids=["as it is", "fused"])
@pytest.mark.parametrize("method", ["kl", "mse", "max"])
def test_depthwise_grouped_and_inner_product_layers(method, fold, tmp_path):
    graph = exported(Mixed(), 14, tmp_path)
    images = images_of(14, 400)  # fully connected layers of 6 inputs see few numbers, and kl wants more than its bins
    table = check(graph, images, tmp_path, layers=5, lost=2e-3, settings=Settings(method), fold=fold)
    assert check_each_layer(graph, images_of(14)[0], tmp_path, table) == 5


@pytest.mark.parametrize("fold", [False, True], ids=["as it is", "fused"])
@pytest.mark.parametrize(("name", "layers"), [("resnet18", 21), ("mobilenet_v2", 53)])
def test_networks_from_pytorch(name, layers, fold, tmp_path):
    model = torchvision_models().get_model(name, weights=None)
    graph = exported(model, 64, tmp_path)
    table = check(graph, images_of(64), tmp_path, layers=layers, lost=2e-3, settings=Settings("mse"), fold=fold)
    assert check_each_layer(graph, images_of(64)[0], tmp_path, table) >= layers - 1


def test_one_scale_for_all_outputs_loads(tmp_path):
    graph = exported(Mixed(), 14, tmp_path)
    check(graph, images_of(14, 8), tmp_path, layers=5, lost=5e-3, settings=Settings("mse", per_channel=False))


def test_a_layer_kept_in_float(tmp_path):
    graph = exported(Mixed(), 14, tmp_path)
    check(graph, images_of(14, 8), tmp_path, layers=4, lost=2e-3, settings=Settings("mse", keep_float=("depthwise",)))


@pytest.mark.skipif(not FILES[1].exists(), reason="../shared/data is not here")
@pytest.mark.parametrize(("method", "least"), [("kl", 0.9994), ("mse", 0.9997)])
def test_squeezenet_on_photographs(method, least, tmp_path):
    graph = load_caffe(*FILES)
    ((_, inputs),) = photographs(graph).batches(10)
    table = calibrate(graph, photographs(graph), Settings(method)).table
    before, _ = in_ncnn(graph, inputs["data"], tmp_path)
    after, count = in_ncnn(graph, inputs["data"], tmp_path, table)
    assert count == 26
    assert 1 - cosine_loss([before], [after]) >= least
    assert (before.argmax(1) == after.argmax(1)).all()
    expected = simulated(graph, inputs["data"], lambda graph: int8_calls(graph, table))
    difference = ((after - expected).norm(dim=1) / after.norm(dim=1)).mean()
    assert difference <= 0.002  # int8 itself changes 0.027
    assert check_each_layer(graph, inputs["data"][0], tmp_path, table) == 26


def test_too_few_numbers_for_kl_are_told(tmp_path):
    graph = exported(Mixed(), 14, tmp_path)
    found = calibrate(graph, Dataset([tensors(tmp_path, images_of(14, 8))], graph.inputs, {}), Settings("kl"))
    few = {note.where: note.what for note in found.notes if "too few" in note.what}
    assert "conv" not in few
    assert "48 nonzero numbers, too few for the 2048 bins of method kl" in few["fc"]
    assert not calibrate(graph, Dataset([tensors(tmp_path, images_of(14, 8))], graph.inputs, {}), Settings("mse")).notes
