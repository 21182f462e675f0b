"""A sample for annotation, drawn by a stated rule and shown blind: no verdict, score or model is on the page."""

from collections.abc import Sequence

from starlette.datastructures import QueryParams

from seewhy.view.annotations import is_of
from seewhy.view.contexts import Context, Looks
from seewhy.view.filters import whole
from seewhy.view.shelf import DRAWN, PREFERRED, Unit
from seewhy.view.tables import Row
from seewhy.view.words import pieces_of

RULES = {
    "chains": "the chains whose SHA-256 of seed/question/style/index is smallest, in that order: each has the same "
    "chance, and the first of them are a random sample too",
    "pairs": "of the questions whose SHA-256 of seed/question/style is smallest, in that order, the two chains whose "
    "own hash is smallest; that hash also decides which one is on the left",
}  # fmt: skip
MOST = 10_000


def sample(looks: Looks, ref: str, query: QueryParams) -> Context:
    """The next chain of a sample, or the next two, that has no annotation yet; at its end, the agreement."""
    unit = looks.unit(ref, "chains")
    kind, n = query.get("kind") or "chains", whole(query, "n", 100, least=1, most=MOST)
    seed = whole(query, "seed", 0, most=2**31 - 1)
    if kind not in RULES:
        raise ValueError(f"kind {kind!r}: there are {', '.join(RULES)}")
    drawn = looks.tables.drawn(unit, seed, n) if kind == "chains" else looks.tables.drawn_pairs(unit, seed, n)
    folder = looks.shelf.units.get(f"{DRAWN if kind == 'chains' else PREFERRED}/{ref}")
    done = _done(looks, folder)
    ahead = [row for row in drawn if not _is_done(row, done)]
    row = ahead[0] if ahead else None
    questions = looks.shelf.origin(ref, "questions")
    return {
        "title": f"Sample of {ref}", "unit": unit, "kind": kind, "n": n, "seed": seed, "rule": RULES[kind],
        "of": len(drawn), "done": len(drawn) - len(ahead), "row": row, "gold": bool(query.get("gold")),
        "question": looks.question_of(questions, str(row["question_id"])) if row else None,
        "texts": [pieces_of(text) for text in row["texts"]] if row else [],
        "judges": [one for one in looks.shelf.judged(ref) if folder and one.ref != folder.ref],
        "human": folder.ref if folder else "",
    }  # fmt: skip


def _done(looks: Looks, folder: Unit | None) -> dict[tuple[str, str, int], Row]:
    rows = looks.tables.rows_of(folder) if folder else []
    return {(str(row["question_id"]), str(row["style"]), int(row["index"])): row for row in rows}


def _is_done(drawn: Row, done: dict[tuple[str, str, int], Row]) -> bool:
    """Whether every chain of a draw has a verdict, which is about the text that is there now."""
    keys = [(str(drawn["question_id"]), str(drawn["style"]), int(index)) for index in drawn["indexes"]]
    texts: Sequence[str] = drawn["texts"]
    return all(key in done and is_of(done[key], text) for key, text in zip(keys, texts, strict=True))
