"""mmvismeta: a TensorFlow graph in TensorBoard."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import click

from ...errors import ConversionError
from .common import parser, run

EXAMPLES = (
    "mmvismeta inception_v3.ckpt.meta ./logs/",
    "mmvismeta --ckpt inception_v3.ckpt.meta --logdir ./logs --port 6007",
    "mmvismeta frozen.pb ./logs --no-server",
)
TEXT = """Writes a TensorFlow graph (.meta or .pb) into a log directory and opens TensorBoard on it, to look for the
output node. The graph is not run.

Exit code 0 done; 2 it cannot be done: stderr gives the reason."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line."""
    flags = parser("mmvismeta", TEXT, EXAMPLES)
    flags.add_argument("file", nargs="?", metavar="FILE", help="the graph, .meta or .pb")
    flags.add_argument("folder", nargs="?", metavar="LOGDIR", help="where to write")
    flags.add_argument("--ckpt", metavar="FILE", help="the same as FILE")
    flags.add_argument("--logdir", metavar="LOGDIR", help="the same as LOGDIR")
    flags.add_argument("--port", type=int, default=6006, help="TensorBoard's port (default: 6006)")
    flags.add_argument("--host", default="localhost", help="TensorBoard's host (default: localhost)")
    flags.add_argument("--no-server", action="store_true", help="write the log directory only")
    return run(flags, _command, arguments)


def _command(flags: argparse.Namespace) -> None:
    source, folder = flags.ckpt or flags.file, flags.logdir or flags.folder
    if not source or not folder:
        raise ConversionError("the graph or the log directory is missing: write mmvismeta FILE.meta LOGDIR")
    write_log(source, folder)
    click.echo(f"The graph of [{source}] is saved in [{folder}].")
    if not flags.no_server:
        serve(folder, flags.host, flags.port)


def write_log(source: str | Path, folder: str | Path) -> None:
    """Writes a TensorFlow graph as a log for TensorBoard. Raises ConversionError if the file contains no graph."""
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.graph_pb2 import GraphDef
        from tensorboard.compat.proto.meta_graph_pb2 import MetaGraphDef
        from tensorboard.summary.writer.event_file_writer import EventFileWriter
    except ImportError as error:
        raise ConversionError("TensorBoard is not installed: pip install tensorboard") from error
    from google.protobuf.message import DecodeError

    data = Path(source).read_bytes()
    try:
        graph = MetaGraphDef.FromString(data).graph_def if str(source).endswith(".meta") else GraphDef.FromString(data)
    except DecodeError as error:
        raise ConversionError(f"{source} is not a TensorFlow graph: give a .meta or .pb file") from error
    if not graph.node:
        raise ConversionError(f"{source} contains an empty graph")
    writer = EventFileWriter(str(folder))
    writer.add_event(Event(wall_time=time.time(), graph_def=graph.SerializeToString()))
    writer.close()


def serve(folder: str | Path, host: str, port: int) -> None:
    """Runs TensorBoard until it is interrupted."""
    from tensorboard import program, version

    board = program.TensorBoard()
    board.configure(argv=[None, "--logdir", str(folder), "--host", host, "--port", str(port)])
    url = board.launch()
    click.echo(f"TensorBoard {version.VERSION} at {url} (Press CTRL+C to quit)")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("stopped")
