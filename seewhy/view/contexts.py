"""What each page shows: rows by SQL, and texts with their marks. Nothing here knows a stage by name."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.datastructures import QueryParams

from seewhy.report.inputs import TrainingRun
from seewhy.runs.lock import end_of, writer_of
from seewhy.view.annotations import is_of
from seewhy.view.filters import filter_of, last_page, page_of
from seewhy.view.shelf import Shelf, Unit, is_annotated
from seewhy.view.tables import OUTCOMES, Row, Tables, scan
from seewhy.view.words import length_of, marked_chain

Context = dict[str, Any]
MOST_CHAINS = 64
"""Chains of a question on one page."""
WHOLE = 400_000
"""Characters of a chain that is shown alone."""


class Looks:
    """The contexts of one run's pages. Each takes the unit that the link names, and the link's query.

    A unit or a row that is not there is a LookupError with its name, a setting that cannot be meant a ValueError.
    """

    def __init__(self, shelf: Shelf, tables: Tables) -> None:
        self.shelf = shelf
        self.all: Sequence[Looks] = (self,)
        """Those of every run that is looked at, in order."""
        self.tables = tables
        self._pictures: dict[str, Path] = {}

    def others(self) -> Mapping[str, str]:
        """The other runs that are looked at: number and name."""
        return {str(number): look.shelf.name for number, look in enumerate(self.all) if look is not self}

    def other(self, number: str) -> "Looks":
        """One of the runs that are looked at, by its number, as it is now; LookupError where there is none."""
        if not number.isdecimal() or int(number) >= len(self.all):
            raise LookupError(f"run {number!r}")
        found = self.all[int(number)]
        found.shelf.look_again()
        return found

    def writer(self) -> str:
        """The process that writes in the run now; empty where none does."""
        return writer_of(self.shelf.root) if self.shelf.run else ""

    def end(self) -> str:
        """When and why the run stopped before its end; empty where it did not."""
        return end_of(self.shelf.root) if self.shelf.run else ""

    def training(self, ref: str) -> TrainingRun | None:
        """What the report shows of a training; None where the run has no recipe that says what it is."""
        run = self.shelf.run
        found = run.recipe.steps[ref].section(run, ref) if run and ref in run.recipe.steps else None
        return found if isinstance(found, TrainingRun) else None

    def alarms(self, training: str) -> Sequence[str]:
        """The alarms of a training, in words; none where it is not known what is watched."""
        found = self.training(training)
        return found.alarms if found else ()

    def questions(self, ref: str, query: QueryParams) -> Context:
        """A page of questions, with the outcomes of their chains where verdicts are chosen or known."""
        unit = self.unit(ref, "questions")
        judged = [one for one in self.shelf.of_kind("verdicts") if self._questions_of(one) == unit]
        drawn = self.unit(query["chains"], "chains") if query.get("chains") else None
        own = [one for one in judged if self.shelf.chains_of(one) == drawn] if drawn else judged
        chosen = self._chosen(own, query.get("verdicts", ""))
        wanted = filter_of(query)
        other = self.unit(wanted.apart, "verdicts") if wanted.apart else None
        rows, total = self.tables.questions(unit, chosen, wanted, other)
        self.see(unit, rows)
        chains = self.shelf.chains_of(chosen) if chosen else drawn
        return {
            "title": ref, "unit": unit, "rows": rows, "total": total, "wanted": wanted, "judged": judged,
            "chosen": chosen,
            "chains": chains.ref if chains else "", "facets": self.tables.facets(unit), "outcomes": OUTCOMES,
            "last": last_page(total),
            "filter": {name: value for name, value in query.items() if name != "page"},
        }  # fmt: skip

    def question(self, ref: str, query: QueryParams) -> Context:
        """A question with all chains of a unit, side by side, and every judge's verdict on each."""
        unit, name = self.unit(ref, "questions"), query.get("id", "")
        asked = self.question_of(unit, name)
        if asked is None:
            raise LookupError(f"question {name!r} in {ref}")
        about = [one for one in self.shelf.of_kind("chains") if self._questions_of(one) == unit]
        chosen = self._chosen(about, query.get("chains", ""))
        number, alone = page_of(query), query.get("chain", "")
        if alone and not alone.isdecimal():
            raise ValueError(f"chain {alone!r} is no number")
        chains = self.tables.of_question(chosen, name, MOST_CHAINS + 1, number * MOST_CHAINS) if chosen else []
        has_more, chains = len(chains) > MOST_CHAINS, chains[:MOST_CHAINS]
        if alone:
            chains = [chain for chain in chains if chain["index"] == int(alone)]
        most = WHOLE if alone else length_of(len(chains))
        verdicts = self._verdicts(chosen, name) if chosen else {}
        texts = {_key(chain): str(chain["text"]) for chain in chains}
        lost = [row for key, rows in verdicts.items() for row in rows if key in texts and not is_of(row, texts[key])]
        verdicts = {key: [row for row in rows if row not in lost] for key, rows in verdicts.items()}
        spans = {key: [s for one in rows for s in one["spans"] or ()] for key, rows in verdicts.items()}
        shown = [
            {**chain, "marked": marked_chain(chain, asked, spans.get(_key(chain), ()), most),
             "is_cut": len(texts[_key(chain)]) > most, "verdicts": verdicts.get(_key(chain), ())}
            for chain in chains
        ]  # fmt: skip
        return {"title": name, "unit": unit, "question": asked, "about": about, "chosen": chosen, "chains": shown,
                "page": number, "has_more": has_more, "lost": lost, "alone": alone}  # fmt: skip

    def rows(self, ref: str, query: QueryParams) -> Context:
        """A page of any rows, as they are."""
        unit = self.unit(ref)
        number = page_of(query)
        rows = self.tables.page(unit, number)
        return {"title": ref, "unit": unit, "rows": rows, "columns": list(rows[0]) if rows else [], "page": number,
                "last": last_page(unit.rows)}  # fmt: skip

    def picture(self, sha256: str) -> Path | None:
        """The file of a picture that a shown question or pair names."""
        return self._pictures.get(unquote(sha256))

    def unit(self, ref: str, kind: str = "") -> Unit:
        """The unit of this name; LookupError where there is none of the kind."""
        unit = self.shelf.units.get(ref) or self.shelf.unit_of_round(ref)
        if unit is None or (kind and unit.kind != kind):
            raise LookupError(f"unit of {kind or 'rows'} {ref!r}")
        return unit

    def _chosen(self, units: Sequence[Unit], ref: str) -> Unit | None:
        if ref:
            return next((unit for unit in units if unit.ref == ref), None) or self.unit(ref)
        return max(units, key=lambda unit: unit.rows, default=None)

    def _questions_of(self, unit: Unit) -> Unit | None:
        chains = self.shelf.chains_of(unit) if is_annotated(unit.ref) else unit
        return self.shelf.origin(chains.ref, "questions") if chains else None

    def question_of(self, unit: Unit | None, name: str) -> Row | None:
        """A question of a unit; its pictures may be shown from now on."""
        found = self.tables.of_question(unit, name) if unit else []
        if unit and found:
            self.see(unit, found)
        return found[0] if found else None

    def questions_of(self, unit: Unit | None, rows: Sequence[Row]) -> Mapping[str, Row]:
        """The questions that rows are about, by id; their pictures may be shown from now on."""
        names = sorted({str(row["question_id"]) for row in rows})
        found = self.tables.rows(f"SELECT * FROM {scan(unit)} WHERE list_contains(?, id)", names) if unit else []
        if unit:
            self.see(unit, found)
        return {str(row["id"]): row for row in found}

    def _verdicts(self, chains: Unit, name: str) -> Mapping[tuple[int, str], list[Row]]:
        found: defaultdict[tuple[int, str], list[Row]] = defaultdict(list)
        for unit in self.shelf.judged(chains.ref):
            for row in self.tables.of_question(unit, name):
                found[_key(row)].append(row)
        return found

    def see(self, unit: Unit, rows: Sequence[Row]) -> None:
        """Remember the paths of the pictures of shown rows; paths are relative to their rows or to the run."""
        for row in rows:
            for image in row["images"] or ():
                places = (unit.folder / image["path"], self.shelf.root / image["path"], Path(image["path"]))
                path = next((place for place in places if place.is_file()), places[0])
                self._pictures[str(image["sha256"])] = path


def _key(row: Row) -> tuple[int, str]:
    return int(row["index"]), str(row["style"])
