"""Whether generated source is as a careful person leaves it."""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path

from ruff.__main__ import find_ruff_bin

CHECKED = "E,F,I,B,UP,SIM"

_generated: dict[str, str] = {}  # source -> the test that generated it


def check_style(source: str) -> None:
    """Has the source checked with all others at the end of the session: ruff takes as long for one as for thousands."""
    _generated.setdefault(source, os.environ.get("PYTEST_CURRENT_TEST", ""))


def check_collected(folder: Path) -> None:
    """Asserts that ruff has nothing to format at 120 columns and nothing to complain of in what was generated."""
    tests = {}
    for number, (source, test) in enumerate(_generated.items()):
        path = folder / f"{number}.py"
        path.write_text(source)
        tests[path] = test
    faults = []
    for command in (
        ["format", "--isolated", "--line-length=120", "--diff"],
        ["check", "--isolated", "--line-length=120", f"--select={CHECKED}", "--quiet"],
    ):
        result = subprocess.run([find_ruff_bin(), *command, folder], capture_output=True, text=True)
        faults += [result.stdout + result.stderr] if result.returncode else []
    text = "".join(faults)
    named = [f"{path.name}: {test}" for path, test in tests.items() if str(path) in text]
    assert not faults, "\n".join([text, *named])


def kept_alive(source: str) -> list[str]:
    """Variables of `forward` that still hold a tensor when nothing will read it, "line 3: x_1" each.

    Arguments count once they are written over: until then the caller holds what they do.
    """
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    (forward,) = (function for function in functions if function.name == "forward")
    bound: set[str] = set()
    found = []
    for index, statement in enumerate(forward.body):
        rest = forward.body[index + 1 :]
        bound = (bound | _names(statement, ast.Store)) - _names(statement, ast.Del)
        deleted = _names(rest[0], ast.Del) if rest else set()
        if len(rest) > 1:
            found += [f"line {statement.lineno}: {name}" for name in sorted(bound - deleted) if not _read(name, rest)]
    return found


def _read(name: str, statements: list[ast.stmt]) -> bool:
    """Whether a variable is read before it is written again."""
    for statement in statements:
        if name in _names(statement, ast.Load):
            return True
        if name in _names(statement, ast.Store):
            return False
    return False


def _names(statement: ast.stmt, context: type) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, context)}
