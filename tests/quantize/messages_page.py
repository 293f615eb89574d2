"""docs/int8-messages.md, made by reading each bad table and each bad image: python -m tests.quantize.messages_page"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from pytorch2caffe import trace
from pytorch2caffe.backends.ncnn.table.file import check_table
from pytorch2caffe.quantize.images import BrokenImage, Dataset
from tests.backends.ncnn.test_table import BAD, Small
from tests.paths import ROOT
from tests.quantize.test_images import BROKEN, DATA, PLAIN

PAGE = ROOT / "docs" / "int8-messages.md"


def page() -> str:
    """Two tables: of tables, and of images."""
    lines = [
        "# What a bad table and a bad image are told",
        "",
        "Made by reading each of them: `python -m tests.quantize.messages_page`. All problems of a table are listed at",
        "once. Images that cannot be read are skipped and listed; more than 1 % of them, or none left, is an error.",
        "",
        "| the table has | what `pytorch2caffe table check` says | fix |",
        "|---|---|---|",
    ]
    torch.manual_seed(0)
    graph = trace(Small().eval(), torch.randn(1, 3, 6, 6))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "net.table"
        for name, (text, _) in BAD.items():
            file.write_text("".join(f"{line}\n" for line in text), encoding="utf-8", newline="")
            for problem in check_table(file, graph)[:1]:
                lines.append(_row(name, f"{problem.where}: {_short(problem.what)}", problem.fix))
        lines += ["", "| the file is | what `pytorch2caffe calibrate` says |", "|---|---|"]
        for name, (data, _) in BROKEN.items():
            file.with_suffix(".png").write_bytes(data)
            try:
                Dataset([folder], [DATA], PLAIN).load(0)
            except BrokenImage as error:
                lines.append(_row(name, str(error).split(": ")[0]))
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _short(text: str) -> str:
    return text.replace("x" * 256, "x...")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
