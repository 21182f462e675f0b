"""Which `raise` statements of seewhy no test reached: `python tests/raises/unreached.py FOLDER` after `make raises`."""

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
BARE = "raise"
TABLE = Path(__file__).with_name("elsewhere.txt")


@dataclass(frozen=True)
class Raised:
    """A `raise` statement."""

    path: str
    line: int
    text: str

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class Elsewhere:
    """A row of `elsewhere.txt`: a statement that the main tests cannot reach, and why."""

    path: str
    words: str
    reason: str

    def names(self, raised: Raised) -> bool:
        """Whether this row is of that statement."""
        is_meant = raised.text == BARE if self.words == BARE else self.words in raised.text
        return self.path == raised.path and is_meant


def statements(root: Path) -> list[Raised]:
    """All `raise` statements of the package below `root`."""
    found = []
    for file in sorted((root / "seewhy").rglob("*.py")):
        nodes = (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Raise))
        path = file.relative_to(root).as_posix()
        found += [Raised(path, node.lineno, ast.unparse(node)) for node in sorted(nodes, key=lambda node: node.lineno)]
    return found


def elsewhere(table: str) -> list[Elsewhere]:
    """The rows of the table; lines that begin with # are headings."""
    rows = (line for line in table.splitlines() if line.strip() and not line.startswith("#"))
    return [Elsewhere(*(cell.strip() for cell in row.split(" | "))) for row in rows]


def unreached(root: Path, folder: Path, rows: list[Elsewhere]) -> list[Raised]:
    """The statements that neither a process of the tests reached nor a row of the table names."""
    places = {line for file in folder.iterdir() if file.is_file() for line in file.read_text("utf-8").splitlines()}
    return [
        raised
        for raised in statements(root)
        if raised.place not in places and not any(row.names(raised) for row in rows)
    ]


def main(folder: str) -> int:
    """Write them; 1 where there is one."""
    rows = elsewhere(TABLE.read_text("utf-8"))
    left = unreached(ROOT, Path(folder), rows)
    told = [f"{raised.place}  {raised.text[:200]}" for raised in left]
    told.append(f"{len(left)} of {len(statements(ROOT))} raise statements reached by no test, {len(rows)} excepted")
    sys.stdout.write("\n".join([*told, ""]))
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
