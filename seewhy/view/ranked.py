"""The page of ranked groups: the responses to a prompt by score, and the pairs that are drawn among them."""

from collections import defaultdict

from starlette.datastructures import QueryParams

from seewhy.view.contexts import MOST_CHAINS, Context, Looks
from seewhy.view.filters import last_page, page_of
from seewhy.view.tables import Row
from seewhy.view.words import length_of, pieces_of

PAGE = 10
"""Groups of a page: each holds all responses to a prompt."""


def groups(looks: Looks, ref: str, query: QueryParams) -> Context:
    """A page of groups, best response first; of each its score, and which others it is preferred to."""
    unit = looks.unit(ref, "groups")
    number = page_of(query)
    rows = looks.tables.page(unit, number, size=PAGE)
    questions = looks.shelf.origin(ref, "questions")
    most = length_of(sum(min(len(row["responses"]), MOST_CHAINS) for row in rows))
    asked = looks.questions_of(questions, rows)
    shown = [{**row, "shown": _ordered(row, most), "question": asked.get(str(row["question_id"]))} for row in rows]
    return {"title": ref, "unit": unit, "rows": shown, "page": number, "last": last_page(unit.rows, PAGE),
            "questions": questions}  # fmt: skip


def _ordered(group: Row, most: int) -> list[Row]:
    """The responses by score, best first, each under its number in the group; at most `MOST_CHAINS`."""
    over, under = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    for pick in group["picks"] or []:
        over[int(pick["chosen"])].append(int(pick["rejected"]))
        under[int(pick["rejected"])].append(int(pick["chosen"]))
    numbered: list[tuple[int, Row]] = list(enumerate(group["responses"]))
    numbered.sort(key=lambda one: -float(one[1]["score"]))
    return [
        {**one, "number": number, "text": pieces_of(one["response"]["text"], most), "over": over[number],
         "under": under[number]}
        for number, one in numbered[:MOST_CHAINS]
    ]  # fmt: skip
