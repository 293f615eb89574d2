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


WITHOUT_TORCH = {
    "import": None,
    "--help": ["--help"],
    "export --help": ["export", "--help"],
    "table check": ["table", "check", "net.table", "--proto", "net.prototxt"],
}
PROTOTXT = """layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 2 kernel_size: 3 } }
"""


@pytest.mark.parametrize("arguments", WITHOUT_TORCH.values(), ids=WITHOUT_TORCH)
def test_torch_is_imported_only_by_what_computes(arguments, tmp_path, monkeypatch):
    (tmp_path / "net.prototxt").write_text(PROTOTXT)
    (tmp_path / "net.table").write_text("c_param_0 1 1\nc 1\n")
    monkeypatch.chdir(tmp_path)
    run = f"from pytorch2caffe.cli import main; assert main({arguments}) == 0" if arguments else ""
    python(f"import sys, pytorch2caffe\n{run}\nassert 'torch' not in sys.modules")
