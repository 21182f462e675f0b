"""Rows of a run by SQL: DuckDB reads the Parquet files in place, and only the columns and rows of one page."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from seewhy.records.types import Outcome
from seewhy.view.shelf import Unit

OUTCOMES = tuple(outcome.value for outcome in Outcome)
PAGE = 50
"""Rows of a page."""
EVERY = 100_000
"""Rows of a question at most: verdicts of its chains, or tokens of them."""
MEMORY = "600MB"
"""Of DuckDB; what needs more spills to the disk."""
ORDERS = {"file": "place", "accuracy": "accuracy NULLS LAST, place", "hard": "abs(accuracy - 0.5) NULLS LAST, place"}
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which questions are shown, and in which order.

    Example:
        >>> Filter(search="how many", lowest=0.25, highest=0.85).page
        0
    """

    search: str = ""
    """Words in a question's text or its id, in any case."""
    facet: str = ""
    """`name=value`."""
    lowest: float = 0.0
    highest: float = 1.0
    """The share of right chains, where there are verdicts."""
    outcome: str = ""
    """At least one chain has it."""
    apart: str = ""
    """A unit of verdicts of another judge, who calls at least one chain otherwise."""
    order: str = "file"
    page: int = 0


@dataclass(slots=True)
class Tables:
    """A connection, and sums over verdicts that were asked for before."""

    connection: duckdb.DuckDBPyConnection = field(default_factory=lambda: duckdb.connect(config={
        "memory_limit": MEMORY, "threads": "2", "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false"}))  # fmt: skip
    _sums: dict[tuple[str, float], str] = field(default_factory=dict[tuple[str, float], str])
    """Names of the tables that were made, by what they hold and when that was written."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def rows(self, query: str, *values: object) -> list[Row]:
        """The rows of a query."""
        with self.connection.cursor() as cursor:
            found = cursor.execute(query, list(values))
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def arrays(self, query: str, *values: object) -> Mapping[str, NDArray[np.int64]]:
        """The columns of a query of whole numbers."""
        with self.connection.cursor() as cursor:
            found = cursor.execute(query, list(values)).fetchnumpy()
            return {name: np.asarray(column, dtype=np.int64) for name, column in found.items()}

    def kept(self, key: tuple[str, ...], units: Sequence[Unit], query: str) -> str:
        """The name of a table with the rows of a query; it is made anew where a unit has been written since."""
        stamp = ("/".join(key), sum(unit.folder.stat().st_mtime for unit in units))
        with self._lock:
            if stamp not in self._sums:
                name = f"kept_{len(self._sums)}"
                self.connection.execute(f"CREATE TABLE {name} AS {query}")
                self._sums[stamp] = name
            return self._sums[stamp]

    def sums_of(self, verdicts: Unit) -> str:
        """The name of a table with each question's number of chains and outcomes.

        It is made at its first use, and anew where the folder has been written since.
        """
        counted = ", ".join(f"sum((outcome = '{word}')::INT)::INT AS {word}" for word in OUTCOMES)
        return self.kept(
            ("sums", str(verdicts.folder)), [verdicts],
            f"SELECT question_id, count(*) AS n, {counted} FROM {scan(verdicts)} GROUP BY question_id",
        )  # fmt: skip

    def both(self, one: Unit, other: Unit) -> str:
        """Two judges' verdicts on the same chains, as an SQL join of a and b.

        Judges write in the order of the chains: where all keys are equal row by row, rows are put beside each other
        without a join, which takes a tenth of the time.
        """
        own = f"(SELECT question_id, index, style, outcome FROM {scan(one)}) a"
        if one.rows == other.rows:
            key = "SELECT hash(question_id, index, style) AS {} FROM {}"
            table = self.kept(
                ("same order", str(one.folder), str(other.folder)), [one, other],
                f"SELECT count(*) AS n FROM ({key.format('x', scan(one))}) a POSITIONAL JOIN "
                f"({key.format('y', scan(other))}) b WHERE x IS DISTINCT FROM y",
            )  # fmt: skip
            if self.rows(f"SELECT n FROM {table}")[0]["n"] == 0:
                return f"{own} POSITIONAL JOIN (SELECT outcome FROM {scan(other)}) b"
        return f"{own} JOIN {scan(other)} b USING (question_id, index, style)"

    def agreed_of(self, one: Unit, other: Unit) -> str:
        """The name of a table with each question's number of chains that both judges call, and call alike."""
        return self.kept(
            ("agreed", str(one.folder), str(other.folder)), [one, other],
            "SELECT a.question_id AS question_id, count(*)::INT AS n, "
            "count(*) FILTER ((a.outcome = 'correct') = (b.outcome = 'correct'))::INT AS same "
            f"FROM {self.both(one, other)} WHERE a.outcome <> 'unjudged' AND b.outcome <> 'unjudged' "
            "GROUP BY a.question_id",
        )  # fmt: skip

    def apart(self, one: Unit, other: Unit) -> str:
        """A query of the questions of which two judges call a chain right and not right."""
        return f"SELECT question_id FROM {self.agreed_of(one, other)} WHERE same < n"

    def outcomes(self, unit: Unit) -> Row:
        """How many verdicts have each outcome, and of how many questions."""
        counted = ", ".join(f"coalesce(sum({word}), 0)::BIGINT AS {word}" for word in OUTCOMES)
        return self.rows(f"SELECT count(*) AS questions, {counted} FROM {self.sums_of(unit)}")[0]

    def crossed(self, judge: Unit, truth: Unit) -> list[Row]:
        """How often two judges say what of the same chain."""
        table = self.kept(
            ("crossed", str(judge.folder), str(truth.folder)), [judge, truth],
            "SELECT a.outcome AS said, b.outcome AS known, count(*)::BIGINT AS n "
            f"FROM {self.both(judge, truth)} GROUP BY ALL ORDER BY ALL",
        )  # fmt: skip
        return self.rows(f"SELECT * FROM {table} ORDER BY ALL")

    def crossing(self, judge: Unit, truth: Unit, said: str, known: str, page: int) -> list[Row]:
        """The chains of which one judge says this and the other that."""
        return self.rows(
            f"SELECT a.question_id, a.index FROM {self.both(judge, truth)} WHERE a.outcome = ? AND b.outcome = ? "
            f"ORDER BY ALL LIMIT {PAGE} OFFSET {page * PAGE}", said, known
        )  # fmt: skip

    def agreed(self, judge: Unit, truth: Unit) -> Mapping[str, NDArray[np.int64]]:
        """Of each question its chains that both judges call, and how many of them they call alike."""
        return self.arrays(f"SELECT same, n FROM {self.agreed_of(judge, truth)}")

    def questions(
        self, unit: Unit, verdicts: Unit | None, wanted: Filter, other: Unit | None = None
    ) -> tuple[list[Row], int]:
        """A page of questions with the outcomes of their chains, and how many there are in all.

        `other` are verdicts of a second judge: only questions of which the two call a chain otherwise.
        """
        sums = self.sums_of(verdicts) if verdicts else ""
        conditions, values = _conditions(wanted, has_sums=bool(sums))
        if verdicts and other:
            conditions.append(f"id IN ({self.apart(verdicts, other)})")
        accuracy = "correct / nullif(correct + incorrect + no_answer, 0)"
        joined = f"LEFT JOIN {sums} s ON s.question_id = q.id" if sums else ""
        counted = f"s.n, s.correct, s.incorrect, s.no_answer, s.unjudged, {accuracy} AS accuracy" if sums else (
            "NULL AS n, NULL AS accuracy")  # fmt: skip
        table = f"(SELECT q.*, {counted} FROM (SELECT *, row_number() OVER () AS place FROM {scan(unit)}) q {joined})"
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        total = int(self.rows(f"SELECT count(*) AS n FROM {table} {where}", *values)[0]["n"])
        order = ORDERS[wanted.order if sums else "file"]
        start = wanted.page * PAGE
        return self.rows(f"SELECT * FROM {table} {where} ORDER BY {order} LIMIT {PAGE} OFFSET {start}", *values), total

    def of_question(self, unit: Unit, question_id: str, most: int = EVERY, start: int = 0) -> list[Row]:
        """The rows of a question, in order; `most` from number `start` on."""
        column = "id" if unit.kind == "questions" else "question_id"
        order = "ORDER BY index" if unit.kind in {"chains", "verdicts", "scores"} else ""
        return self.rows(
            f"SELECT * FROM {scan(unit)} WHERE {column} = ? {order} LIMIT {most} OFFSET {start}", question_id
        )

    def page(self, unit: Unit, number: int, size: int = PAGE) -> list[Row]:
        """A page of any rows, in order."""
        return self.rows(f"SELECT * FROM {scan(unit)} LIMIT {size} OFFSET {number * size}")

    def rows_of(self, unit: Unit) -> list[Row]:
        """All rows of a small unit."""
        return self.rows(f"SELECT * FROM {scan(unit)}")

    def chains(self, unit: Unit, question_id: str, style: str, indexes: Sequence[int]) -> list[Row]:
        """Some chains of a question."""
        return self.rows(
            f"SELECT * FROM {scan(unit)} WHERE question_id = ? AND style = ? AND list_contains(?, index)",
            question_id, style, list(indexes),
        )  # fmt: skip

    def drawn(self, chains: Unit, seed: int, n: int) -> list[Row]:
        """The `n` chains of smallest hash, in its order: question_id, style, indexes of one, texts of one."""
        table = self.kept(
            ("drawn", str(chains.folder), str(seed), str(n)), [chains],
            f"SELECT question_id, style, index FROM {scan(chains)} "
            f"ORDER BY sha256({_name_of(seed)} || '/' || index), question_id, style, index LIMIT {n}",
        )  # fmt: skip
        return self.rows(
            f"SELECT question_id, style, [index] AS indexes, [text] AS texts FROM {table} "
            f"JOIN {scan(chains)} USING (question_id, style, index) ORDER BY sha256({_name_of(seed)} || '/' || index)"
        )

    def drawn_pairs(self, chains: Unit, seed: int, n: int) -> list[Row]:
        """Two chains of each of the `n` questions of smallest hash, in the order of their own hashes."""
        table = self.kept(
            ("pairs", str(chains.folder), str(seed), str(n)), [chains],
            f"SELECT question_id, style, list(index ORDER BY sha256({_name_of(seed)} || '/' || index))[:2] AS indexes "
            f"FROM {scan(chains)} GROUP BY question_id, style HAVING count(*) > 1 "
            f"ORDER BY sha256({_name_of(seed)}), question_id, style LIMIT {n}",
        )  # fmt: skip
        return self.rows(
            "SELECT question_id, style, indexes, list(text ORDER BY list_position(indexes, index)) AS texts "
            f"FROM {table} JOIN {scan(chains)} USING (question_id, style) WHERE list_contains(indexes, index) "
            f"GROUP BY question_id, style, indexes ORDER BY sha256({_name_of(seed)})"
        )

    def transitions(self, before: Unit, after: Unit) -> list[Row]:
        """How often an outcome became another, question by question: the first chain of each."""
        one = "(SELECT question_id, outcome FROM {} WHERE index = 0)"
        return self.rows(
            f"SELECT a.outcome AS before, b.outcome AS after, count(*) AS n, min(a.question_id) AS first "
            f"FROM {one.format(scan(before))} a JOIN {one.format(scan(after))} b USING (question_id) "
            "GROUP BY ALL ORDER BY ALL"
        )

    def moved(self, before: Unit, after: Unit, was: str, became: str, page: int) -> list[Row]:
        """The questions whose first chain's outcome was one and became another."""
        one = "(SELECT question_id, outcome FROM {} WHERE index = 0)"
        return self.rows(
            f"SELECT question_id FROM {one.format(scan(before))} a "
            f"JOIN {one.format(scan(after))} b USING (question_id) "
            f"WHERE a.outcome = ? AND b.outcome = ? ORDER BY question_id LIMIT {PAGE} OFFSET {page * PAGE}", was, became
        )  # fmt: skip

    def facets(self, unit: Unit) -> list[str]:
        """The facets of questions as `name=value`, the 60 most frequent."""
        found = self.rows(
            "SELECT f.key || '=' || f.value AS facet, count(*) AS n FROM (SELECT unnest(facets) AS f "
            f"FROM {scan(unit)}) GROUP BY facet ORDER BY n DESC, facet LIMIT 60"
        )
        return [str(row["facet"]) for row in found]


def _conditions(wanted: Filter, *, has_sums: bool) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    values: list[object] = []
    if wanted.search:
        conditions.append("(contains(lower(text), ?) OR contains(lower(id), ?))")
        values += [wanted.search.lower()] * 2
    if wanted.facet:
        name, _, value = wanted.facet.partition("=")
        conditions.append("list_contains(list_transform(facets, lambda f: f.key || '=' || f.value), ?)")
        values.append(f"{name}={value}")
    if has_sums and (wanted.lowest > 0 or wanted.highest < 1):
        conditions.append("accuracy BETWEEN ? AND ?")
        values += [wanted.lowest, wanted.highest]
    if has_sums and wanted.outcome:
        if wanted.outcome not in OUTCOMES:
            raise ValueError(f"outcome={wanted.outcome}: there are {', '.join(OUTCOMES)}")
        conditions.append(f"{wanted.outcome} > 0")
    return conditions, values


def _name_of(seed: int) -> str:
    """What is hashed of a question, as SQL."""
    return f"'{seed}/' || question_id || '/' || style"


def scan(unit: Unit) -> str:
    """The rows of a unit, as an SQL table; shards may lack columns that others have.

    A folder such as `lr=1e-5` above it is no column, as it would be where files are partitioned in Hive's manner.
    """
    path = unit.files.replace("'", "''")
    return f"read_parquet('{path}', union_by_name=true, hive_partitioning=false)"
