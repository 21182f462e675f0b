"""Two replies to one prompt of which people prefer one (VL-RewardBench): how often a judge prefers the same."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from seewhy.evaluation.predictions import find_columns, find_value, id_text
from seewhy.evaluation.tables import Table
from seewhy.evaluation.versus import win_rate
from seewhy.grading.inputs import open_table
from seewhy.grading.recorded import JUDGE_FIELDS
from seewhy.judging.answers.findings import Abstention
from seewhy.judging.asking.pair_scores import read_pair_scores
from seewhy.records.files import hash_file
from seewhy.records.measures import Contest, Preferred, WinRate
from seewhy.records.types import Chain, FinishReason, Gold, ImageRef, MatchRule, Question, Split, Style

PROMPT_FIELDS = ("query", "question", "prompt")
SAID = re.compile(
    r"\b(?:answer|response|assistant|reply)\s*(1|2|A|B|one|two)\s+(?:is|was)\s+(?:\w+\s+)?better"
    r"|\boverall judgment\W{1,4}(?:(?:answer|response|assistant)\s*)?(1|2|A|B)\b|\[\[\s*(A|B|C)\s*\]\]",
    re.IGNORECASE,
)
PLACES = {
    "1": Preferred.FIRST, "a": Preferred.FIRST, "one": Preferred.FIRST, "2": Preferred.SECOND, "b": Preferred.SECOND,
    "two": Preferred.SECOND, "c": Preferred.TIE,
}  # fmt: skip
SWAP = {Preferred.FIRST: Preferred.SECOND, Preferred.SECOND: Preferred.FIRST, Preferred.TIE: Preferred.TIE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A prompt with the reply that people prefer and the other.

    Example:
        >>> Pair(id="1", prompt="?", preferred="a", other="b", preferred_at=1, image="").preferred_at
        1
    """

    id: str
    prompt: str
    preferred: str
    other: str
    preferred_at: int
    """Where the preferred reply stands in the file: 0 or 1."""
    image: str
    """Path of the picture, relative to the file; empty where the row names none."""

    @property
    def chain(self) -> Chain:
        """The preferred reply."""
        return _chain(self.id, self.preferred, "preferred")

    @property
    def rival(self) -> Chain:
        """The other reply."""
        return _chain(self.id, self.other, "other")

    def question(self, folder: Path, *, is_shown: bool) -> Question:
        """What both reply to; the picture is looked for where it `is_shown` to a judge."""
        path = folder / self.image
        images = (ImageRef(sha256=hash_file(path), path=str(path)),) if is_shown and self.image else ()
        return Question(id=self.id, benchmark="pairs", split=Split.TEST, text=self.prompt, facets={}, images=images,
                        gold=Gold(answers=(), rule=MatchRule.OPEN))  # fmt: skip


def _chain(name: str, text: str, sampler: str) -> Chain:
    return Chain(question_id=name, index=0, style=Style.REASON, text=text, stop=FinishReason.END, sampler=sampler,
                 seed=0)  # fmt: skip


def read_pairs(table: Table) -> tuple[Pair, ...]:
    """The pairs of a file, in its order.

    Raises:
        ValueError: a row has not two replies and their two ranks, or its id stands there twice.
    """
    field = find_columns(table, text_field="response").id
    found: dict[str, Pair] = {}
    for row, place in zip(table.rows, table.places, strict=True):
        at = f"{table.path}, {place}"
        name = id_text(find_value(row, field), f"{at}: field {field!r}")
        if name in found:
            raise ValueError(f"{at}: id {name!r} is there twice; keep one")
        replies, ranks = row.get("response"), row.get("human_ranking")
        if not isinstance(replies, list) or [type(one) for one in replies] != [str, str]:
            raise ValueError(f"{at}: field 'response' must be a list of two texts, and is {str(replies)[:80]}")
        if not isinstance(ranks, list) or ranks not in ([0, 1], [1, 0], [1, 2], [2, 1]):
            raise ValueError(f"{at}: field 'human_ranking' must be [0, 1] or [1, 0], and is {ranks!r}")
        best, image = ranks.index(min(ranks)), row.get("image")
        prompt = next((str(row[one]) for one in PROMPT_FIELDS if row.get(one)), "")
        found[name] = Pair(id=name, prompt=prompt, preferred=replies[best], other=replies[1 - best], preferred_at=best,
                           image=image if isinstance(image, str) else "")  # fmt: skip
    return tuple(found.values())


def read_preference(said: str) -> Preferred | None:
    """Which place a judge's reply prefers: by the word, by a JSON object's `better`, or by two scores; None if unclear.

    Example:
        >>> said = ("8 9", "Overall Judgment: Answer 1 is better.", '{"better": "tie"}', "both are fine")
        >>> [one and one.value for one in map(read_preference, said)]
        ['second', 'first', 'tie', None]
    """
    try:
        found: object = json.loads(said)
    except ValueError:
        found = None
    better = cast(dict[str, object], found).get("better") if isinstance(found, dict) else None
    if better in [one.value for one in Preferred]:
        return Preferred(str(better))
    places = {PLACES[word.lower()] for words in SAID.findall(said) for word in words if word}
    if places:
        return places.pop() if len(places) == 1 else None
    scores = read_pair_scores(said)
    if isinstance(scores, Abstention):
        return None
    if scores.first == scores.second:
        return Preferred.TIE
    return Preferred.FIRST if scores.first > scores.second else Preferred.SECOND


def recorded_contests(pairs: Sequence[Pair], path: Path) -> Iterator[Contest]:
    """What a judge's recorded replies prefer; `order` [1, 0] says that a row's replies were shown the other way round.

    Where one order alone was asked, it stands for both.
    """
    table = open_table(path)
    columns = find_columns(table, text_field=next((name for name in JUDGE_FIELDS if name in table.fields), ""))
    known = {pair.id: pair for pair in pairs}
    found: dict[str, dict[bool, Preferred | None]] = {}
    for row, place in zip(table.rows, table.places, strict=True):
        at = f"{path}, {place}"
        name = id_text(find_value(row, columns.id), f"{at}: field {columns.id!r}")
        order = row.get("order") or [0, 1]
        if name not in known:
            raise ValueError(f"{at}: field {columns.id!r}: {name!r} is no pair's id")
        if order not in ([0, 1], [1, 0]):
            raise ValueError(f"{at}: field 'order' must be [0, 1] or [1, 0], and is {order!r}")
        is_first = cast(list[int], order)[0] == known[name].preferred_at
        if is_first in found.setdefault(name, {}):
            raise ValueError(f"{at}: the same order of {name!r} stands there twice; keep one reply of each order")
        found[name][is_first] = read_preference(str(find_value(row, columns.text)))
    for pair in pairs:
        orders = found.get(pair.id, {})
        ahead, behind = orders.get(True), orders.get(False)
        if len(orders) == 1:
            ahead, behind = (ahead, ahead and SWAP[ahead]) if True in orders else (behind and SWAP[behind], behind)
        yield Contest(question_id=pair.id, index=0, style=Style.REASON, ahead=ahead, behind=behind)


def pair_lines(rate: WinRate, source: str) -> Iterator[str]:
    """What is printed of a judge on pairs."""
    won, score = rate.won, rate.score
    yield f"{source}: {rate.n + rate.unjudged} pairs, {rate.unjudged} UNJUDGED"
    yield (f"pairwise accuracy {100 * won.value:.2f} % (95 % interval {100 * won.low:.2f} to {100 * won.high:.2f}): "
           f"{rate.wins} as people prefer, {rate.ties} ties or contradictions, {rate.losses} not")  # fmt: skip
    yield f"with ties as halves {100 * score.value:.2f} % ({100 * score.low:.2f} to {100 * score.high:.2f})"
    if rate.first is not None:
        yield (f"both orders agree in {100 * rate.agreement:.2f} %; the first shown is preferred in "
               f"{100 * rate.first.value:.2f} %")  # fmt: skip


def pair_json(rate: WinRate, source: str) -> str:
    """The same for machines: the fields of `WinRate`, `won` being the pairwise accuracy."""
    return json.dumps({"pairs": source, **asdict(rate)}, indent=2)


def rate_pairs(pairs: Sequence[Pair], contests: Iterable[Contest]) -> WinRate:
    """The win rate of what people prefer, over pairs; those about one picture go together."""
    pictures: Mapping[str, str] = {pair.id: pair.image or pair.id for pair in pairs}
    return win_rate(list(contests), clusters=pictures)
