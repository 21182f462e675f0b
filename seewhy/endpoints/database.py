"""The SQLite file behind a cache of replies: its tables, and how several processes write to it."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

MALFORMED = "malformed"
"""In what SQLite says of a file that was damaged."""
IF_DAMAGED = ("If it is damaged, move it away: replies that it held are asked anew; `sqlite3 FILE .recover` brings "
              "back what is whole")  # fmt: skip
IN_MEMORY = ":memory:"
LOG_PAGES = 4000
"""Pages of 4 KiB that the log may have before they are moved into the file, where SQLite itself takes 1,000: all calls
wait for the disk meanwhile, and a page that was written several times is moved once."""
PATIENCE_S = 60.0
"""How long one process waits for another that is writing."""
TABLES = """
CREATE TABLE IF NOT EXISTS calls (
    number INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    model TEXT NOT NULL,
    replies TEXT NOT NULL,
    declined TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    dollars REAL NOT NULL,
    origin TEXT,
    came_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    checksum TEXT
);
CREATE TABLE IF NOT EXISTS open_calls (
    number INTEGER PRIMARY KEY,
    most_tokens INTEGER NOT NULL,
    most_dollars REAL NOT NULL,
    began_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    owner TEXT
);
CREATE TABLE IF NOT EXISTS owners (
    owner TEXT PRIMARY KEY,
    pid INTEGER NOT NULL,
    place TEXT NOT NULL,
    until REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS claims (key TEXT PRIMARY KEY, owner TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sums (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    calls INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    dollars REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS calls_by_key ON calls (key);
CREATE UNIQUE INDEX IF NOT EXISTS calls_by_origin ON calls (origin) WHERE origin IS NOT NULL;
INSERT OR IGNORE INTO sums SELECT 1, COUNT(*), IFNULL(SUM(prompt_tokens), 0), IFNULL(SUM(completion_tokens), 0),
    IFNULL(SUM(dollars), 0.0) FROM calls;
CREATE TRIGGER IF NOT EXISTS calls_are_summed AFTER INSERT ON calls BEGIN
    UPDATE sums SET calls = calls + 1, prompt_tokens = prompt_tokens + NEW.prompt_tokens,
        completion_tokens = completion_tokens + NEW.completion_tokens, dollars = dollars + NEW.dollars;
END;
"""
"""The sum of all calls is kept by the database itself, so that every process sees it at the cost of one row."""
LATER_COLUMNS = (("calls", "checksum"), ("open_calls", "owner"))
"""Those that files of 0.1 lack."""


class Database:
    """One connection, used from one thread; close it when all is done."""

    def __init__(self, place: str) -> None:
        """Raises ValueError where the file cannot be used."""
        self.place = place or IN_MEMORY
        if place:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
        try:
            self.base = sqlite3.connect(self.place, timeout=PATIENCE_S, isolation_level=None)
            self.base.text_factory = readable
            self.base.execute("PRAGMA journal_mode=WAL")
            self.base.execute("PRAGMA synchronous=NORMAL")
            self.base.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
            self._make_tables()
        except sqlite3.Error as error:
            if MALFORMED in str(error):
                raise ValueError(f"{self.place} cannot be read ({error}). {IF_DAMAGED}") from error
            raise ValueError(
                f"{self.place} cannot be used as a cache of replies ({error}); name a file in a folder that can be "
                "written to and is on a disk of this machine, or one that seewhy made"
            ) from error

    @property
    def is_shared(self) -> bool:
        """Whether other processes can see it."""
        return self.place != IN_MEMORY

    @contextmanager
    def writing(self) -> Generator[sqlite3.Connection]:
        """One transaction: all that is written in it is kept, or nothing.

        Raises:
            OSError: it could not be written (a full disk, a file that another process holds, a value without a place).
        """
        try:
            with self.base:
                self.base.execute("BEGIN IMMEDIATE")
                yield self.base
        except (sqlite3.Error, OverflowError, UnicodeError) as error:
            raise OSError(
                f"replies cannot be kept in {self.place} ({error}). All that was kept before is whole. Make room (or "
                "give permission to write), then run the same command again: it continues from there"
            ) from error

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """Turns errors of reading into ones that name the file.

        Raises:
            OSError: the file is damaged, or held by another process.
        """
        try:
            yield self.base
        except sqlite3.Error as error:
            raise OSError(f"{self.place} cannot be read ({error}). {IF_DAMAGED}") from error

    def close(self) -> None:
        """Let the file go."""
        self.base.close()

    def _make_tables(self) -> None:
        with self.base:
            self.base.execute("BEGIN IMMEDIATE")
            for statement in statements(TABLES):
                self.base.execute(statement)
                for table, column in LATER_COLUMNS:
                    if f"EXISTS {table} (" in statement and column not in self._columns(table):
                        self.base.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT")

    def _columns(self, table: str) -> set[str]:
        return {row[1] for row in self.base.execute(f"PRAGMA table_info({table})")}


def statements(script: str) -> list[str]:
    """The statements of a script; `executescript` would end the transaction."""
    found, held = list[str](), ""
    for line in script.splitlines(keepends=True):
        held += line
        if sqlite3.complete_statement(held):
            found.append(held)
            held = ""
    return found


def readable(raw: bytes) -> str:
    """Text as it is in the file; bytes that are no UTF-8 become half characters, which no written text holds."""
    return raw.decode("utf-8", "surrogateescape")
