"""mmdownload: well-known networks by name."""

from __future__ import annotations

import argparse
import difflib
import gzip
import os
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from ...errors import ConversionError
from .common import framework, parser, run

MIRROR = "PYTORCH2CAFFE_MIRROR"
EXAMPLES = (
    "mmdownload -f pytorch                          (lists the names)",
    "mmdownload -f pytorch -n resnet50 -o ./",
    "mmdownload -f tensorflow -n inception_v3",
    "mmdownload -f caffe -n alexnet --mirror http://localhost:8000/models",
)
TEXT = """Downloads a pretrained network. An interrupted download is continued; checksums are verified.

pytorch: imagenet_NAME.pth, the complete model (mmtoir -f pytorch reads it), with torchvision's own weights.
tensorflow: imagenet_NAME.ckpt with its .meta, built with tf_slim. caffe: NAME-deploy.prototxt and NAME.caffemodel.

Exit code 0 done; 2 it cannot be done: stderr gives the reason."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    flags = parser("mmdownload", TEXT, EXAMPLES)
    flags.add_argument(
        "--framework",
        "-f",
        dest="source",
        type=framework(tuple(SOURCES)),
        required=True,
        metavar="FRAMEWORK",
        help="pytorch, tensorflow or caffe",
    )
    flags.add_argument("--network", "-n", help="its name; without it the names are listed")
    flags.add_argument("--path", "-p", "-o", default="./", metavar="DIR", help="where to write (default: ./)")
    flags.add_argument(
        "--mirror",
        metavar="URL",
        default=os.environ.get(MIRROR),
        help=f"another server that has the files under the same names; also from {MIRROR}",
    )
    flags.add_argument("--no-checksum", action="store_true", help="accept files whatever their checksum")
    flags.add_argument("--insecure", action="store_true", help="accept plain http where no checksum is known")
    return run(flags, _command, arguments)


def _command(flags: argparse.Namespace) -> None:
    names, download = SOURCES[flags.source]
    known = names()
    if flags.network is None:
        click.echo(f"Support frameworks: {known}")
        return
    if flags.network not in known:
        near = difflib.get_close_matches(flags.network, known, 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else f"; known: {', '.join(known)}"
        raise ConversionError(f"there is no {flags.source} network {flags.network!r}{hint}")
    Path(flags.path).mkdir(parents=True, exist_ok=True)
    download(flags)


def fetch(flags: argparse.Namespace, url: str, target: Path) -> Path:
    """Downloads with a progress bar, and prints the URL and the file."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from ...convert.mmdnn import download

    click.echo(f'Downloading: "{url}" to {target}')
    columns = BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total or None)

        return download.fetch(
            url, target, mirror=flags.mirror, check=not flags.no_checksum, insecure=flags.insecure, progress=show
        )


def _pytorch_names() -> list[str]:
    from ...frontends.torch.loading.torchvision_models import torchvision_models

    models = torchvision_models()
    return [name for name in models.list_models(module=models) if not name.startswith("quantized_")]


def _pytorch(flags: argparse.Namespace) -> None:
    import torch

    from caffe_proto import atomic_files

    from ...frontends.torch.loading.torchvision_models import torchvision_models

    models = torchvision_models()
    weights = next(iter(models.get_model_weights(flags.network)))
    cache = Path(torch.hub.get_dir()) / "checkpoints"
    fetch(flags, weights.url, cache / Path(weights.url).name)
    model = models.get_model(flags.network, weights=weights).eval()  # reads the weights from the cache
    target = f"{flags.path}/imagenet_{flags.network}.pth"
    with atomic_files(target) as (temporary,):
        torch.save(model, temporary)
    click.echo(f"PyTorch pretrained model is saved as [{target}].")


def _caffe_names() -> list[str]:
    from ...convert.mmdnn.known_networks import CAFFE

    return list(CAFFE)


def _caffe(flags: argparse.Namespace) -> None:
    from ...convert.mmdnn.known_networks import CAFFE

    targets = Path(flags.path) / f"{flags.network}-deploy.prototxt", Path(flags.path) / f"{flags.network}.caffemodel"
    for url, target in zip(CAFFE[flags.network], targets, strict=True):
        fetch(flags, url, target)
    click.echo(f"Caffe Model {flags.network} saved as [{targets[0]}] and [{targets[1]}].")


def _tensorflow_names() -> list[str]:
    from ...convert.mmdnn.known_networks import TENSORFLOW

    return list(TENSORFLOW)


def _tensorflow(flags: argparse.Namespace) -> None:
    from ...convert.mmdnn.known_networks import TENSORFLOW
    from ...convert.mmdnn.slim_checkpoint import write_checkpoint

    url = TENSORFLOW[flags.network]
    archive = fetch(flags, url, Path(flags.path) / Path(url).name)
    prefix = f"{flags.path.rstrip('/')}/imagenet_{flags.network}.ckpt"
    with TemporaryDirectory(dir=flags.path, prefix=".mmdownload") as folder:
        write_checkpoint(flags.network, _unpack(archive, Path(folder)), prefix)
    click.echo(f"Model saved in file: {prefix}")


def _unpack(archive: Path, folder: Path) -> Path:
    """Extracts the only .ckpt file of an archive into a folder, whatever its path in the archive.

    The archive is read to its end, where gzip has its checksum.
    """
    try:
        with gzip.open(archive) as stream, tarfile.open(fileobj=stream) as files:
            checkpoints = [member for member in files if member.isfile() and member.name.endswith(".ckpt")]
            while stream.read(1 << 20):
                pass
            if len(checkpoints) != 1:
                raise ConversionError(f"{archive} contains {len(checkpoints)} .ckpt files instead of one")
            checkpoint = checkpoints[0]
            checkpoint.name = Path(checkpoint.name).name
            files.extract(checkpoint, folder, filter="data")
            return folder / checkpoint.name
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ConversionError(f"{archive} cannot be unpacked: {error}; delete it and run this again") from error


SOURCES = {
    "pytorch": (_pytorch_names, _pytorch),
    "tensorflow": (_tensorflow_names, _tensorflow),
    "caffe": (_caffe_names, _caffe),
}
