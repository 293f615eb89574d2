"""Who may know whom, and the shape of the packages (docs: the folders' docstrings), checked on the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.source import tree

pytestmark = pytest.mark.xdist_group("source")  # which one worker parses

SOURCES = sorted([*ROOT.glob("pytorch2caffe/**/*.py"), *ROOT.glob("caffe_proto/**/*.py")])
LONGEST = 300

TORCH = {"torch", "torchvision"}
RUNTIMES = {"caffe", "cv2", "ncnn", "tensorflow", "onnxruntime"}

NEVER_AT_MODULE_LEVEL = {
    "pytorch2caffe/errors.py": {*TORCH, "google", "caffe_proto", "numpy"},
    "pytorch2caffe/**/*.py": RUNTIMES,
    "caffe_proto/**/*.py": {*TORCH, *RUNTIMES, "pytorch2caffe"},
}
# Whatever the level.
NEVER = {
    "pytorch2caffe/graph/**/*.py": {*TORCH, "google", "caffe_proto"},
    "pytorch2caffe/layers/**/*.py": {*TORCH, "google", "caffe_proto"},
    "pytorch2caffe/passes/**/*.py": {*TORCH, "google", "caffe_proto"},
    "pytorch2caffe/frontends/torch/*.py": {"caffe_proto", "google"},
    "caffe_proto/**/*.py": {"pytorch2caffe"},
}
# The order of docs/architecture.md: a package imports only what is in the lines above its own.
ORDER = [
    ["errors"],
    ["formats"],
    ["pages"],
    ["graph"],
    ["layers"],
    ["passes"],
    ["runtime"],
    ["frontends", "backends"],
    ["detection"],
    ["verify", "quantize", "register"],
    ["deploy"],
    ["convert"],
    ["pytorch_to_caffe", "cli"],
]
# Sub-packages beside each other, and what each may import of the others.
BESIDE = {
    "frontends": {"tensorflow": {"mmdnn"}},
    "backends": {},
    "formats": {},
    "convert": {},
}
HOOKS = {"torch.overrides", "torch.utils._python_dispatch", "torch.fx"}


STATEMENTS = (ast.stmt, ast.excepthandler, ast.match_case)  # expressions import nothing
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def imports(path: Path, deep: bool, typing: bool = False) -> tuple[str, ...]:
    """The full names of what a file imports; in functions too if `deep`, for type checking too if `typing`."""
    return tuple(imports_in(tree(path), path, deep, typing))


def imports_in(node: ast.AST, path: Path, deep: bool, typing: bool) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = ".".join(path.relative_to(ROOT).parts[: -child.level]) if child.level else ""
            module = ".".join(part for part in (base, child.module) if part)
            yield from (f"{module}.{alias.name}" for alias in child.names)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test) and not typing:
            continue
        elif isinstance(child, STATEMENTS) and (deep or not isinstance(child, FUNCTIONS)):
            yield from imports_in(child, path, deep, typing)


def within(module: str, forbidden: set[str]) -> bool:
    return any(module == entry or module.startswith(f"{entry}.") for entry in forbidden)


def matching(pattern: str) -> list[Path]:
    found = sorted(ROOT.glob(pattern))
    assert found, f"no file matches {pattern}: the rule is out of date"
    return found


@pytest.mark.parametrize("pattern", NEVER_AT_MODULE_LEVEL)
def test_imports_at_module_level(pattern):
    forbidden = NEVER_AT_MODULE_LEVEL[pattern]
    found = {name(p): [m for m in imports(p, deep=False) if within(m, forbidden)] for p in matching(pattern)}
    assert not {path: modules for path, modules in found.items() if modules}


@pytest.mark.parametrize("pattern", NEVER)
def test_imports_anywhere(pattern):
    forbidden = NEVER[pattern]
    found = {name(p): [m for m in imports(p, deep=True) if within(m, forbidden)] for p in matching(pattern)}
    assert not {path: modules for path, modules in found.items() if modules}


def dotted(path: Path) -> str:
    return name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def test_no_files_import_each_other_in_a_circle():
    """Whatever the level: an import in a function hides a circle, it does not dissolve it."""
    files = {dotted(path): path for path in SOURCES}

    def known(path: Path) -> set[str]:
        named = imports(path, deep=True)  # a file, or what stands in it
        return {module if module in files else module.rpartition(".")[0] for module in named} & set(files)

    try:
        TopologicalSorter({module: known(path) for module, path in files.items()}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def package(module: str) -> str:
    """The package, or loose module, of `pytorch2caffe` that a full name is in."""
    return (module.split(".") + [""])[1]


def package_graph() -> dict[str, set[str]]:
    """Which packages import which; type-checking imports counted, `__init__` and `__main__` left out."""
    found: dict[str, set[str]] = {}
    for path in sorted(ROOT.glob("pytorch2caffe/*/**/*.py")) + sorted(ROOT.glob("pytorch2caffe/[a-z]*.py")):
        own = package(dotted(path))
        named = imports(path, deep=True, typing=True)
        known = {package(module) for module in named if module.startswith("pytorch2caffe.")}
        found.setdefault(own, set()).update(known - {own, "__version__"})
    return found


def test_packages_import_only_what_is_below_them():
    levels = {name: level for level, names in enumerate(ORDER) for name in names}
    found = package_graph()
    print("\n".join(f"{name}: {', '.join(sorted(found[name])) or '-'}" for name in sorted(found, key=levels.get)))
    assert set(found) == set(levels)
    upward = {(a, b) for a, names in found.items() for b in names if levels[b] >= levels[a]}
    assert upward == set()


def test_no_packages_import_each_other_in_a_circle():
    """Sub-packages counted on their own, where one package has several."""

    def place(module: str) -> str:
        parts = module.split(".")
        return ".".join(parts[1:3]) if parts[1:2] and parts[1] in BESIDE else package(module)

    found: dict[str, set[str]] = {}
    for path in sorted(ROOT.glob("pytorch2caffe/*/**/*.py")):
        named = {module for module in imports(path, deep=True, typing=True) if module.count(".")}
        known = {place(module) for module in named if module.startswith("pytorch2caffe.")}
        own = place(dotted(path))
        found.setdefault(own, set()).update(known - {own, own.partition(".")[0]})
    try:
        TopologicalSorter(found).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


@pytest.mark.parametrize("parent", BESIDE)
def test_sub_packages_do_not_import_each_other(parent):
    found = set()
    for path in sorted(ROOT.glob(f"pytorch2caffe/{parent}/*/**/*.py")):
        own = dotted(path).split(".")[2]
        for module in imports(path, deep=True, typing=True):
            if within(module, {f"pytorch2caffe.{parent}"}):
                other = module.split(".")[2]
                if other != own and (ROOT / "pytorch2caffe" / parent / other).is_dir():
                    found.add((own, other))
    assert found <= {(own, other) for own, others in BESIDE[parent].items() for other in others}


def test_few_modules_are_loose():
    assert len(matching("pytorch2caffe/*.py")) <= 5


def test_every_package_says_what_it_is():
    packages = {name(path): ast.get_docstring(tree(path)) for path in ROOT.glob("pytorch2caffe/**/__init__.py")}
    assert {path for path, text in packages.items() if not text} == set()


def test_only_the_tracer_hooks_into_torch():
    found = {name(p) for p in SOURCES if any(within(m, HOOKS) for m in imports(p, deep=True))}
    assert {path for path in found if not path.startswith("pytorch2caffe/frontends/torch/")} == set()


def test_only_commands_print():
    def prints(path: Path) -> bool:
        calls = (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
        return any(isinstance(call.func, ast.Name) and call.func.id == "print" for call in calls)

    speakers = {name(path) for path in SOURCES if prints(path)}
    assert {path for path in speakers if not path.startswith(("pytorch2caffe/cli/", "pytorch2caffe/__main__"))} == set()


def test_every_layer_has_its_tests():
    layers = {path.relative_to(ROOT / "pytorch2caffe") for path in matching("pytorch2caffe/layers/*/[a-z]*.py")}
    tests = {path.relative_to(ROOT / "tests") for path in matching("tests/layers/*/test_*.py")}
    assert {path.as_posix() for path in layers if path.with_name(f"test_{path.name}") not in tests} == set()


def test_no_file_is_too_long():
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}


def test_no_exception_is_caught_unseen():
    def bare(path: Path) -> list[int]:
        handlers = (node for node in ast.walk(tree(path)) if isinstance(node, ast.ExceptHandler))
        wide = (h for h in handlers if h.type is None or ast.unparse(h.type) in ("Exception", "BaseException"))
        seen = (ast.Raise, "return report_failure(error)")  # raised again, or reported by a command
        return [h.lineno for h in wide if not (isinstance(h.body[-1], seen[0]) or ast.unparse(h.body[-1]) == seen[1])]

    found = {name(path): len(lines) for path in SOURCES if (lines := bare(path))}
    assert found == {"pytorch2caffe/convert/other_sizes.py": 1}, "a model at a size that it is not made for"


def test_no_function_is_called_underscore():
    def nameless(path: Path) -> list[int]:
        return [node.lineno for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef) and node.name == "_"]

    assert {name(path): lines for path in SOURCES if (lines := nameless(path))} == {}
