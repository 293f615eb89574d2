"""Runs the README's first command and its Python code with the installed package: python check_readme.py README.md"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path


def main(readme: Path) -> None:
    """Raises CalledProcessError if one fails; files are written into a temporary folder."""
    text = readme.read_text(encoding="utf-8")
    export = next(line for line in re.findall(r"^\$ (pytorch2caffe export .+)$", text, re.MULTILINE))
    code = re.search(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert code
    with tempfile.TemporaryDirectory() as folder:
        for command in ([sys.executable, "-m", *shlex.split(export)], [sys.executable, "-c", code[1]]):
            subprocess.run(command, cwd=folder, check=True)
        written = sorted(path.name for path in Path(folder).glob("*.caffemodel"))
        assert len(written) == 2, written


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
