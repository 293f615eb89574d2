"""Every command line of the customer's five documents, run as printed, on files made here and served from here."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import io
import os
import re
import runpy
import shlex
import signal
import subprocess
import sys
import tarfile
import threading
import time
import urllib.request
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
import torch

from pytorch2caffe import export
from pytorch2caffe.cli.mmdnn import COMMANDS
from pytorch2caffe.convert.mmdnn import slim_checkpoint as slim
from pytorch2caffe.convert.mmdnn.known_networks import TENSORFLOW
from pytorch2caffe.frontends.torch.loading.torchvision_models import torchvision_models
from tests.lively import make_lively
from tests.paths import ROOT, SHARED

SEEDS = SHARED / "seeds"
TO_IR = "-n inception_v3.ckpt.meta -w inception_v3.ckpt --dstNode"
FROM_TF = "-sf tensorflow -in inception_v3.ckpt.meta -iw inception_v3.ckpt"
ONE_STEP = f"mmconvert {FROM_TF} --dstNode MMdnn_Output -df pytorch"
INT8 = (
    "python caffe-int8-convert-tool-dev-weight.py --proto=test/models/mobilenet_v1.prototxt "
    "--model=test/models/mobilenet_v1.caffemodel --mean 127.5 127.5 127.5 --norm=0.0078125 --images=test/images/ "
    "-output=mobilenet_v1.table --group=1 --gpu=1"
)
# document -> line -> the command
LINES: dict[str, dict[int, str]] = {
    "000": {
        14: "mmdownload -f pytorch -h",
        17: "mmdownload -f pytorch -n resnet50 -o ./",
        31: "mmtocode -f pytorch -n inception_v3.pb --IRWeightPath inception_v3.npy "
        "--dstModelPath pytorch_inception_v3.py -dw pytorch_inception_v3.npy",
        43: "mmtomodel -f pytorch -n pytorch_inception_v3.py -w pytorch_inception_v3.npy "
        "--dump pytorch_inception_v3.pth",
    },
    "001": {
        16: "python tf_save_model.py --checkpoint_path ./models/inception_v3.ckpt "
        "--output_path output_model/inception_v3.ckpt",
        18: "mmvismeta inception_v3.ckpt.meta ./logs/",
        19: f"{ONE_STEP} -om converted_pytorch.pth",
        21: "python test.py",
        54: "mmdownload -f tensorflow -n inception_v3",
        75: f"{ONE_STEP} -om tf_to_pytorch_inception_v3.pth",
        98: f"mmtoir -f tensorflow {TO_IR} outputs -o converted",
        107: "mmtocode -f pytorch -n converted.pb -w converted.npy -d converted_pytorch.py -dw converted_pytorch.npy",
        117: "mmtomodel -f pytorch -in converted_pytorch.py -iw converted_pytorch.npy -o converted_pytorch.pth",
        151: "mmvismeta inception_v3.ckpt.meta ./logs/",
        152: "tensorboard --logdir=logs --port=6006",
    },
    "002": {
        12: "python -m mmdnn.conversion._script.extractModel -f tensorflow -n resnet_v2_152",
        27: "python -m mmdnn.conversion.examples.tensorflow.vis_meta imagenet_resnet_v2_152.ckpt.meta ./log/",
        43: "python -m mmdnn.conversion._script.convertToIR -f tensorflow -n imagenet_resnet_v2_152.ckpt.meta "
        "-w imagenet_resnet_v2_152.ckpt --dstNode MMdnn_Output -o converted",
        58: "python -m mmdnn.conversion._script.IRToCode -f pytorch -n converted.pb -w converted.npy "
        "-d converted_pytorch.py -dw converted_pytorch.npy",
        72: "python -m mmdnn.conversion.examples.pytorch.imagenet_test -n converted_pytorch.py "
        "-w converted_pytorch.npy --dump converted_pytorch.pth",
    },
    "003": {
        40: "python3 example/alexnet_pytorch_to_caffe.py",
        120: "python caffe-int8-convert-tool-dev-weight.py -h",
        139: INT8,
    },
    "004": {
        8: "mmtoir -f caffe -n foo.prototxt -w bar.caffemodel -o placeholder1",
        16: "mmtocode -f pytorch -n placeholder1.pb --IRWeightPath placeholder1.npy --dstModelPath placeholder2.py "
        "-dw placeholder2.npy",
        22: "mmtomodel -f pytorch -in placeholder2.py -iw placeholder2.npy -o placeholder3.pth",
    },
}
INSTALLS = ("pip ", "conda ", "cd ")  # what a document installs with, and its changes of folder
COMMAND = re.compile(r"^\s*(?:\$ ?|Example: .*Just Run `)?((?:mm[a-z]+|python3?|tensorboard|pip|conda|cd) .*?)(?:`|$)")


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the customer's documents are not here")
def test_the_list_is_that_of_the_documents():
    for path in sorted(SEEDS.glob("*.txt")):
        found = {}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if match := COMMAND.match(line):
                command = re.sub(r"\s+#.*", "", match.group(1)).strip()
                if not command.startswith(INSTALLS):
                    found[number] = command
        assert found == LINES[path.name[:3]], path.name


class Ground:
    """A folder to work in, and commands run there: as a user's shell would run them, or where torch is imported."""

    def __init__(self, folder: Path, mirror: str) -> None:
        self.folder = folder
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        keep = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
        self.environment = {
            **keep,
            "PATH": path,
            "PYTORCH2CAFFE_MIRROR": mirror,
            "TORCH_HOME": str(folder / "hub"),
            "PYTHONPATH": str(ROOT),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }

    def run(self, document: str, line: int, place: str = ".") -> str:
        """Runs a line of a document in this process; returns what it printed. It must succeed."""
        words = shlex.split(LINES[document][line])
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said):
            patch.chdir(self.folder / place)
            patch.setattr(sys, "path", list(sys.path))
            patch.setattr(sys, "argv", words)
            for name in ("PYTORCH2CAFFE_MIRROR", "TORCH_HOME"):
                patch.setenv(name, self.environment[name])
            try:
                assert run_words(words) in (None, 0), said.getvalue()
            finally:
                forget_modules_of(self.folder)
        return said.getvalue()

    def run_in_shell(self, document: str, line: int, place: str = ".") -> str:
        """Runs a line of a document in a shell; returns what it printed. It must succeed."""
        done = subprocess.run(
            LINES[document][line],
            shell=True,
            cwd=self.folder / place,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=500,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def serve(self, document: str, line: int, place: str = ".") -> None:
        """Runs a line that serves TensorBoard until it is interrupted, and looks at the page."""
        command = LINES[document][line].split()
        with subprocess.Popen(
            command,
            cwd=self.folder / place,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            said = []
            for text in process.stdout:
                said.append(text)
                if match := re.search(r"at (http://\S+)", text):
                    break
            else:
                raise AssertionError("".join(said))
            with urllib.request.urlopen(match.group(1), timeout=60) as page:
                assert b"TensorBoard" in page.read()
            process.send_signal(signal.SIGINT)
            time.sleep(1)
            process.terminate()


def forget_modules_of(folder: Path) -> None:
    """Lets another command import a generated module of the same name from another folder."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).resolve().is_relative_to(folder.resolve()):
            del sys.modules[name]


def run_words(words: list[str]) -> object:
    """Runs a command by its words, which are sys.argv; returns its exit code."""
    program, *arguments = words
    try:
        if program in COMMANDS:
            return COMMANDS[program](arguments)
        if arguments[0] == "-m":
            del sys.argv[:2]
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        else:
            del sys.argv[0]
            sys.path.insert(0, str(Path(arguments[0]).parent))
            runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as stop:
        return stop.code
    return 0


def served(folder: Path) -> tuple[http.server.ThreadingHTTPServer, str]:
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.func.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def ground(tmp_path, monkeypatch):
    monkeypatch.setattr(slim, "build", cache(slim.build))
    (tmp_path / "mirror").mkdir()
    server, url = served(tmp_path / "mirror")
    yield Ground(tmp_path, url)
    server.shutdown()


def slim_weights(name: str, path: Path) -> None:
    """Random weights as slim publishes them: a checkpoint without a graph, in the format of 2016."""
    tf, _ = slim.load_slim()
    random = np.random.default_rng(0)
    arrays = {}
    for variable in slim.build(name).get_collection("variables"):
        shape = variable.shape.as_list()
        spread = 1.0 if len(shape) < 2 else float(np.prod(shape[:-1])) ** -0.5
        numbers = random.standard_normal(shape, np.float32) * np.float32(spread)
        arrays[variable.op.name] = np.abs(numbers) + 1 if "variance" in variable.name else numbers
    path.parent.mkdir(parents=True, exist_ok=True)
    with tf.Graph().as_default(), tf.Session() as session:
        session.run(tf.raw_ops.Save(filename=str(path), tensor_names=[*arrays], data=[*arrays.values()]))


def archive(name: str, weights: Path, mirror: Path) -> None:
    target = mirror / TENSORFLOW[name].rsplit("/", 1)[1]
    with tarfile.open(target, "w:gz", compresslevel=0) as files:
        files.add(weights, weights.name)


def loaded(folder: Path, code: str, model: str) -> torch.nn.Module:
    """The whole model, as the documents load it."""
    script = (
        "import importlib.util, sys, torch\n"
        f"spec = importlib.util.spec_from_file_location('MainModel', {code!r})\n"
        "sys.modules['MainModel'] = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(sys.modules['MainModel'])\n"
        f"model = torch.load({model!r}).eval()\n"
        "x = torch.ones(2, 3, *[int(side) for side in sys.argv[1:]])\n"
        "torch.save(model(x), 'scores.pt')\n"
    )
    size = "227" if "placeholder" in code else "299"
    subprocess.run([sys.executable, "-c", script, size, size], cwd=folder, check=True, timeout=300)
    return torch.load(folder / "scores.pt")


needs_tensorflow = pytest.mark.skipif(
    any(__import__("importlib.util").util.find_spec(name) is None for name in ("tensorflow", "tf_slim", "tf_keras")),
    reason="tensorflow, tf_slim or tf_keras is not installed",
)
GROUP = pytest.mark.xdist_group("seeds")  # they share TensorBoard's port


@GROUP
def test_000_from_ir_to_pytorch(ground):
    said = ground.run_in_shell("000", 14)
    assert "usage: mmdownload" in said
    model = torchvision_models().get_model("resnet50", weights=None)
    weights = ground.folder / "mirror" / "resnet50-0676ba61.pth"
    torch.save(model.state_dict(), weights)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    weights.with_name(f"{weights.name}.sha256").write_text(f"{digest}  {weights.name}\n")
    assert "PyTorch pretrained model is saved as [.//imagenet_resnet50.pth]." in ground.run("000", 17)
    assert (ground.folder / "imagenet_resnet50.pth").stat().st_size > 100e6

    from pytorch2caffe import save_ir, trace

    inception = torchvision_models().get_model("inception_v3", weights=None, init_weights=False).eval()
    save_ir(trace(inception, torch.randn(1, 3, 299, 299)), ground.folder / "inception_v3")
    said = ground.run("000", 31)
    assert "Parse file [inception_v3.pb] with binary format successfully." in said
    assert "Target network code snippet is saved as [pytorch_inception_v3.py]." in said
    assert "Target weights are saved as [pytorch_inception_v3.npy]." in said
    said = ground.run("000", 43)
    made = "generated by [pytorch_inception_v3.py] and [pytorch_inception_v3.npy]"
    assert f"PyTorch model file is saved as [pytorch_inception_v3.pth], {made}." in said
    scores = loaded(ground.folder, "pytorch_inception_v3.py", "pytorch_inception_v3.pth")
    with torch.no_grad():
        assert torch.allclose(scores, inception(torch.ones(2, 3, 299, 299)), atol=1e-4)


@GROUP
@needs_tensorflow
def test_001_inception_from_tensorflow(ground):
    for name in ("tf_save_model.py", "test.py"):
        (ground.folder / name).write_text((ROOT / "example" / name).read_text(encoding="utf-8"), encoding="utf-8")
    weights = ground.folder / "models" / "inception_v3.ckpt"
    slim_weights("inception_v3", weights)
    ground.run("001", 16)
    place = ground.folder / "output_model"
    ground.serve("001", 18, "output_model")
    ground.run("001", 19, "output_model")
    assert "output [2, 1001]" in ground.run("001", 21)
    archive("inception_v3", weights, ground.folder / "mirror")
    assert "Model saved in file: ./imagenet_inception_v3.ckpt" in ground.run("001", 54)
    ground.run("001", 75, "output_model")
    assert (place / "tf_to_pytorch_inception_v3.pth").exists()
    another = ground.folder / "steps"  # the document's own network of the several steps ends at `outputs`
    another.mkdir()
    tf, _ = slim.load_slim()
    with slim.build("inception_v3").as_default() as graph, tf.Session(graph=graph) as session:
        tf.identity(graph.get_tensor_by_name("MMdnn_Output:0"), "outputs")
        saver = tf.train.Saver()
        saver.restore(session, str(weights))
        saver.save(session, str(another / "inception_v3.ckpt"))
    said = ground.run("001", 98, "steps")
    for suffix in ("json", "pb"):
        assert f"IR network structure is saved as [converted.{suffix}]." in said
    assert "IR weights are saved as [converted.npy]." in said
    ground.run("001", 107, "steps")
    ground.run("001", 117, "steps")
    scores = loaded(another, "converted_pytorch.py", "converted_pytorch.pth")
    assert torch.allclose(scores, loaded(place, "converted_pytorch.py", "converted_pytorch.pth"), atol=1e-4)
    ground.serve("001", 151, "output_model")
    ground.serve("001", 152, "output_model")


@GROUP
@needs_tensorflow
def test_002_resnet_from_tensorflow(ground):
    weights = ground.folder / "published" / "resnet_v2_152.ckpt"
    slim_weights("resnet_v2_152", weights)
    archive("resnet_v2_152", weights, ground.folder / "mirror")
    said = ground.run("002", 12)
    assert "Model saved in file: ./imagenet_resnet_v2_152.ckpt" in said
    ground.serve("002", 27)
    said = ground.run("002", 43)
    assert "Tensorflow model file [imagenet_resnet_v2_152.ckpt.meta] loaded successfully." in said
    assert "IR weights are saved as [converted.npy]." in said
    assert "Target weights are saved as [converted_pytorch.npy]." in ground.run_in_shell("002", 58)
    assert "PyTorch model file is saved as [converted_pytorch.pth]" in ground.run_in_shell("002", 72)
    assert loaded(ground.folder, "converted_pytorch.py", "converted_pytorch.pth").shape == (2, 1001)


@GROUP
def test_003_to_caffe_and_int8(ground):
    (ground.folder / "example").symlink_to(ROOT / "example")
    ground.run("003", 40)
    tool = "caffe-int8-convert-tool-dev-weight.py"
    (ground.folder / tool).write_text((ROOT / "example" / tool).read_text(encoding="utf-8"), encoding="utf-8")
    assert "--images IMAGES" in ground.run_in_shell("003", 120)
    folder = ground.folder / "test" / "models"
    folder.mkdir(parents=True)
    model = make_lively(mobilenet_v1(), torch.randn(2, 3, 64, 64))
    export(
        model,
        torch.randn(1, 3, 64, 64),
        folder / "mobilenet_v1.prototxt",
        folder / "mobilenet_v1.caffemodel",
        dialect="ncnn",
    )
    pictures(ground.folder / "test" / "images")
    ground.run("003", 139)
    table = (ground.folder / "mobilenet_v1.table").read_text(encoding="utf-8")
    assert table.count("_param_0 ") == 28


def mobilenet_v1() -> torch.nn.Module:
    from torch import nn

    def step(a: int, b: int, stride: int) -> list[nn.Module]:
        deep = nn.Conv2d(a, a, 3, stride, 1, groups=a, bias=False), nn.BatchNorm2d(a), nn.ReLU()
        return [*deep, nn.Conv2d(a, b, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]

    widths = [
        (8, 16, 1),
        (16, 32, 2),
        (32, 32, 1),
        (32, 64, 2),
        (64, 64, 1),
        (64, 128, 2),
        *[(128, 128, 1)] * 5,
        (128, 256, 2),
        (256, 256, 1),
    ]
    layers = [nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
    for a, b, stride in widths:
        layers += step(a, b, stride)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Conv2d(256, 10, 1), nn.Flatten())


def pictures(folder: Path) -> None:
    from PIL import Image

    folder.mkdir(parents=True)
    chance = np.random.default_rng(0)
    for index in range(4):
        noise = chance.integers(0, 256, (80, 100, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / f"{index}.jpg")


@GROUP
def test_004_caffe_to_pytorch(ground):
    model = make_lively(torchvision_models().get_model("squeezenet1_1", weights=None), torch.randn(2, 3, 227, 227))
    export(model, torch.randn(1, 3, 227, 227), ground.folder / "foo.prototxt", ground.folder / "bar.caffemodel")
    said = ground.run_in_shell("004", 8)
    assert "IR network structure is saved as [placeholder1.pb]." in said
    ground.run_in_shell("004", 16)
    ground.run_in_shell("004", 22)
    scores = loaded(ground.folder, "placeholder2.py", "placeholder3.pth")
    with torch.no_grad():
        assert torch.allclose(scores, model(torch.ones(2, 3, 227, 227)), atol=1e-4)
