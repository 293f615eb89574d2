"""Downloads: continued, checked, from a mirror; what goes wrong is one clear error."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import io
import tarfile
import threading
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path

import pytest

from pytorch2caffe.cli.mmdnn import mmconvert, mmdownload
from pytorch2caffe.cli.mmdnn.download import _unpack
from pytorch2caffe.convert.mmdnn import download, slim_checkpoint
from pytorch2caffe.convert.mmdnn.known_networks import CAFFE, TENSORFLOW, checksum_of
from pytorch2caffe.errors import ConversionError

fetch = partial(download.fetch, insecure=True)
CONTENT = bytes(range(256)) * 5000


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT at every path but /missing..., by ranges unless at /whole...; /short... ends early."""

    asked: list[tuple[str, str | None]] = []

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.asked.append((self.path, wanted))
        if self.path.startswith("/missing") or self.path.endswith(".sha256") and "summed" not in self.path:
            return self.send_error(404)
        if self.path.endswith(".sha256") and "odd" in self.path:
            return self.answer(200, self.path.partition("odd")[2].partition(".")[0].encode())
        if self.path.startswith("/endless"):
            return self.endless()
        if self.path.startswith("/broken"):
            return self.broken()
        if self.path.endswith(".sha256"):
            return self.answer(200, f"{hashlib.sha256(CONTENT).hexdigest()}  file\n".encode())
        if wanted and not self.path.startswith("/whole"):
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            start += self.path.startswith("/elsewhere")
            return self.answer(206, CONTENT[start:], start) if start < len(CONTENT) else self.send_error(416)
        return self.answer(200, CONTENT)

    def endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            while True:
                self.wfile.write(CONTENT)

    def broken(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"no number\r\n")

    def answer(self, status: int, body: bytes, start: int = 0) -> None:
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{start + len(body) - 1}/{len(CONTENT)}")
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


def test_another_part_than_was_asked_for_is_not_appended(url, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT[:1000])
    assert fetch(f"{url}/elsewhere", tmp_path / "file").read_bytes() == CONTENT
    assert Handler.asked == [("/elsewhere", "bytes=1000-"), ("/elsewhere", None)]


def test_a_link_is_not_followed(url, tmp_path):
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "file.part").symlink_to(tmp_path / "mine")
    with pytest.raises(ConversionError, match="file.part is a symbolic link: delete it"):
        fetch(f"{url}/file", tmp_path / "file")
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_a_file_without_end_is_given_up(url, tmp_path):
    with pytest.raises(ConversionError, match="has more than 5,000,000 bytes"):
        fetch(f"{url}/endless", tmp_path / "file", largest=5_000_000)
    assert not (tmp_path / "file").exists()


def test_a_reply_that_is_no_http(url, tmp_path):
    with pytest.raises(ConversionError, match="/broken cannot be reached: IncompleteRead"):
        fetch(f"{url}/broken", tmp_path / "file")


def test_plain_http_needs_a_checksum_a_mirror_or_consent(url, tmp_path):
    with pytest.raises(ConversionError, match="plain http and no checksum of it is known.*--insecure"):
        download.fetch(f"{url}/file", tmp_path / "file")
    assert not Handler.asked
    digest = hashlib.sha256(CONTENT).hexdigest()[:8]
    assert download.fetch(f"{url}/net-{digest}.pth", tmp_path / "checked").exists()
    assert download.fetch(f"{url}/file", tmp_path / "mirrored", mirror=url).exists()
    addresses = [*TENSORFLOW.values(), *(address for pair in CAFFE.values() for address in pair)]
    unsafe = [address for address in addresses if address.startswith("http:") and not checksum_of(address)]
    assert {address.split("/")[2] for address in unsafe} == {"data.mxnet.io"}


def test_no_redirection_leaves_https():
    request = urllib.request.Request("https://example.org/net.pth")
    with pytest.raises(urllib.error.URLError, match="redirected to http://example.org/, which is not https"):
        download._NoDowngrade().redirect_request(request, io.BytesIO(), 302, "Found", {}, "http://example.org/")


@pytest.mark.parametrize("sum_", ["", "abc", "0" * 63, "g" * 64], ids=["empty", "short", "63 digits", "no digits"])
def test_a_checksum_that_is_none_is_an_error(sum_, url, tmp_path):
    with pytest.raises(ConversionError, match="does not begin with the 64 digits of a SHA-256"):
        fetch(f"{url}/file", tmp_path / "file", mirror=f"{url}/summed-odd{sum_}.")


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


def packed(folder, damage=None):
    """An archive of a checkpoint; with the gzip checksum changed if `damage`."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as files:
        member = tarfile.TarInfo("some/net.ckpt")
        member.size = len(CONTENT)
        files.addfile(member, io.BytesIO(CONTENT))
    data = bytearray(content.getvalue())
    if damage:
        data[-8] ^= 1
    (folder / "net.tar.gz").write_bytes(data)
    return folder / "net.tar.gz"


def test_an_archive_s_checkpoint_and_its_checksum(tmp_path):
    (tmp_path / "out").mkdir()
    assert _unpack(packed(tmp_path), tmp_path / "out").read_bytes() == CONTENT
    with pytest.raises(ConversionError, match="cannot be unpacked: CRC check failed"):
        _unpack(packed(tmp_path, damage=True), tmp_path / "out")


def test_a_checkpoint_of_the_user_is_kept(tmp_path, monkeypatch):
    (tmp_path / "net.ckpt").write_bytes(b"mine")
    packed(tmp_path).rename(tmp_path / Path(TENSORFLOW["vgg16"]).name)
    read = []
    monkeypatch.setattr(slim_checkpoint, "write_checkpoint", lambda _, weights, __: read.append(weights.read_bytes()))
    assert mmdownload(["-f", "tensorflow", "-n", "vgg16", "-o", str(tmp_path)]) == 0
    assert read == [CONTENT]
    assert (tmp_path / "net.ckpt").read_bytes() == b"mine"
    assert {path.name for path in tmp_path.iterdir()} == {"net.ckpt", Path(TENSORFLOW["vgg16"]).name}


@pytest.mark.slow
def test_a_network_as_onnx(tmp_path, capsys):
    onnx = pytest.importorskip("onnx")
    (tmp_path / "net.py").write_text("from torch import nn\nNet = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())\n")
    flags = ["-sf", "pytorch", "-in", f"{tmp_path / 'net.py'}:Net", "--inputShape", "3,8,8", "-df", "onnx"]
    assert mmconvert([*flags, "-om", str(tmp_path / "net.onnx")]) == 0
    assert [node.op_type for node in onnx.load(tmp_path / "net.onnx").graph.node] == ["Conv", "Relu"]
    assert str(Path(tmp_path / "net.onnx")) in capsys.readouterr().out
