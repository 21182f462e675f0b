"""A name becomes an object here, once: the file's name is the name."""

import difflib
import importlib
import pkgutil
from collections.abc import Sequence
from types import ModuleType

TRAINING_LIBRARIES = ("accelerate", "jaxtyping", "peft", "safetensors", "torch", "transformers")
"""What `pip install seewhy` leaves out and `pip install 'seewhy[train]'` brings."""


EXTRAS = {
    **dict.fromkeys(TRAINING_LIBRARIES, "train"), **dict.fromkeys(("aiohttp", "httpx2", "openai"), "teacher"),
    **dict.fromkeys(("starlette", "uvicorn"), "serve"), "openpyxl": "xlsx",
}  # fmt: skip
"""The extra of `pip install` that brings a library."""


def names_in(layer: str) -> list[str]:
    """Names of the files of a layer; none of them is imported."""
    package = importlib.import_module(f"seewhy.{layer}")
    return sorted(found.name for found in pkgutil.iter_modules(package.__path__) if not found.ispkg)


def nearest(name: str, known: Sequence[str]) -> str:
    """The end of an error about an unknown name: the one that was meant, or all there are.

    Example:
        >>> nearest("simple", ["sample", "judge"])
        "; did you mean 'sample'?"
        >>> nearest("zzz", ["sample", "judge"])
        '; there are sample, judge.'
    """
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}."


def find_module(layer: str, name: str) -> ModuleType:
    """`seewhy.<layer>.<name>`, or a dotted path outside the package.

    Raises:
        ValueError: there is no such file, or a library that it needs is not installed; the message names the remedy.
    """
    if "." in name:
        return _find_outside(layer, name)
    require_name(layer, name)
    return load_part(layer, name)


def require_name(layer: str, name: str, asked_by: str = "") -> None:
    """An error where no file of a layer has this name, which begins with who asked for it."""
    known = names_in(layer)
    if name not in known:
        raise ValueError(f"{asked_by}there is no {layer.removesuffix('s')} {name!r}{nearest(name, known)}")


def load_part(layer: str, name: str) -> ModuleType:
    """A file of ours that is known to be there; what it needs is imported now, and not before.

    Raises:
        ValueError: it needs torch or another library of an extra such as `seewhy[train]`, which is not installed.
    """
    try:
        return importlib.import_module(f"seewhy.{layer}.{name}")
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRAS:
            raise
        raise ValueError(f"{missing} is not installed: pip install 'seewhy[{EXTRAS[missing]}]' brings it") from error


def _find_outside(layer: str, name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"{name!r} is neither the name of a {layer.removesuffix('s')} nor a dotted path to a module")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ValueError(f"no module {name!r} can be imported ({error}); is its folder on PYTHONPATH?") from error
