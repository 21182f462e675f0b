"""The project's own files, each read and parsed once, for the house rules."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
SKIPPED = {"__pycache__", ".venv", ".git", "build", "dist"}
OUTPUT = "runs"
"""At the root, what runs leave; `seewhy/runs` is ours."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One Python file: its path from the root, its text, its tree.

    Example:
        >>> parse("seewhy/records/types.py", "x = 1").module
        'seewhy.records.types'
    """

    path: str
    text: str
    tree: ast.Module

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree, walked once."""
        return tuple(ast.walk(self.tree))

    @property
    def module(self) -> str:
        """The dotted name; a package's is that of its folder."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def layer(self) -> str:
        """The first folder below the package; empty for the package itself and for files outside it."""
        parts = self.path.split("/")
        return parts[1] if parts[0] == "seewhy" and len(parts) > 2 else ""

    def at(self, node: ast.expr | ast.stmt | ast.excepthandler | ast.arg, words: str) -> str:
        """A finding: where, and what."""
        return f"{self.path}:{node.lineno}: {words}"


def parse(path: str, text: str) -> Source:
    """A source from text."""
    return Source(path=path, text=text, tree=ast.parse(text))


def is_ours(place: Path) -> bool:
    """Whether a path from the root is of files that we write."""
    return SKIPPED.isdisjoint(place.parts) and place.parts[0] != OUTPUT


def python_files(root: Path, folders: Iterable[str]) -> Iterator[Path]:
    """The Python files of some folders below `root`, in order."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            if is_ours(path.relative_to(root)):
                yield path


def read_sources(root: Path, *folders: str) -> tuple[Source, ...]:
    """Each Python file of the folders, parsed."""
    return tuple(
        parse(path.relative_to(root).as_posix(), path.read_text("utf-8")) for path in python_files(root, folders)
    )


def text_files(root: Path) -> Iterator[tuple[str, str]]:
    """Path from the root and text of each file that we write, documents and build files included."""
    folders = ("seewhy", "tests", "bench", "docs", ".ci")
    paths = [path for path in root.iterdir() if path.is_file()]
    paths += [path for folder in folders for path in (root / folder).rglob("*") if path.is_file()]
    for path in sorted(paths):
        place = path.relative_to(root)
        if not is_ours(place):
            continue
        content = path.read_bytes()
        if b"\0" not in content:
            yield place.as_posix(), content.decode("utf-8", errors="replace")


def name_of(node: ast.AST) -> str:
    """The last word of a name or of a dotted name; empty for any other expression.

    Example:
        >>> name_of(ast.parse("plan.sampling").body[0].value)
        'sampling'
    """
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value) | ast.Call(func=value):
            return name_of(value)
        case _:
            return ""


def classes(source: Source) -> Iterator[ast.ClassDef]:
    """The classes of a file."""
    return (node for node in source.nodes if isinstance(node, ast.ClassDef))


def imports(source: Source) -> Iterator[tuple[ast.stmt, str, str]]:
    """Each imported thing: the statement, the module, and the name taken from it (empty for `import module`)."""
    for node in source.nodes:
        match node:
            case ast.Import(names=names):
                yield from ((node, alias.name, "") for alias in names)
            case ast.ImportFrom(module=module, names=names):
                yield from ((node, module or "", alias.name) for alias in names)
            case _:
                pass
