"""A person's verdicts on chains, kept as rows in the run's folder: judging, pairing and calibration take them."""

import threading
from pathlib import Path

from seewhy.records.shards import read_rows, shard_paths, write_shard
from seewhy.records.types import Outcome, Style, Verdict
from seewhy.view.shelf import ANNOTATIONS

SAID = {"right": Outcome.CORRECT, "wrong": Outcome.INCORRECT, "unsure": Outcome.UNJUDGED}
_WRITING = threading.Lock()


def folder_of(root: Path, chains: str) -> Path:
    """Where the verdicts on a unit of chains lie."""
    return root / ANNOTATIONS / chains


def annotate(root: Path, chains: str, key: tuple[str, int, Style], said: str, who: str) -> Verdict:
    """Keep a verdict; a later one on the same chain by the same person takes its place.

    Args:
        root: the run.
        chains: the unit of chains.
        key: question, number and style of the chain.
        said: `right`, `wrong` or `unsure`.
        who: the person's name, kept as the judge `human:NAME`.

    Raises:
        ValueError: `said` is another word.
    """
    if said not in SAID:
        raise ValueError(f"verdict {said!r}: there are {', '.join(SAID)}")
    question, index, style = key
    verdict = Verdict(
        question_id=question, index=index, style=style, judge=f"human:{who}", outcome=SAID[said],
        why="" if said != "unsure" else "unsure",
    )  # fmt: skip
    folder = folder_of(root, chains)
    with _WRITING:
        kept = list(read_rows(folder, Verdict)) if folder.is_dir() and shard_paths(folder) else []
        others = [one for one in kept if _key(one) != _key(verdict)]
        folder.mkdir(parents=True, exist_ok=True)
        write_shard(folder, 0, sorted([*others, verdict], key=_key), Verdict)
    return verdict


def _key(verdict: Verdict) -> tuple[str, str, str, int]:
    return verdict.judge, verdict.question_id, verdict.style.value, verdict.index
