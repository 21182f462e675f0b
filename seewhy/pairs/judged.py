"""Put each chain beside its verdict, by question id, style and index; never by order."""

from collections.abc import Iterable
from dataclasses import dataclass

from seewhy.records.types import Chain, Outcome, Response, Style, Verdict

Key = tuple[str, Style, int]
EDGES = " \t\n.,;:!?\"'`*$()[]"


@dataclass(frozen=True, slots=True)
class Judged:
    """A chain and what one judge says of it."""

    chain: Chain
    verdict: Verdict

    @property
    def response(self) -> Response:
        """The chain as something to train on, with its token ids as sampled."""
        return Response(text=self.chain.text, token_ids=self.chain.token_ids)

    @property
    def score(self) -> float:
        """The judge's score; 1 for a right and 0 for any other chain where the judge gave none."""
        if self.verdict.score is not None:
            return self.verdict.score
        return 1.0 if self.verdict.outcome is Outcome.CORRECT else 0.0

    @property
    def folded_answer(self) -> str | None:
        """The answer without what changes nothing: case, spaces, edge punctuation; None where there is none."""
        answer = self.verdict.answer
        return None if answer is None else " ".join(answer.casefold().split()).strip(EDGES)


def join_verdicts(chains: Iterable[Chain], verdicts: Iterable[Verdict]) -> list[Judged]:
    """Each chain with its verdict, in the order of `chains`.

    Raises `ValueError` that names a chain or verdict that stands alone or occurs twice.
    """
    said: dict[Key, Verdict] = {}
    for verdict in verdicts:
        if _key(verdict) in said:
            raise ValueError(f"{_words(verdict)} has two verdicts; join the verdicts of one judge at a time")
        said[_key(verdict)] = verdict
    judged: list[Judged] = []
    for chain in chains:
        if _key(chain) not in said:
            raise ValueError(f"{_words(chain)} has no verdict of its own: it was not judged, or occurs twice")
        judged.append(Judged(chain, said.pop(_key(chain))))
    if said:
        raise ValueError(f"{_words(next(iter(said.values())))} has a verdict but is not among the chains")
    return judged


def group_by_prompt(judged: Iterable[Judged]) -> dict[tuple[str, Style], list[Judged]]:
    """The chains of each prompt, which is a question in one style; only they may be compared."""
    groups: dict[tuple[str, Style], list[Judged]] = {}
    for one in judged:
        groups.setdefault((one.chain.question_id, one.chain.style), []).append(one)
    return groups


def distinct_texts(judged: Iterable[Judged]) -> list[Judged]:
    """The first chain of each text."""
    first: dict[str, Judged] = {}
    for one in judged:
        first.setdefault(one.chain.text.strip(), one)
    return list(first.values())


def _key(row: Chain | Verdict) -> Key:
    return row.question_id, row.style, row.index


def _words(row: Chain | Verdict) -> str:
    return f"chain {row.index} ({row.style}) of question {row.question_id!r}"
