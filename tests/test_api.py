"""What `import pytorch2caffe` gives, and what it costs."""

import subprocess
import sys

import pytest

import pytorch2caffe


def python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("name", pytorch2caffe.__all__)
def test_every_name_is_there_and_can_be_called(name):
    assert callable(getattr(pytorch2caffe, name))


def test_another_name_is_not():
    with pytest.raises(AttributeError, match="no attribute 'load_keras'"):
        pytorch2caffe.load_keras  # noqa: B018


def test_functions_are_not_hidden_by_submodules_of_their_name():
    modules = "frontends.torch.tracer", "convert.export", "verify.runtimes", "pytorch_to_caffe"
    imports = "; ".join(f"import pytorch2caffe.{module}" for module in modules)
    functions = "pytorch2caffe.trace, pytorch2caffe.export, pytorch2caffe.verify"
    python(f"{imports}; assert all(map(callable, ({functions})))")


PROTOTXT = """layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 2 kernel_size: 3 } }
layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
layer { name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "flat" type: "Reshape" bottom: "p" top: "flat" reshape_param { shape { dim: 1 dim: 18 } } }
layer { name: "f" type: "InnerProduct" bottom: "flat" top: "f" inner_product_param { num_output: 5 } }
layer { name: "s" type: "Softmax" bottom: "f" top: "s" }
"""
WITHOUT_TORCH = (
    ["--help"],
    ["export", "--help"],
    ["table", "check", "net.table", "--proto", "net.prototxt"],
    ["layers"],
    ["layers", "--where", "relu"],
    ["check", "net.prototxt"],
    ["check", "net.prototxt", "net.caffemodel"],
    ["summary", "net.prototxt"],
    ["ncnn", "net.prototxt", "net.caffemodel", "--no-check", "-o", "net"],
    ["lower", "net.prototxt", "net.caffemodel", "--target", "opencv", "--no-check", "-o", "lowered"],
    ["convert", "net.prototxt", "net.caffemodel", "--from", "caffe", "--to", "ir", "-o", "converted"],
)


def test_torch_is_imported_only_by_what_computes(tmp_path, monkeypatch):
    (tmp_path / "net.prototxt").write_text(PROTOTXT)
    (tmp_path / "net.table").write_text("c_param_0 1 1\nc 1\n")
    pytorch2caffe.save_caffe(
        pytorch2caffe.load_caffe(tmp_path / "net.prototxt"), tmp_path / "net.prototxt", tmp_path / "net.caffemodel"
    )
    monkeypatch.chdir(tmp_path)
    python(
        f"import sys, pytorch2caffe\nfrom pytorch2caffe.cli import main\nfor arguments in {WITHOUT_TORCH}:\n"
        "    assert main(arguments) == 0, arguments\n    assert 'torch' not in sys.modules, arguments"
    )


def test_an_export_imports_nothing_of_torch_s_compiler(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(
        "from torch import nn\ndef net():\n    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), "
        "nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 5), nn.Softmax(1))\n"
    )
    arguments = ["export", "net.py:net", "--input-shape", "1,3,8,8", "-o", "out", "--no-check-runtime"]
    python(
        "import sys, torch\nfrom pytorch2caffe.cli import main\nbefore = set(sys.modules)\n"
        f"assert main({arguments}) == 0\n"
        "assert not {'torch._dynamo', 'sympy', 'torchvision'} & (set(sys.modules) - before)"
    )
