"""A network as MMdnn delivers it: code with a class KitModel, a file of weights, and the complete pickled model."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import IO, Any

import numpy as np
import torch
from torch import nn

from caffe_proto import atomic_files

from ...backends.torch.generate import generate
from ...backends.torch.names import class_name
from ...errors import ConversionError, reading
from ...graph.graph import Graph

MODULE = "MainModel"  # the name under which MMdnn's users load the code, to which a .pth refers

KIT_MODEL = '''

class KitModel({base}):
    """The network with its weights: KitModel("{weights}")."""

    def __init__(self, weight_file=None):
        super().__init__()
        if weight_file is not None:
            with np.load(weight_file) as arrays:
                self.load_state_dict({{name: torch.from_numpy(arrays[name]) for name in arrays.files}})
            self.eval()


with torch.device("meta"):  # torch.load reads a complete model only of registered classes
    torch.serialization.add_safe_globals([KitModel, *{{type(module) for module in KitModel().modules()}}])
'''


def write_code(graph: Graph, code: str | Path, weights: str | Path) -> None:
    """Writes a graph as PyTorch code and weights, both or neither.

    code:    a .py with the network's class, and KitModel, which is that class with its weights. It needs torch and
             numpy only.
    weights: a file that `KitModel(weights)` and numpy.load read, without pickle: {name in the state_dict: array}.

    Raises UnsupportedError naming every layer that has no PyTorch form.
    """
    if class_name(graph.name) == "KitModel":
        graph.name = "Network"
    source, state = generate(graph)
    kit_model = KIT_MODEL.format(base=class_name(graph.name), weights=plain(Path(weights).name))
    with atomic_files(code, weights) as (text, binary):
        imports = "import numpy as np\n" + ("" if source.startswith("import torch\n") else "import torch\n")
        text.write_text(imports + source + kit_model, "utf-8")
        with binary.open("wb") as file:
            write_arrays(file, {name: tensor.numpy() for name, tensor in state.items()})


def plain(name: object) -> str:
    """A name that is safe in a docstring: without quotes, backslashes and unprintable characters."""
    return "".join(character for character in str(name) if character.isprintable() and character not in "\"'\\")


def load_code(code: str | Path) -> ModuleType:
    """Runs a file of code as the module MainModel. Raises ConversionError if it is not Python code or fails."""
    path = Path(code)
    spec = importlib.util.spec_from_file_location(MODULE, path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise ConversionError(f"there is no Python file {code}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    forget_classes_of_the_module()
    try:
        spec.loader.exec_module(module)
    except (SyntaxError, ImportError, NameError, AttributeError, TypeError, ValueError) as error:
        raise ConversionError(f"{code} cannot be run: {type(error).__name__}: {error}") from error
    return module


def forget_classes_of_the_module() -> None:
    """Keeps torch.load from taking the classes of other code of that name, which was loaded earlier."""
    kept = [entry for entry in torch.serialization.get_safe_globals() if getattr(entry, "__module__", "") != MODULE]
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals(kept)


def load_kit_model(code: str | Path, weights: str | Path) -> nn.Module:
    """The model that `write_code` wrote, in eval mode. Raises ConversionError if the files are not such a pair."""
    kit_model = getattr(load_code(code), "KitModel", None)
    if kit_model is None:
        raise ConversionError(f"{code} has no class KitModel: generate it with `mmtocode -f pytorch`")
    read_arrays(weights)
    with reading(weights, f"the weights of {code}"):  # it reads them member by member
        return kit_model(str(weights)).eval()


def read_arrays(weights: str | Path) -> Mapping[str, np.ndarray]:
    """The arrays of a weights file by name, read on access. Raises ConversionError if it is not such a file."""
    if not Path(weights).is_file():
        raise ConversionError(f"there is no file {weights}")
    with reading(weights, "a weights file of mmtocode"):
        arrays: Any = np.load(weights)
    if not isinstance(arrays, np.lib.npyio.NpzFile):
        raise ConversionError(f"{weights} is not a weights file of mmtocode")
    return arrays


def write_arrays(file: IO[bytes], arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays for `read_arrays`, whatever their names."""
    np.savez(file, **arrays)  # type: ignore[arg-type]


def state_dict_beside(model: Path) -> Path:
    """The path of the state_dict of a complete model."""
    return model.with_name(f"{model.stem}_state_dict.pth")


def write_model(model: nn.Module, path: str | Path) -> Path:
    """Saves a complete model for torch.load, and its state_dict beside it, both or neither.

    torch.load needs the model's code loaded as the module MainModel; the state_dict needs no code.
    Returns the path of the state_dict, `NAME_state_dict.pth`.
    """
    beside = state_dict_beside(Path(path))
    with atomic_files(path, beside) as (complete, state):
        torch.save(model, complete)
        torch.save(model.state_dict(), state)
    return beside
