"""Networks of packages that are not required: torchvision, timm, transformers, ultralytics."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from ....errors import ConversionError, missing_package
from .torchvision_models import torchvision_models

Arguments = dict[str, Any]


def load_torchvision(name: str, arguments: Arguments) -> Any:
    """A network of torchvision, with random weights unless `weights` is among the arguments."""
    models = torchvision_models()
    known = models.list_models()
    if name not in known:
        raise ConversionError(f"torchvision has no model {name!r}{suggestions(name, known)}")
    return models.get_model(name, **(without_download(name) | arguments))


def without_download(name: str) -> Arguments:
    """The arguments that give a network of torchvision random weights, its backbone too."""
    known = inspect.signature(torchvision_models().get_model_builder(name)).parameters
    initial = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    return {"weights": None} | ({"weights_backbone": None} if "weights_backbone" in known else {}) | initial


def load_timm(name: str, arguments: Arguments) -> Any:
    """A network of timm, with random weights unless `pretrained` or `checkpoint_path` is among the arguments."""
    timm = package("timm")
    known = timm.list_models()
    if name.partition(".")[0] not in known:
        raise ConversionError(f"timm has no model {name!r}{suggestions(name, known)}")
    return timm.create_model(name, **arguments)


def load_transformers(name: str, arguments: Arguments) -> Any:
    """The network that `save_pretrained` wrote into a folder; nothing is downloaded, and no code in it is run."""
    if not (Path(name) / "config.json").is_file():
        raise ConversionError(f"hf:{name}: {name} is not a folder with a config.json, as save_pretrained writes it")
    transformers = package("transformers")
    config = transformers.AutoConfig.from_pretrained(name, local_files_only=True)
    wanted = (getattr(config, "architectures", None) or ["AutoModel"])[0]
    kind = getattr(transformers, wanted, None)
    if kind is None:
        raise ConversionError(f"hf:{name}: transformers has no class {wanted}, which its config.json names")
    return kind.from_pretrained(name, local_files_only=True, **arguments)


def load_ultralytics(name: str, arguments: Arguments) -> Any:
    """A network of ultralytics by its YAML file, of the package or your own, with random weights."""
    if not name.endswith((".yaml", ".yml")):
        raise ConversionError(
            f"ultralytics:{name}: name the network's YAML file, ultralytics:yolov8n.yaml, and give trained weights "
            "with --weights; reading them that way runs no code of the file"
        )
    return package("ultralytics").YOLO(name, **{"verbose": False, **arguments}).model


LIBRARIES: dict[str, Callable[[str, Arguments], Any]] = {
    "torchvision": load_torchvision,
    "timm": load_timm,
    "hf": load_transformers,
    "ultralytics": load_ultralytics,
}
TRAINED = ("weights", "pretrained", "checkpoint_path")


def has_own_weights(library: str, arguments: Arguments) -> bool:
    """Whether a network of a library comes with trained weights."""
    return library == "hf" or any(arguments.get(name) for name in TRAINED)


def package(name: str) -> ModuleType:
    """A package that is imported only when it is used. Raises ConversionError if it is not installed."""
    with contextlib.suppress(ConversionError):
        torchvision_models()  # which they import: as it was built for another torch, perhaps
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ConversionError(missing_package(error, name)) from error


def suggestions(name: str, names: Iterable[str]) -> str:
    """The nearest public names, as the end of an error."""
    nearest = difflib.get_close_matches(name, [each for each in names if not each.startswith("_")], 3)
    return f"; did you mean {' or '.join(nearest)}?" if nearest else ""
