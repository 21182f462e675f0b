"""The page of ranked groups: the responses to a prompt by score, and the pairs that are drawn among them."""

from starlette.datastructures import QueryParams

from seewhy.view.contexts import Context, Looks
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
    most = length_of(sum(len(row["responses"]) for row in rows))
    asked = looks.questions_of(questions, rows)
    shown = [{**row, "responses": _ordered(row, most), "question": asked.get(str(row["question_id"]))} for row in rows]
    return {"title": ref, "unit": unit, "rows": shown, "page": number, "last": last_page(unit.rows, PAGE),
            "questions": questions}  # fmt: skip


def _ordered(group: Row, most: int) -> list[Row]:
    """The responses by score, best first, each under its number in the group."""
    picks = group["picks"] or []
    shown = [
        {**one, "number": number, "text": pieces_of(one["response"]["text"], most),
         "over": [int(pick["rejected"]) for pick in picks if pick["chosen"] == number],
         "under": [int(pick["chosen"]) for pick in picks if pick["rejected"] == number]}
        for number, one in enumerate(group["responses"])
    ]  # fmt: skip
    return sorted(shown, key=lambda one: (-float(one["score"]), one["number"]))
