"""Who may know whom, and the shape of the packages (docs: the folders' docstrings), checked on the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*ROOT.glob("pytorch2caffe/**/*.py"), *ROOT.glob("caffe_proto/**/*.py")])
LONGEST = 300

TORCH = {"torch", "torchvision"}
RUNTIMES = {"caffe", "cv2", "ncnn", "tensorflow", "onnxruntime"}

NEVER_AT_MODULE_LEVEL = {
    "pytorch2caffe/layers/*.py": {*TORCH, "google", "caffe_proto"},
    "pytorch2caffe/graph.py": {*TORCH, "google", "caffe_proto"},
    "pytorch2caffe/registry.py": {*TORCH, "google", "caffe_proto"},
    "pytorch2caffe/errors.py": {*TORCH, "google", "caffe_proto", "numpy"},
    "pytorch2caffe/passes.py": {*TORCH, "google", "caffe_proto"},
    "pytorch2caffe/**/*.py": RUNTIMES,
    "caffe_proto/**/*.py": {*TORCH, *RUNTIMES, "pytorch2caffe"},
}
# Whatever the level: the ways in and out know the hub, not each other.
NEVER = {
    "pytorch2caffe/layers/*.py": {*TORCH, "google", "caffe_proto"},
    "pytorch2caffe/graph.py": {*TORCH, "google", "caffe_proto"},
    "pytorch2caffe/registry.py": {*TORCH, "google", "caffe_proto"},
    "pytorch2caffe/readers/*.py": {"pytorch2caffe.trace", "pytorch2caffe.writers"},
    "pytorch2caffe/writers/*.py": {"pytorch2caffe.trace", "pytorch2caffe.readers"},
    "pytorch2caffe/trace/*.py": {"pytorch2caffe.readers", "pytorch2caffe.writers", "caffe_proto", "google"},
    "caffe_proto/**/*.py": {"pytorch2caffe"},
}
HOOKS = {"torch.overrides", "torch.utils._python_dispatch", "torch.fx"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path, node: ast.AST, deep: bool) -> Iterator[str]:
    """The full names of what is imported in `node`; in functions too if `deep`, never what is for type checking."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = ".".join(path.relative_to(ROOT).parts[: -child.level]) if child.level else ""
            module = ".".join(part for part in (base, child.module) if part)
            yield from (f"{module}.{alias.name}" for alias in child.names)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        elif deep or not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from imports(path, child, deep)


def within(module: str, forbidden: set[str]) -> bool:
    return any(module == entry or module.startswith(f"{entry}.") for entry in forbidden)


def matching(pattern: str) -> list[Path]:
    found = sorted(ROOT.glob(pattern))
    assert found, f"no file matches {pattern}: the rule is out of date"
    return found


@pytest.mark.parametrize("pattern", NEVER_AT_MODULE_LEVEL)
def test_imports_at_module_level(pattern):
    forbidden = NEVER_AT_MODULE_LEVEL[pattern]
    found = {name(p): [m for m in imports(p, tree(p), deep=False) if within(m, forbidden)] for p in matching(pattern)}
    assert not {path: modules for path, modules in found.items() if modules}


@pytest.mark.parametrize("pattern", NEVER)
def test_imports_anywhere(pattern):
    forbidden = NEVER[pattern]
    found = {name(p): [m for m in imports(p, tree(p), deep=True) if within(m, forbidden)] for p in matching(pattern)}
    assert not {path: modules for path, modules in found.items() if modules}


def dotted(path: Path) -> str:
    return name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_no_files_import_each_other_in_a_circle():
    """Whatever the level: an import in a function hides a circle, it does not dissolve it."""
    files = {dotted(path): path for path in SOURCES}

    def known(path: Path) -> set[str]:
        named = imports(path, tree(path), deep=True)  # a file, or what stands in it
        return {module if module in files else module.rpartition(".")[0] for module in named} & set(files)

    try:
        TopologicalSorter({module: known(path) for module, path in files.items()}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def test_only_the_tracer_hooks_into_torch():
    found = {name(p) for p in SOURCES if any(within(m, HOOKS) for m in imports(p, tree(p), deep=True))}
    assert {path for path in found if not path.startswith("pytorch2caffe/trace/")} == set()


def test_only_commands_print():
    def prints(path: Path) -> bool:
        calls = (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
        return any(isinstance(call.func, ast.Name) and call.func.id == "print" for call in calls)

    speakers = {name(path) for path in SOURCES if prints(path)}
    assert {path for path in speakers if not path.startswith(("pytorch2caffe/cli/", "pytorch2caffe/__main__"))} == set()


def test_every_layer_has_its_tests():
    layers = {path.stem for path in matching("pytorch2caffe/layers/*.py")} - {"__init__"}
    tests = {path.stem.removeprefix("test_") for path in matching("tests/layers/test_*.py")}
    assert layers - tests == set()


def test_no_file_is_too_long():
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}


def test_no_exception_is_caught_unseen():
    def bare(path: Path) -> list[int]:
        handlers = (node for node in ast.walk(tree(path)) if isinstance(node, ast.ExceptHandler))
        wide = (h for h in handlers if h.type is None or ast.unparse(h.type) in ("Exception", "BaseException"))
        seen = (ast.Raise, "return tell(error)")  # tidying up and passing on is fine, and so is the edge of a command
        return [h.lineno for h in wide if not (isinstance(h.body[-1], seen[0]) or ast.unparse(h.body[-1]) == seen[1])]

    assert {name(path): lines for path in SOURCES if (lines := bare(path))} == {}


def test_no_function_is_called_underscore():
    def nameless(path: Path) -> list[int]:
        return [node.lineno for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef) and node.name == "_"]

    assert {name(path): lines for path in SOURCES if (lines := nameless(path))} == {}
