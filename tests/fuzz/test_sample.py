import pytest

from tests.fuzz.ir import fuzz as fuzz_ir
from tests.fuzz.mxnet import fuzz as fuzz_mxnet


def test_damaged_files_of_the_ir_end_in_one_clear_error():
    assert fuzz_ir(200, 0).startswith("200 cases")


def test_damaged_files_of_mxnet_end_in_one_clear_error():
    assert fuzz_mxnet(100, 0).startswith("100 cases")


def test_damaged_files_of_tensorflow_end_in_one_clear_error():
    for package in ("tensorflow", "tf_keras", "tf_slim"):
        pytest.importorskip(package)
    from tests.fuzz.tensorflow import fuzz

    assert fuzz(150, 0).startswith("150 cases")


def test_damaged_files_of_onnx_end_in_one_clear_error():
    pytest.importorskip("onnx")
    from tests.fuzz.onnx import fuzz

    assert fuzz(150, 0).startswith("150 cases")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_damaged_files_of_every_other_kind_end_in_one_clear_error():
    from tests.fuzz.files import READERS, fuzz

    assert len(fuzz(60, 0).splitlines()) == len(READERS)
