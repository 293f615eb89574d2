"""Downloads: continued, checked, from a mirror; what goes wrong is one clear error."""

from __future__ import annotations

import hashlib
import http.server
import threading
from pathlib import Path

import pytest

from pytorch2caffe.cli.mmdnn import mmconvert, mmdownload
from pytorch2caffe.convert.mmdnn.download import checksum_of, fetch
from pytorch2caffe.errors import ConversionError

CONTENT = bytes(range(256)) * 5000


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT at every path but /missing..., by ranges unless at /whole...; /short... ends early."""

    asked: list[tuple[str, str | None]] = []

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.asked.append((self.path, wanted))
        if self.path.startswith("/missing") or self.path.endswith(".sha256") and "summed" not in self.path:
            return self.send_error(404)
        if self.path.endswith(".sha256"):
            return self.answer(200, f"{hashlib.sha256(CONTENT).hexdigest()}  file\n".encode())
        if wanted and not self.path.startswith("/whole"):
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            return self.answer(206, CONTENT[start:]) if start < len(CONTENT) else self.send_error(416)
        return self.answer(200, CONTENT)

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.path.startswith("/short") else body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url():
    Handler.asked.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_file_and_its_progress(url, tmp_path):
    told = []
    path = fetch(f"{url}/file", tmp_path / "deep" / "file", progress=lambda done, total: told.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [p.name for p in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("place", ["file", "whole"], ids=["by ranges", "anew where there are none"])
def test_what_was_interrupted_is_continued(place, url, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT[:1000])
    assert fetch(f"{url}/{place}", tmp_path / "file").read_bytes() == CONTENT
    assert Handler.asked == [(f"/{place}", "bytes=1000-")]


def test_a_part_that_is_too_long_begins_again(url, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT + b"more")
    assert fetch(f"{url}/file", tmp_path / "file").read_bytes() == CONTENT


def test_a_file_that_is_there_is_kept(url, tmp_path):
    (tmp_path / "file").write_bytes(b"mine")
    assert fetch(f"{url}/file", tmp_path / "file").read_bytes() == b"mine"
    assert not Handler.asked


def test_a_download_that_ends_early_is_kept_for_the_next_try(url, tmp_path):
    with pytest.raises(ConversionError, match="ended after 640,000 of 1,280,000 bytes"):
        fetch(f"{url}/short", tmp_path / "file")
    assert not (tmp_path / "file").exists()
    assert (tmp_path / "file.part").stat().st_size == 640000


def test_the_checksum_of_torch_s_names(url, tmp_path):
    digest = hashlib.sha256(CONTENT).hexdigest()[:8]
    assert checksum_of(f"{url}/net-{digest}.pth").digest == digest
    assert fetch(f"{url}/net-{digest}.pth", tmp_path / "good").exists()
    with pytest.raises(ConversionError, match="its sha256 is not 01234567; it was deleted"):
        fetch(f"{url}/net-01234567.pth", tmp_path / "bad")
    assert not list(tmp_path.glob("bad*"))
    assert fetch(f"{url}/net-01234567.pth", tmp_path / "bad", check=False).exists()


def test_a_mirror_and_its_own_checksum(url, tmp_path):
    far = "https://nowhere.invalid/models/summed-01234567.pth"
    assert fetch(far, tmp_path / "file", mirror=f"{url}/models/").read_bytes() == CONTENT
    assert Handler.asked[-1][0] == "/models/summed-01234567.pth"


def test_what_cannot_be_reached(url, tmp_path):
    with pytest.raises(ConversionError, match="404"):
        fetch(f"{url}/missing", tmp_path / "file")
    with pytest.raises(ConversionError, match="cannot be reached"):
        fetch("http://127.0.0.1:9/file", tmp_path / "file")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("framework", ["pytorch", "tensorflow", "tf", "caffe"])
def test_names_are_listed(framework, capsys):
    assert mmdownload(["-f", framework]) == 0
    assert "Support frameworks: [" in capsys.readouterr().out


def test_a_caffe_network_and_a_misspelt_one(url, tmp_path, capsys):
    assert mmdownload(["-f", "caffe", "-n", "resnet50", "-o", str(tmp_path), "--mirror", url]) == 0
    assert {p.name for p in tmp_path.iterdir()} == {"resnet50-deploy.prototxt", "resnet50.caffemodel"}
    assert mmdownload(["-f", "caffe", "-n", "resnet5", "-o", str(tmp_path)]) == 2
    assert "did you mean resnet50" in capsys.readouterr().err
    assert mmdownload(["-f", "keras", "-n", "resnet50"]) == 2
    assert "'keras' is not supported: choose from pytorch, tensorflow, caffe" in capsys.readouterr().err


def test_an_archive_that_is_none(url, tmp_path, capsys):
    assert mmdownload(["-f", "tensorflow", "-n", "vgg16", "-o", str(tmp_path), "--mirror", url]) == 2
    assert "cannot be unpacked" in capsys.readouterr().err


@pytest.mark.slow
def test_a_network_as_onnx(tmp_path, capsys):
    onnx = pytest.importorskip("onnx")
    (tmp_path / "net.py").write_text("from torch import nn\nNet = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())\n")
    flags = ["-sf", "pytorch", "-in", f"{tmp_path / 'net.py'}:Net", "--inputShape", "3,8,8", "-df", "onnx"]
    assert mmconvert([*flags, "-om", str(tmp_path / "net.onnx")]) == 0
    assert [node.op_type for node in onnx.load(tmp_path / "net.onnx").graph.node] == ["Conv", "Relu"]
    assert str(Path(tmp_path / "net.onnx")) in capsys.readouterr().out
