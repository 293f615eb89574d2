"""Files that Keras saved, read by Keras."""

import numpy as np
import pytest
import torch

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
pytest.importorskip("h5py")

from pytorch2caffe import ConversionError, to_torch  # noqa: E402
from pytorch2caffe.cli import main  # noqa: E402
from pytorch2caffe.frontends.tensorflow.keras import load_keras  # noqa: E402


def small(*more):
    layers = keras.layers
    first = [keras.Input((8, 8, 3)), layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization()]
    return keras.Sequential([*first, *more, layers.Flatten(), layers.Dense(5)])


@pytest.mark.parametrize("suffix", [".keras", pytest.param(".h5", marks=pytest.mark.filterwarnings("ignore"))])
def test_gives_what_keras_gives(suffix, tmp_path):
    model = small()
    x = np.random.default_rng(0).uniform(-1, 1, (1, 8, 8, 3)).astype(np.float32)
    model.save(tmp_path / f"net{suffix}")
    found = to_torch(load_keras(tmp_path / f"net{suffix}"))(torch.from_numpy(x).permute(0, 3, 1, 2))
    np.testing.assert_allclose(found.detach().numpy(), np.asarray(model(x)), rtol=1e-4, atol=1e-5)


def test_code_in_a_file_is_not_run(tmp_path, capsys):
    small(keras.layers.Lambda(lambda x: x * 2)).save(tmp_path / "net.keras")
    with pytest.raises(ConversionError, match=r"Lambda .*runs code of the file\n  fix: load it yourself"):
        load_keras(tmp_path / "net.keras")
    assert (
        main(["convert", str(tmp_path / "net.keras"), "--from", "keras", "--to", "ir", "-o", str(tmp_path / "n")]) == 2
    )
    assert "Lambda" in capsys.readouterr().err


def test_other_files(tmp_path):
    small().save_weights(tmp_path / "net.weights.h5")
    with pytest.raises(ConversionError, match="it has weights only"):
        load_keras(tmp_path / "net.weights.h5")
    (tmp_path / "net.keras").write_bytes(b"PK nothing")
    with pytest.raises(ConversionError, match="not a file of Keras"):
        load_keras(tmp_path / "net.keras")
