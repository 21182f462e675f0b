"""Pages of what was measured: accuracies with intervals, one judge against another, transitions, best-of-N curves."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from starlette.datastructures import QueryParams

from seewhy.evaluation.calibration import counted_kappa
from seewhy.evaluation.intervals import share_interval
from seewhy.records.measures import CurvePoint, Interval, Selection
from seewhy.report.curves import plot_choices
from seewhy.report.words import say_selection
from seewhy.view.contexts import Context, Looks
from seewhy.view.filters import last_page, page_of
from seewhy.view.shelf import Unit
from seewhy.view.tables import Row

CALLED = ("correct", "incorrect", "no_answer")


def scores(looks: Looks, _ref: str, query: QueryParams) -> Context:
    """Every unit of verdicts: outcomes, and the share of right ones with its interval; beside those of another run."""
    beside = query.get("beside", "")
    other = looks.other(beside) if beside else None
    found = {unit.ref: _score(looks, unit) for unit in looks.shelf.of_kind("verdicts")}
    there = {unit.ref: _score(other, unit) for unit in other.shelf.of_kind("verdicts")} if other else {}
    return {
        "title": "Scores", "rows": list(found.values()), "others": looks.others(), "beside": beside,
        "both": [(ref, found.get(ref), there.get(ref)) for ref in dict.fromkeys((*found, *there))] if other else [],
        "names": (looks.shelf.name, other.shelf.name if other else ""),
    }  # fmt: skip


def _score(looks: Looks, unit: Unit) -> Context:
    return {"unit": unit, **looks.tables.outcomes(unit), "accuracy": _accuracy(looks, unit)}


def _accuracy(looks: Looks, unit: Unit) -> Interval | None:
    sums = looks.tables.sums_of(unit)
    found = looks.tables.arrays(
        f"SELECT correct, correct + incorrect + no_answer AS judged FROM {sums} WHERE judged > 0"
    )
    if not len(found["judged"]):
        return None
    return share_interval(found["correct"].astype(np.float64), found["judged"].astype(np.float64))


def curves(looks: Looks, ref: str, _query: QueryParams) -> Context:
    """Accuracy over the number of chains, by every way to choose among them."""
    unit = looks.unit(ref, "curves")
    rows = looks.tables.page(unit, 0, size=1000)
    points = [CurvePoint(method=Selection(row["method"]), n=int(row["n"]), value=row["value"], low=row["low"],
                         high=row["high"]) for row in rows]  # fmt: skip
    labelled = [{**row, "label": say_selection(Selection(row["method"]))} for row in rows]
    return {"title": ref, "unit": unit, "rows": labelled, "curve": plot_choices(points) if points else None}


def agreement(looks: Looks, _ref: str, query: QueryParams) -> Context:
    """One judge's verdicts against another's on the same chains: every cell, accuracy, kappa."""
    units = [unit.ref for unit in looks.shelf.of_kind("verdicts")]
    judge, truth = query.get("judge", ""), query.get("truth", "")
    context: Context = {"title": "Judges compared", "units": units, "judge": judge, "truth": truth, "cells": [],
                        "moved": [], "drawn": looks.shelf.is_drawn(truth) or looks.shelf.is_drawn(judge)}  # fmt: skip
    if not judge or not truth:
        return context
    one, other = looks.unit(judge, "verdicts"), looks.unit(truth, "verdicts")
    cells = looks.tables.crossed(one, other)
    said, known = query.get("said", ""), query.get("known", "")
    page = page_of(query)
    moved = looks.tables.crossing(one, other, said, known, page) if said and known else []
    total = sum(int(cell["n"]) for cell in cells if (cell["said"], cell["known"]) == (said, known))
    return context | _agreed(looks, one, other, cells) | {
        "cells": cells, "moved": moved, "said": said, "known": known, "page": page, "last": last_page(total),
        "questions": looks.shelf.origin(judge, "questions"), "chains": looks.shelf.chains_of(one),
    }  # fmt: skip


def _agreed(looks: Looks, judge: Unit, truth: Unit, cells: Sequence[Row]) -> Context:
    """Accuracy over questions, since chains of a question go together, and Cohen's kappa over chains."""
    by_question = looks.tables.agreed(judge, truth)
    if not len(by_question["n"]):
        return {"agreed": None, "kappa": None, "judged": 0}
    calls = Counter[tuple[bool, bool]]()
    for cell in cells:
        if cell["said"] in CALLED and cell["known"] in CALLED:
            calls[cell["said"] == "correct", cell["known"] == "correct"] += int(cell["n"])
    agreed = share_interval(by_question["same"].astype(np.float64), by_question["n"].astype(np.float64))
    return {"agreed": agreed, "kappa": counted_kappa(calls), "judged": int(by_question["n"].sum())}


def transitions(looks: Looks, _ref: str, query: QueryParams) -> Context:
    """How outcomes of the same questions changed between two units of verdicts, and the questions of a cell."""
    units = [unit.ref for unit in looks.shelf.of_kind("verdicts")]
    before, after = query.get("before", ""), query.get("after", "")
    context: Context = {"title": "Transitions", "units": units, "before": before, "after": after, "cells": [],
                        "moved": []}  # fmt: skip
    if not before or not after:
        return context
    one, other = looks.unit(before, "verdicts"), looks.unit(after, "verdicts")
    was, became = query.get("was", ""), query.get("became", "")
    page, cells = page_of(query), looks.tables.transitions(one, other)
    moved = looks.tables.moved(one, other, was, became, page) if was and became else []
    total = sum(int(cell["n"]) for cell in cells if (cell["before"], cell["after"]) == (was, became))
    return context | {
        "moved": moved, "cells": cells, "was": was, "became": became, "page": page, "last": last_page(total),
        "questions": looks.shelf.origin(after, "questions"), "chains": looks.shelf.origin(after, "chains"),
    }  # fmt: skip
