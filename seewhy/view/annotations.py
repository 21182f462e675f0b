"""What a person says of chains, kept as rows of the judge `human:NAME`: judging, pairing and calibration take them."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from seewhy.records.shards import read_rows, shard_paths, write_shard
from seewhy.records.types import Chain, Outcome, Style, Verdict
from seewhy.view.shelf import ANNOTATIONS, RANKED, SEEN

SAID = {"right": Outcome.CORRECT, "wrong": Outcome.INCORRECT, "unsure": Outcome.UNJUDGED}
TEXT = "text "
"""What the `rule` of a person's verdict begins with; the hash of the text that they saw follows."""
_WRITING = threading.Lock()


@dataclass(frozen=True, slots=True)
class Seen:
    """Chains of one question as a person saw them, in the order in which they were shown, by their index."""

    question_id: str
    style: Style
    chains: Mapping[int, Chain]
    answers: Mapping[int, str | None]
    """As judges read them; None where a chain holds none."""


def mark_of(text: str) -> str:
    """By which a verdict is bound to the content of its chain: 16 hex digits of its SHA-256."""
    return TEXT + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def is_of(verdict: Mapping[str, object], text: str) -> bool:
    """Whether a verdict is about this text; one that is bound to none is taken to be."""
    rule = str(verdict["rule"] or "")
    return not rule.startswith(TEXT) or rule == mark_of(text)


def annotate(
    root: Path, chains: str, seen: Seen, said: str, who: str, *, kind: str = ANNOTATIONS, why: str = ""
) -> Verdict:
    """Keep a verdict; a later one on the same chain by the same person takes its place.

    Args:
        root: the run.
        chains: the unit of chains.
        seen: the one chain.
        said: `right`, `wrong` or `unsure`.
        who: the person's name, kept as the judge `human:NAME`.
        kind: the folder, which says how the chain came before the person.
        why: kept with the verdict.

    Raises:
        ValueError: `said` is another word.
    """
    if said not in SAID:
        raise ValueError(f"verdict {said!r}: there are {', '.join(SAID)}")
    ((index, chain),) = seen.chains.items()
    words = why or ("" if said != "unsure" else "unsure")
    verdict = Verdict(question_id=seen.question_id, index=index, style=seen.style, judge=f"human:{who}",
                      outcome=SAID[said], answer=seen.answers[index], rule=mark_of(chain.text), why=words)  # fmt: skip
    _keep(root / kind / chains, [verdict], [chain])
    return verdict


def rank(
    root: Path, chains: str, seen: Seen, places: Mapping[int, int], who: str, *, kind: str = RANKED, why: str = ""
) -> list[Verdict]:
    """Keep an order of a question's chains as scores: of the others, the share that a chain is better than.

    A chain of the same place counts as half. The outcome is that of the judge `versus`: right above 0.5.

    Args:
        root: the run.
        chains: the unit of chains.
        seen: those that were shown.
        places: place by index, 1 the best; those left out are not ranked.
        who: the person's name.
        kind: the folder.
        why: kept with each verdict, before its place and the order in which the chains were shown.

    Raises:
        ValueError: fewer than two places, or one of a chain that was not shown.
    """
    if len(places) < 2:
        raise ValueError("an order needs two chains with a place")
    if unknown := sorted(set(places) - set(seen.chains)):
        raise ValueError(f"chain {unknown[0]} was not among those shown")
    shown = ", ".join(map(str, seen.chains))
    rows: list[Verdict] = []
    for index, place in sorted(places.items()):
        others = [other for one, other in places.items() if one != index]
        score = sum(1.0 if place < other else 0.5 if place == other else 0.0 for other in others) / len(others)
        rows.append(Verdict(
            question_id=seen.question_id, index=index, style=seen.style, judge=f"human:{who}", score=score,
            outcome=Outcome.CORRECT if score > 0.5 else Outcome.INCORRECT, answer=seen.answers[index],
            rule=mark_of(seen.chains[index].text),
            why=f"{why}place {place} of {len(places)}, shown in the order {shown}",
        ))  # fmt: skip
    _keep(root / kind / chains, rows, [seen.chains[index] for index in places])
    return rows


def _keep(folder: Path, rows: Sequence[Verdict], chains: Sequence[Chain]) -> None:
    """Put rows in the place of earlier ones on the same chains, and the chains themselves beside them.

    What pairs are made of must have a verdict on every chain: a person gives them on some.
    """
    seen = folder.with_name(folder.name + SEEN)
    with _WRITING:
        for place, new, record in ((seen, chains, Chain), (folder, rows, Verdict)):
            kept = list(read_rows(place, record)) if place.is_dir() and shard_paths(place) else []
            keys = {_key(row) for row in new}
            place.mkdir(parents=True, exist_ok=True)
            write_shard(place, 0, sorted([*(one for one in kept if _key(one) not in keys), *new], key=_key), record)


def _key(row: Chain | Verdict) -> tuple[str, str, str, int]:
    return row.judge if isinstance(row, Verdict) else "", row.question_id, row.style.value, row.index
