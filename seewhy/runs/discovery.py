"""A name becomes an object here: a file's name in its layer, a dotted path, or `file.py:Name`."""

import ast
import difflib
import hashlib
import importlib
import importlib.util
import inspect
import pkgutil
import re
import shlex
from collections.abc import Sequence
from dataclasses import is_dataclass
from functools import cache
from importlib.metadata import requires
from pathlib import Path
from types import ModuleType
from typing import Any

from seewhy.runs.loaded_code import load_dotted, load_file, parse_file, require_file

TRAINING_LIBRARIES = ("accelerate", "jaxtyping", "peft", "safetensors", "torch", "transformers")
"""What the extra `train` brings."""
EXTRAS = {
    **dict.fromkeys(TRAINING_LIBRARIES, "train"), **dict.fromkeys(("aiohttp", "httpx2", "openai"), "teacher"),
    **dict.fromkeys(("starlette", "uvicorn"), "serve"), "openpyxl": "xlsx", "huggingface_hub": "hub", "duckdb": "view",
    "ray": "ray",
}  # fmt: skip
"""The extra of `pip install` that brings a library."""
VERBS = {
    "stages": "needs", "judging": "judge", "objectives": "loss", "pairs": "__call__", "pairs.pictures": "vary",
    "teachers": "teach", "recipes": "recipe", "rewards": "reward", "formats": "parse", "evaluation.credits": "credit",
}  # fmt: skip
"""The method by which a class of a layer is known among the others of its file; `units` for composite stages."""


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
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are {', '.join(known)}." if known else "; leave it away: there are none."


def kind_names(layer: str) -> list[str]:
    """Kinds of a layer as they are typed: files that define a class with the layer's verb, none of them imported."""
    return [name.replace("_", "-") if layer == "recipes" else name for name in names_in(layer) if _defines(layer, name)]


@cache
def _defines(layer: str, name: str) -> bool:
    spec = importlib.util.find_spec(f"seewhy.{layer}.{name}")
    if spec is None or spec.origin is None:
        return False
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    return any(_has_verb(node, layer) for node in tree.body)


def _has_verb(node: ast.stmt, layer: str) -> bool:
    if layer == "recipes":
        return isinstance(node, ast.FunctionDef) and node.name == VERBS[layer]
    if not isinstance(node, ast.ClassDef) or any("Protocol" in ast.unparse(base) for base in node.bases):
        return False
    verbs = _verbs_of(layer)
    return any(isinstance(part, ast.FunctionDef) and part.name in verbs for part in node.body)


def _verbs_of(layer: str) -> set[str]:
    return {VERBS[layer], "units"} if layer == "stages" else {VERBS[layer]}


def class_of(layer: str, kind: str) -> type[Any]:
    """The class of a kind: `name`, `package.module`, `package.module:Name` or `file.py:Name`.

    Raises:
        ValueError: there is no such file or class, or several would fit and none has the file's name; the message says
            which there are.
    """
    place, _, name = kind.partition(":")
    module, one = _module_of(layer, place), _singular(layer)
    if name:
        found, fitting = vars(module).get(name), [other.__name__ for other in classes_in(layer, module)]
        if not inspect.isclass(found):
            raise ValueError(f"{kind}: {place} has no class {name!r}{nearest(name, fitting)}")
        if not is_dataclass(found) or not any(hasattr(found, verb) for verb in _verbs_of(layer)):
            raise ValueError(f"{kind} is no {one}: write a dataclass with a method {VERBS[layer]}()")
        return found
    fitting = classes_in(layer, module)
    named = [
        other for other in fitting if other.__name__.lower() == module.__name__.rpartition(".")[2].replace("_", "")
    ]
    fitting = named or fitting
    if not fitting:
        raise ValueError(f"{kind} holds no {one}: write a dataclass with a method {VERBS[layer]}() there")
    if len(fitting) > 1:
        names = [other.__name__ for other in fitting]
        raise ValueError(f"{kind} holds {', '.join(names)}, of which one is meant; name it as {kind}:{names[0]}")
    return fitting[0]


def constant_of(layer: str, kind: str, name: str, default: object) -> object:
    """A literal that the class of a kind assigns in its body, read from its source: nothing is imported.

    Example:
        >>> [constant_of("objectives", kind, "trains_on", "pairs") for kind in ("sft", "dpo")]
        ['lessons', 'pairs']
    """
    place, _, wanted = kind.partition(":")
    path = _source_of(layer, place)
    for node in parse_file(path).body if path else ():
        if isinstance(node, ast.ClassDef) and (node.name == wanted if wanted else _has_verb(node, layer)):
            for part in node.body:
                if isinstance(part, ast.AnnAssign) and part.value and ast.unparse(part.target) == name:
                    return ast.literal_eval(part.value)
    return default


def _source_of(layer: str, place: str) -> Path | None:
    if place.endswith(".py"):
        return require_file(Path(place))
    module = place if "." in place else f"seewhy.{layer}.{place.replace('-', '_')}"
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


def classes_in(layer: str, module: ModuleType) -> list[type[Any]]:
    """The dataclasses of a module's own that have the layer's verb."""
    verbs = _verbs_of(layer)
    return [
        thing
        for key, thing in vars(module).items()
        if inspect.isclass(thing) and thing.__module__ == module.__name__ and not key.startswith("_")
        and is_dataclass(thing) and verbs & set(vars(thing))
    ]  # fmt: skip


def _singular(layer: str) -> str:
    names = {"judging": "judge", "pairs": "rule of pairs", "pairs.pictures": "kind of varied pictures",
             "evaluation.credits": "kind of credit"}  # fmt: skip
    return names.get(layer, layer.removesuffix("s"))


def _module_of(layer: str, place: str) -> ModuleType:
    if place.endswith(".py"):
        return load_file(Path(place))
    return find_module(layer, place)


def is_outside(kind: str) -> bool:
    """Whether a kind names code outside the package.

    Example:
        >>> is_outside("rubric"), is_outside("mine.judges:Strict"), is_outside("mine.py:Strict")
        (False, True, True)
    """
    return "." in kind.partition(":")[0]


def unplaced(kind: str) -> str:
    """A kind without the folder of its file: what rows follow from is the file's content, not its path.

    Example:
        >>> unplaced("folder/mine.py:Strict"), unplaced("mine.judges:Strict"), unplaced("rubric")
        ('mine.py:Strict', 'mine.judges:Strict', 'rubric')
    """
    place, mark, name = kind.partition(":")
    return f"{Path(place).name}{mark}{name}" if place.endswith(".py") else kind


def source_hash(kind: str, layer: str) -> str:
    """SHA-256 of the file that defines a kind from outside the package; empty for kinds of the package.

    The modules that this file imports are not looked at.
    """
    if not is_outside(kind):
        return ""
    return hashlib.sha256(Path(inspect.getfile(class_of(layer, kind))).read_bytes()).hexdigest()


def find_module(layer: str, name: str) -> ModuleType:
    """`seewhy.<layer>.<name>`, or a dotted path outside the package.

    Raises:
        ValueError: there is no such file, or a library that it needs is not installed; the message names the remedy.
    """
    if "." in name:
        return _find_outside(layer, name)
    require_name(layer, name)
    return load_part(layer, name.replace("-", "_"))


def require_name(layer: str, name: str, asked_by: str = "") -> None:
    """An error where no file of a layer has this name, which begins with who asked for it."""
    known = _known(layer)
    if name.replace("-", "_") not in {one.replace("-", "_") for one in known}:
        raise ValueError(f"{asked_by}there is no {_singular(layer)} {name!r}{nearest(name, known)}")


def _known(layer: str) -> list[str]:
    return kind_names(layer) if layer in VERBS else names_in(layer)


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
        raise ValueError(f"{missing} is not installed: {install_hint(EXTRAS[missing])} brings it") from error


def install_hint(extra: str) -> str:
    """The command that installs an extra: from the clone that is running, else each package by name.

    seewhy is on no package index, so none is asked for it.
    """
    clone = Path(__file__).resolve().parents[2]
    if (clone / "pyproject.toml").is_file():
        return f"pip install {shlex.quote(f'{clone}[{extra}]')}"
    mark = re.compile(rf"extra == ['\"]{extra}['\"]")
    needs = [need.partition(";")[0].strip() for need in requires("seewhy") or () if mark.search(need)]
    return f"pip install {' '.join(shlex.quote(need) for need in needs)}"


def _find_outside(layer: str, name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"{name!r} is neither the name of a {_singular(layer)} nor a dotted path to a module"
                         f"{nearest(name, _known(layer))}")  # fmt: skip
    return load_dotted(name)


def call_part(layer: str, name: str, function: str, *values: object, **named: object) -> Any:  # noqa: ANN401
    """Call a function of a file that is loaded only now, such as one that needs torch."""
    return vars(load_part(layer, name))[function](*values, **named)


def sentence_of(layer: str, name: str) -> str:
    """The first line of a file's docstring; nothing is imported.

    Example:
        >>> sentence_of("stages", "report")
        'One HTML page and one JSON summary, from what the steps of a run say of themselves.'
    """
    path = _source_of(layer, name)
    found = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) if path else None
    return (found or "").splitlines()[0] if found else ""
