"""The page of pairs: chosen beside rejected with the words that differ, and the pairs of another step below them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from seewhy.view.contexts import Context, Looks
from seewhy.view.filters import last_page, page_of
from seewhy.view.shelf import Unit
from seewhy.view.tables import PAGE, Row, scan
from seewhy.view.words import differences, length_of

MOST_BESIDE = 4
"""Pairs of the other step that are shown below one pair."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The pairs of another step, of this run or of another one."""

    looks: Looks
    unit: Unit
    run: int
    """Its number among those that are looked at."""

    @property
    def title(self) -> str:
        """Its name on the page."""
        return f"{self.looks.shelf.name}: {self.unit.ref}"


def pairs(looks: Looks, ref: str, query: QueryParams) -> Context:
    """A page of pairs; with `beside` (the number of a run, `/`, a unit of pairs) those of the same questions there."""
    unit, number, beside = looks.unit(ref, "pairs"), page_of(query), query.get("beside", "")
    others = [f"{run}/{one.ref}" for run, look in enumerate(looks.all) for one in look.shelf.of_kind("pairs")
              if look is not looks or one.ref != ref]  # fmt: skip
    other = beside_of(looks, beside) if beside else None
    rows = looks.tables.page(unit, number)
    theirs = _of_same_questions(other, rows) if other else {}
    there = [theirs.get(_key(row), []) for row in rows]
    most = length_of(2 * sum(1 + len(some[:MOST_BESIDE]) for some in there))
    questions = looks.shelf.origin(ref, "questions")
    asked = looks.questions_of(questions, rows)
    shown = [
        {**row, "question": asked.get(str(row["question_id"])),
         "there": _shown(other.looks, other.unit, some[:MOST_BESIDE], most) if other else (),
         "more": max(len(some) - MOST_BESIDE, 0)}
        for row, some in zip(_shown(looks, unit, rows, most), there, strict=True)
    ]  # fmt: skip
    return {
        "title": ref, "unit": unit, "rows": shown, "page": number, "last": last_page(unit.rows),
        "questions": questions, "others": others, "beside": beside, "other": other,
        "counts": counts_of(looks, unit, other) if other else {},
    }  # fmt: skip


def beside_of(looks: Looks, name: str) -> Beside:
    """The unit of pairs that a link names; LookupError where there is none."""
    number, _, ref = name.partition("/")
    other = looks.other(number)
    return Beside(other, other.unit(ref, "pairs"), int(number))


def counts_of(looks: Looks, unit: Unit, other: Beside) -> Mapping[str, int]:
    """How many questions have pairs in both units and in one alone, and how many pairs are in both to the letter."""
    named = "SELECT DISTINCT question_id, style FROM {}"
    same = "SELECT DISTINCT question_id, style, chosen.text AS c, rejected.text AS r FROM {}"
    here, there = scan(unit), scan(other.unit)
    both = "SELECT count(*) AS n FROM ({} INTERSECT {})"
    name = looks.tables.kept(
        ("pairs beside", str(unit.folder), str(other.unit.folder)), [unit, other.unit],
        f"SELECT ({both.format(named.format(here), named.format(there))}) AS questions, "
        f"(SELECT count(*) FROM ({named.format(here)})) AS here, "
        f"(SELECT count(*) FROM ({named.format(there)})) AS there, "
        f"({both.format(same.format(here), same.format(there))}) AS pairs",
    )  # fmt: skip
    row = looks.tables.rows(f"SELECT * FROM {name}")[0]
    return {"questions in both": row["questions"], "only here": row["here"] - row["questions"],
            "only there": row["there"] - row["questions"], "equal pairs": row["pairs"]}  # fmt: skip


def _of_same_questions(other: Beside, rows: Sequence[Row]) -> Mapping[tuple[str, str], list[Row]]:
    found: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    names = sorted({str(row["question_id"]) for row in rows})
    query = (f"SELECT * FROM {scan(other.unit)} WHERE list_contains(?, question_id) QUALIFY row_number() OVER "
             f"(PARTITION BY question_id, style) <= {PAGE}")  # fmt: skip
    for row in other.looks.tables.rows(query, names):
        found[_key(row)].append(row)
    return found


def _shown(looks: Looks, unit: Unit, rows: Sequence[Row], most: int) -> list[Row]:
    """Both sides of pairs, with the words that differ; their own pictures may be shown from now on."""
    looks.see(unit, [{"images": row.get("rejected_images")} for row in rows])
    return [_marked(row, most) for row in rows]


def _marked(row: Row, most: int) -> Row:
    one, other, shared = differences(row["chosen"]["text"], row["rejected"]["text"], most)
    return {**row, "chosen_marked": one, "rejected_marked": other, "shared": shared}


def _key(row: Row) -> tuple[str, str]:
    return str(row["question_id"]), str(row["style"])
