"""Writing caffemodels."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caffe_proto import (
    CaffeFormatError,
    caffemodel_bytes,
    from_dict,
    read_caffemodel,
    split_layers,
    to_dict,
    write_caffemodel,
)
from tests.caffe_proto.messages import networks_with_weights, unhurried, with_protobuf

NET = {
    "name": "n",
    "layer": [
        {"name": "x", "type": "Input"},
        {"name": "c", "type": "Scale", "scale_param": {"axis": 1}, "include": [{"phase": "TEST"}]},
    ],
}


def written(tmp_path, *blobs):
    write_caffemodel(NET, [[], blobs], tmp_path / "net.caffemodel")
    return read_caffemodel(tmp_path / "net.caffemodel").layers[1].blobs


def test_the_bytes_written_are_exactly_these(tmp_path):
    written(tmp_path, np.array([[1.0, -2.0]]), np.float32(0.5))
    assert (tmp_path / "net.caffemodel").read_bytes() == bytes.fromhex(
        "0a 01 6e"  # name "n"
        "a2 06 0a  0a 01 78  12 05 49 6e 70 75 74"  # layer: name "x", type "Input"
        "a2 06 2d  0a 01 63  12 05 53 63 61 6c 65"  # layer: name "c", type "Scale"
        "3a 10  2a 08 00 00 80 3f 00 00 00 c0  3a 04 0a 02 01 02"  # blob: data, shape 1 x 2
        "3a 06  2a 04 00 00 00 3f"  # blob: data of a scalar
        "42 02 08 01"  # include: phase TEST
        "f2 08 02 08 01"  # scale_param: axis 1
    )


@pytest.mark.slow
@unhurried
@given(networks_with_weights())
def test_the_bytes_are_those_that_protobuf_writes(tmp_path_factory, case):
    net, blobs = case
    path = tmp_path_factory.mktemp("write") / "net.caffemodel"
    write_caffemodel(net, blobs, path)
    assert path.read_bytes() == with_protobuf(net, blobs).SerializeToString(deterministic=True)
    if path.stat().st_size == 0:
        return  # nothing at all in the network
    weights = read_caffemodel(path)
    assert weights.net == net
    for ours, arrays in zip(weights.layers, blobs, strict=True):
        for ours_blob, array in zip(ours.blobs, arrays, strict=True):
            np.testing.assert_array_equal(ours_blob, array.astype(np.float32))
            assert ours_blob.shape == array.shape


def test_blobs_that_the_network_holds_are_left_out(tmp_path):
    net = with_protobuf(from_dict(NET), [[], [np.ones(3)]])
    write_caffemodel(net, [[], [np.zeros(2)]], tmp_path / "net.caffemodel")
    (blob,) = read_caffemodel(tmp_path / "net.caffemodel").layers[1].blobs
    assert blob.tolist() == [0, 0]
    assert len(net.layer[1].blobs) == 1  # what was handed over stays as it is


ARRAYS = {
    "transposed": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "every other": np.arange(6, dtype=np.float32)[::2],
    "broadcast": np.broadcast_to(np.float32(3), (2, 2)),
    "double": np.array([0.1, np.inf]),
    "half": np.array([0.5], np.float16),
    "big-endian": np.array([1, 2], ">f4"),
    "whole": np.array([1, 2]),
    "bool": np.array([True, False]),
    "empty": np.zeros((0, 3)),
    "scalar": np.float64(3),
}


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_any_array_of_real_numbers(array, tmp_path):
    (blob,) = written(tmp_path, array)
    np.testing.assert_array_equal(blob, np.asarray(array).astype(np.float32))
    assert blob.shape == array.shape


REFUSED = {
    "layer 'c', blob 0: numbers of type complex128": np.array([1j]),
    "layer 'c', blob 0: numbers of type object": np.array([None]),
    "numbers beyond the range of float32": np.array([1e300]),
    "layer 'c', blob 0: shape 4294967296; Caffe counts": np.broadcast_to(np.float32(0), 2**32),
    "net.caffemodel: it would have 2,147,483,7": np.broadcast_to(np.float32(0), 2**29),
}
if np.lib.NumpyVersion(np.__version__) >= "2.0.0":  # before, numpy had no more than 32 itself
    REFUSED["layer 'c', blob 0: 33 axes"] = np.zeros([1] * 33)


@pytest.mark.parametrize("what", REFUSED)
def test_refusals_leave_everything_as_it_was(what, tmp_path):
    path = tmp_path / "net.caffemodel"
    path.write_bytes(b"before")
    with pytest.raises(CaffeFormatError) as caught:
        written(tmp_path, REFUSED[what])
    assert what in str(caught.value)
    assert [one.name for one in tmp_path.iterdir()] == ["net.caffemodel"]
    assert path.read_bytes() == b"before"


@pytest.mark.slow
@unhurried
@given(networks_with_weights(), st.integers(-1, 200))
def test_split_files_are_as_full_as_whole_layers_make_them(tmp_path_factory, case, spare):
    net, blobs = case
    folder = tmp_path_factory.mktemp("split")

    def size(part):
        alone = {**to_dict(net), "layer": to_dict(net).get("layer", [])[part]}
        write_caffemodel(alone, blobs[part], folder / "net.caffemodel")
        found = (folder / "net.caffemodel").stat().st_size
        assert found == caffemodel_bytes(alone, blobs[part])
        return found

    sizes = [size(slice(index, index + 1)) for index in range(len(blobs))]
    most = max(sizes, default=1000) + spare
    if blobs and spare < 0:
        with pytest.raises(CaffeFormatError, match=rf"alone makes {max(sizes):,} bytes"):
            split_layers(net, blobs, most)
        return
    parts = split_layers(net, blobs, most)
    assert [index for part in parts for index in range(len(blobs))[part]] == list(range(len(blobs)))
    assert not blobs or max(map(size, parts)) <= most
    assert all(size(slice(one.start, two.start + 1)) > most for one, two in itertools.pairwise(parts))


def test_as_many_lists_of_blobs_as_layers(tmp_path):
    with pytest.raises(CaffeFormatError, match="weights for 1 layers; the network has 2"):
        write_caffemodel(NET, [[]], tmp_path / "net.caffemodel")


def test_the_structure_comes_back_without_a_prototxt(tmp_path):
    write_caffemodel(NET, [[], []], tmp_path / "net.caffemodel")
    assert to_dict(read_caffemodel(tmp_path / "net.caffemodel").net) == NET


def test_a_file_may_be_replaced_while_its_weights_are_in_use(tmp_path):
    (blob,) = written(tmp_path, np.ones(5))
    (twice,) = written(tmp_path, blob * 2)
    (blob_again,) = written(tmp_path, blob)
    assert (blob.tolist(), twice.tolist(), blob_again.tolist()) == ([1] * 5, [2] * 5, [1] * 5)
