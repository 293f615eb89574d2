"""Calibration on Dask workers: the same bits as in one process, also when images and workers are lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn

from pytorch2caffe import trace
from pytorch2caffe.errors import ConversionError
from pytorch2caffe.quantize import cluster as on_cluster
from pytorch2caffe.quantize import cluster_workers
from pytorch2caffe.quantize.calibrate import Settings, calibrate
from pytorch2caffe.quantize.cluster import Cluster
from pytorch2caffe.quantize.cluster_workers import check_workers, connected
from pytorch2caffe.quantize.images import Dataset, TooManyBroken
from pytorch2caffe.quantize.preprocess import Preprocess
from tests.lively import make_lively
from tests.paths import ROOT

distributed = pytest.importorskip("distributed", reason="distributed is not installed: the extra dask")
pytestmark = pytest.mark.xdist_group("dask")
QUIET = {"dashboard_address": ":0", "silence_logs": "ERROR"}


@pytest.fixture(scope="module")
def graph():
    torch.manual_seed(0)
    x = torch.randn(1, 3, 9, 9)
    layers = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3), nn.Flatten(), nn.Linear(100, 5)
    return trace(make_lively(nn.Sequential(*layers), x), x)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """103 tensors, one of them broken."""
    where, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    for index in range(103):
        np.save(where / f"{index:03}.npy", rng.normal(size=(3, 9, 9)).astype(np.float32) * (1 + index / 20))
    (where / "050.npy").write_bytes(b"?")
    return where


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=False, **QUIET) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(autouse=True)
def small_tasks(monkeypatch):
    monkeypatch.setattr(on_cluster, "WORTHWHILE", 3)
    monkeypatch.setattr(on_cluster, "ADDED_AT_ONCE", 3)


def found(graph, folder, client=None, settle=False, progress=None, **settings):
    images = Dataset([folder], graph.inputs, {})
    engine = client and Cluster(client, graph, images, batch=3)
    return calibrate(graph, images, Settings(**settings), batch=3, settle=settle, progress=progress, engine=engine)


def assert_same(one, other):
    assert one.table.activations == other.table.activations
    assert (one.images, one.settled, one.second_pass) == (other.images, other.settled, other.second_pass)
    assert [problem.where for problem in one.skipped] == [problem.where for problem in other.skipped]
    for layer, same in zip(one.layers, other.layers, strict=True):
        a, b = layer.activation, same.activation
        assert (a.low, a.high, a.count, a.zeros, a.threshold) == (b.low, b.high, b.count, b.zeros, b.threshold)
        np.testing.assert_array_equal(a.stats.histogram, b.stats.histogram)
        np.testing.assert_array_equal(layer.weights, same.weights)


@pytest.mark.parametrize(
    ("method", "passes", "settle"), [("kl", 0, True), ("kl", 2, False), ("reference", 0, False), ("mse", 1, False)]
)
def test_the_bits_are_those_of_one_process(method, passes, settle, graph, folder, client):
    settings = {"method": method, "passes": passes, "settle": settle}
    one, other = found(graph, folder, **settings), found(graph, folder, client, **settings)
    assert_same(one, other)
    assert one.images == 102 and len(one.settled) == (8 if settle else 0)  # after 1, 2, 5, 10, 20, 50, 99, 102
    (problem,) = other.skipped
    assert "worker inproc://" in problem.what


def test_images_at_an_address(graph, folder, client):
    address = pytest.importorskip("upath").UPath("memory://calibration/images")
    address.joinpath("below").mkdir(parents=True)
    for path in folder.iterdir():
        (address / ("below" if path.name > "05" else "") / path.name).write_bytes(path.read_bytes())
    (address / "labels.csv").write_bytes(b"not an image")
    one, other = found(graph, folder), found(graph, str(address), client)
    assert one.table.activations == other.table.activations
    assert other.skipped[0].where == "memory://calibration/images/below/050.npy"
    address.joinpath("list.txt").write_text("memory://calibration/images/000.npy\n")
    assert len(Dataset([str(address / "list.txt")], graph.inputs, {})) == 1


def test_images_that_no_worker_can_read(graph, tmp_path, client, monkeypatch):
    pytest.importorskip("upath")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.txt").write_text("memory://calibration/gone.npy\nalso/gone.npy\n" * 2)
    with pytest.raises(TooManyBroken) as raised:
        found(graph, "list.txt", client)
    text = str(raised.value)
    assert "4 of 4 images cannot be read" in text
    assert "also/gone.npy" in text and "memory://calibration/gone.npy" in text
    assert "No such file or directory, on worker inproc://" in text and str(tmp_path) not in text


def test_an_address_of_an_unknown_kind(graph):
    pytest.importorskip("upath")
    with pytest.raises(ConversionError, match="nope://images is not a place that .*nope.*\n  fix: install"):
        Dataset(["nope://images"], graph.inputs, {})


def test_what_a_worker_refuses_names_it(graph, folder, client):
    images = Dataset([folder], graph.inputs, {})
    engine = Cluster(client, graph, images, device="gpu")
    with pytest.raises(ConversionError, match="worker inproc://.*: there is no device 'gpu'"):
        calibrate(graph, images, engine=engine)


def test_tensors_that_the_mean_leaves_unchanged_are_noted(graph, folder, client):
    images = Dataset([folder], graph.inputs, {"data": Preprocess(9, 9, (4.0,))})
    calibrate(graph, images, batch=3, engine=Cluster(client, graph, images, batch=3))
    assert images.unchanged


def test_an_interruption_ends_the_tasks(graph, folder, client):
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        found(graph, folder, client, progress=interrupt)
    assert_same(found(graph, folder), found(graph, folder, client))


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("tcp://127.0.0.1:1", "no Dask scheduler at tcp://127.0.0.1:1: (.|\n)*fix: start `dask scheduler`"),
        ("nope://x", "no Dask scheduler at nope://x"),
        ("local:many", "local:many is not local and a number of workers"),
        ("local:0", "local:0 is not local and a number of workers"),
    ],
)
def test_no_scheduler(address, message, monkeypatch):
    monkeypatch.setattr(cluster_workers, "TIMEOUT", 0.5)
    with pytest.raises(ConversionError, match=message), connected(address):
        pass


def test_versions():
    wanted = {"torch": "2.1", "numpy": "2.0"}
    assert cluster_workers._difference(wanted, wanted) == ""
    assert cluster_workers._difference({"torch": "2.0"}, wanted) == "torch 2.0 instead of 2.1, no numpy"
    with pytest.raises(ConversionError, match="torch .* instead of 2.1, numpy"):
        cluster_workers.check_versions(wanted)


@contextmanager
def workers(address, *paths):
    """Processes of `dask worker`, each with a path where it finds packages first."""
    line = [sys.executable, "-m", "dask", "worker", address, "--nthreads=1", "--no-nanny", "--no-dashboard"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    running = [subprocess.Popen(line, env={**env, "PYTHONPATH": str(path)}, cwd=path, **silent) for path in paths]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.wait()


@pytest.mark.slow
def test_a_worker_that_is_killed_and_one_without_the_package(graph, folder, tmp_path, monkeypatch):
    (tmp_path / "pytorch2caffe").mkdir()
    (tmp_path / "pytorch2caffe/__init__.py").write_text("raise ImportError('a library is missing')\n")
    with distributed.LocalCluster(n_workers=0, **QUIET) as cluster, distributed.Client(cluster) as client:
        with (
            monkeypatch.context() as patch,
            pytest.raises(ConversionError, match="no worker after 0.1 s\n  fix: start"),
        ):
            patch.setattr(cluster_workers, "TIMEOUT", 0.1)
            check_workers(client)
        address = cluster.scheduler_address
        with workers(address, tmp_path), pytest.raises(ConversionError, match="differ(.|\n)*tcp://.* cannot import"):
            check_workers(client)
        with workers(address, ROOT, ROOT) as processes:
            client.wait_for_workers(2, timeout=60)
            killed = []

            def kill(done, total, step):
                if step == "histograms" and not killed:  # in the second pass: the worker holds parts of it
                    killed.append(processes[0].pid)
                    os.kill(processes[0].pid, signal.SIGKILL)

            other = found(graph, folder, client, method="reference", progress=kill)
            assert killed and len(client.nthreads()) == 1
    assert_same(found(graph, folder, method="reference"), other)
