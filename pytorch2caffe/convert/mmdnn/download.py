"""Downloads: continued where they were interrupted, checked, and never more than the server announced."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from ...errors import ConversionError
from .known_networks import Checksum, checksum_of

BLOCK = 1 << 18
LARGEST = 4 << 30  # bytes; the largest of the known networks has 2.6e9
UNREACHABLE = urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException, ValueError


def fetch(
    url: str,
    target: str | Path,
    *,
    mirror: str | None = None,
    check: bool = True,
    insecure: bool = False,
    largest: int = LARGEST,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Downloads a file; an incomplete earlier download is continued, and a complete one is kept.

    mirror:   the URL of a folder that has the file under its own name, and optionally NAME.sha256.
    check:    whether the file must have its checksum: the mirror's, or else what `checksum_of` knows, if any.
    insecure: whether plain http without a checksum will do, where anybody on the way can change the file. A mirror is
              the user's own choice.
    largest:  bytes after which a download without end is given up.
    progress: called with the bytes so far and the total, 0 if the server does not report it.

    Returns the path. Raises ConversionError if it cannot be reached, is incomplete, or has another checksum.
    """
    target = Path(target)
    if mirror:
        url = f"{mirror.rstrip('/')}/{Path(urlsplit(url).path).name}"
    checksum = (_beside(url) if mirror else None) or checksum_of(url) if check else None
    if target.exists() and (checksum is None or _digest(target, checksum.algorithm).startswith(checksum.digest)):
        return target
    if url.startswith("http:") and not (mirror or checksum or insecure):
        raise ConversionError(
            f"{url} is plain http and no checksum of it is known: anybody on the way could have changed it. "
            "Accept that with --insecure, or give a mirror of your own: --mirror URL"
        )
    part = target.with_name(f"{target.name}.part")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _download(url, part, largest, progress or (lambda *_: None))
    except urllib.error.HTTPError as error:
        raise ConversionError(f"{url}: {error.code} {error.reason}") from error
    except UNREACHABLE as error:
        reason = getattr(error, "reason", None) or error
        raise ConversionError(f"{url} cannot be reached: {reason or type(error).__name__}") from error
    if checksum and not _digest(part, checksum.algorithm).startswith(checksum.digest):
        part.unlink()
        raise ConversionError(f"{url}: its {checksum.algorithm} is not {checksum.digest}; it was deleted")
    part.replace(target)
    return target


class _NoDowngrade(urllib.request.HTTPRedirectHandler):
    """Follows no redirection away from https."""

    def redirect_request(
        self, request: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if request.type == "https" and urlsplit(newurl).scheme != "https":
            raise urllib.error.URLError(f"it is redirected to {newurl}, which is not https")
        return super().redirect_request(request, fp, code, msg, headers, newurl)


def _open(url: str, headers: dict[str, str] | None = None) -> Any:
    opener = urllib.request.build_opener(_NoDowngrade)
    return opener.open(urllib.request.Request(url, headers=headers or {}), timeout=60)


def _beside(url: str) -> Checksum | None:
    """The checksum of a file on a mirror, NAME.sha256 as sha256sum writes it; None if there is none."""
    try:
        with _open(f"{url}.sha256") as reply:
            text = reply.read(4096).decode("ascii", "replace")
    except urllib.error.HTTPError:
        return None
    except UNREACHABLE as error:
        raise ConversionError(f"{url} cannot be reached: {getattr(error, 'reason', error)}") from error
    if not (found := re.match(r"\s*([0-9a-fA-F]{64})\b", text)):
        raise ConversionError(f"{url}.sha256 does not begin with the 64 digits of a SHA-256")
    return Checksum("sha256", found[1].lower())


def _download(url: str, part: Path, largest: int, progress: Callable[[int, int], None]) -> None:
    have = part.stat().st_size if part.exists() and not part.is_symlink() else 0
    try:
        reply = _open(url, {"Range": f"bytes={have}-"} if have else None)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # the download is complete, or the file has changed: start over
            part.unlink()
            return _download(url, part, largest, progress)
        raise
    with reply:
        if have and reply.status == 206 and not reply.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            part.unlink()  # another part than was asked for
            return _download(url, part, largest, progress)
        if reply.status != 206:
            have = 0
        length = int(reply.headers.get("Content-Length", 0))
        total = have + length if length else 0
        with _writable(part, append=bool(have)) as file:
            while block := reply.read(BLOCK):
                have += len(block)
                if have > largest:
                    raise ConversionError(f"{url} has more than {largest:,} bytes: it is no network of this list")
                file.write(block)
                progress(have, total)
    if total and have != total:
        raise ConversionError(f"{url} ended after {have:,} of {total:,} bytes; run it again to continue")
    return None


def _writable(part: Path, append: bool) -> IO[bytes]:
    """Opens a file of this folder, not one that a symbolic link of that name leads to."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC) | getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.fdopen(os.open(part, flags, 0o666), "ab" if append else "wb")
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ConversionError(f"{part} is a symbolic link: delete it") from error
        raise


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        digest = hashlib.new(algorithm)
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
