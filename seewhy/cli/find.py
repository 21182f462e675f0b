"""A name becomes an object here, once: the file's name is the name."""

import difflib
import importlib
import pkgutil
from types import ModuleType

import seewhy


def names_in(layer: str) -> list[str]:
    """Names of the files of a layer."""
    package = importlib.import_module(f"seewhy.{layer}")
    return sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.ispkg)


def find_module(layer: str, name: str) -> ModuleType:
    """`seewhy.<layer>.<name>`, or a dotted path outside the package.

    Raises:
        ValueError: there is no such file; the message names the nearest.
    """
    if "." in name:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            raise ValueError(f"no module {name!r} can be imported ({error}); is its folder on PYTHONPATH?") from error
    known = names_in(layer)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"seewhy {seewhy.__version__} has no {layer} called {name!r}{hint} There are: {', '.join(known)}"
        )
    return importlib.import_module(f"seewhy.{layer}.{name}")
