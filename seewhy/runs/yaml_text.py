"""YAML whose scalars keep their spelling and line, so that the type of a field decides what they are."""

import math
import re
from collections.abc import Hashable, Mapping
from enum import Enum
from pathlib import Path

import yaml

RECIPE_FILE = "recipe.yaml"
"""A run's recipe, in its directory."""
MAX_BYTES = 1_000_000
"""Of a recipe's file."""
MAX_DEPTH = 40
_NULL = ("", "~", "null", "Null", "NULL")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")


class Scalar(str):
    """A scalar as it is spelt, with the line where it is."""

    line: int
    is_quoted: bool

    @classmethod
    def at(cls, text: str, line: int, is_quoted: bool) -> "Scalar":
        """A scalar of a line of a file."""
        made = cls(text)
        made.line, made.is_quoted = line, is_quoted
        return made

    @property
    def natural(self) -> object:
        """What the text is where no field says: null, true or false, a number, else text.

        Example:
            >>> [Scalar.at(text, 1, False).natural for text in ("2e-5", "true", "010", "yes", "~")]
            [2e-05, True, '010', 'yes', None]
        """
        if self.is_quoted:
            return str(self)
        if self in _NULL:
            return None
        if self in ("true", "false"):
            return self == "true"
        if _INTEGER.fullmatch(self):
            return int(self)
        return float(self) if _NUMBER.fullmatch(self) and not self.isdecimal() else str(self)


def load_yaml(text: str, where: str) -> object:
    """Mappings, lists and `Scalar`s of a YAML text; null is None.

    Raises:
        ValueError: it is no YAML, names a key twice, holds an alias, or is too large or too deep.
    """
    if len(text) > MAX_BYTES:
        raise ValueError(f"{where} has {len(text):,} characters; a recipe has at most {MAX_BYTES:,}")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ValueError(f"{where} is not YAML ({line}{error.problem}); correct it there") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"{where} is not YAML ({' '.join(str(error).split())})") from error
    if "*" in text and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
        raise ValueError(f"{where} refers to a part of itself (*name): write that part out")
    return None if node is None else _plain(node, where, 0)


def _plain(node: yaml.Node, where: str, depth: int) -> object:
    line = node.start_mark.line + 1
    if depth > MAX_DEPTH:
        raise ValueError(f"{where}, line {line}: nested more than {MAX_DEPTH} deep")
    if isinstance(node, yaml.MappingNode):
        found: dict[str, object] = {}
        for key, value in node.value:
            name = str(key.value)
            if not isinstance(key, yaml.ScalarNode) or name in found:
                raise ValueError(f"{where}, line {key.start_mark.line + 1}: {name!r} is named twice, or is no name")
            found[name] = _plain(value, where, depth + 1)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one, where, depth + 1) for one in node.value]
    is_quoted = isinstance(node, yaml.ScalarNode) and node.style is not None
    return None if node.value in _NULL and not is_quoted else Scalar.at(node.value, line, is_quoted)


def read_yaml(path: Path) -> object:
    """The content of a YAML file; errors as in `load_yaml`, and where it cannot be read."""
    try:
        return load_yaml(path.read_text(encoding="utf-8-sig"), str(path))
    except FileNotFoundError as error:
        raise ValueError(f"{path}: no such file; `seewhy recipe show inkgrid > {path}` writes one to start from") from (
            error
        )
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 ({error})") from error


def dump_yaml(plain: object) -> str:
    """Plain values as YAML that `load_yaml` reads back, fields in order."""
    return yaml.dump(_dumpable(plain), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Small mappings and lists of scalars on one line; numbers so that they are read back as numbers."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    needs_quotes = Scalar.at(value, 0, False).natural != value or "\x85" in value
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"' if needs_quotes else None)


def _represent_number(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number that a recipe can hold")
    mantissa, mark, exponent = repr(value).partition("e")
    text = f"{mantissa}{'' if '.' in mantissa else '.0'}e{exponent}" if mark else mantissa
    return dumper.represent_scalar("tag:yaml.org,2002:float", text)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(float, _represent_number)


def _dumpable(value: object) -> object:
    """Tuples as lists and enums as their text, all the way down."""
    match value:
        case Mapping():
            return {str(name): _dumpable(one) for name, one in value.items() if isinstance(name, Hashable)}
        case list() | tuple():
            return [_dumpable(one) for one in value]
        case Enum():
            return value.value
        case _:
            return value
