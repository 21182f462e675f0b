"""What a judge is worth: its verdicts held against chains whose truth is known."""

from collections import Counter
from collections.abc import Mapping, Sequence

from seewhy.evaluation.intervals import wilson_interval
from seewhy.records.measures import Calibration
from seewhy.records.types import Outcome, Verdict

Key = tuple[str, str, int]


def key_of(verdict: Verdict) -> Key:
    """What truth and verdicts are joined by: question id, style and index."""
    return verdict.question_id, verdict.style, verdict.index


def calibrate(
    verdicts: Sequence[Verdict],
    truth: Mapping[Key, bool],
    beliefs: Mapping[Key, float] | None = None,
    *,
    confidence: float = 0.95,
) -> Calibration:
    """Accuracy, Cohen's kappa, Brier score and share UNJUDGED of one judge's verdicts.

    CORRECT calls a chain right; INCORRECT and NO_ANSWER call it wrong. UNJUDGED is no call: it counts in its own share
    alone.

    Args:
        verdicts: of one judge, each chain once.
        truth: whether each chain is right.
        beliefs: how sure the judge is that a chain is right, from 0.0 to 1.0; where one is missing its call is taken,
            as 1.0 or 0.0.
        confidence: of the intervals.

    Raises:
        ValueError: there are no verdicts, those of several judges, one twice, or one whose truth is not known.
    """
    judges = {verdict.judge for verdict in verdicts}
    if len(judges) != 1:
        raise ValueError(f"a calibration needs the verdicts of one judge, got those of {len(judges)}")
    _require_joined(verdicts, truth)
    judged = [verdict for verdict in verdicts if verdict.outcome is not Outcome.UNJUDGED]
    calls = [(verdict.outcome is Outcome.CORRECT, truth[key_of(verdict)]) for verdict in judged]
    both, neither = calls.count((True, True)), calls.count((False, False))
    believed = beliefs or {}
    squares = [
        (believed.get(key_of(verdict), float(call)) - is_right) ** 2
        for verdict, (call, is_right) in zip(judged, calls, strict=True)
    ]
    return Calibration(
        judge=judges.pop(),
        n=len(verdicts),
        unjudged=wilson_interval(len(verdicts) - len(judged), len(verdicts), confidence=confidence),
        accuracy=wilson_interval(both + neither, len(calls), confidence=confidence) if calls else None,
        kappa=cohens_kappa(calls) if calls else None,
        brier=sum(squares) / len(squares) if squares else None,
        true_right=both,
        false_right=calls.count((True, False)),
        true_wrong=neither,
        false_wrong=calls.count((False, True)),
    )


def cohens_kappa(calls: Sequence[tuple[bool, bool]]) -> float | None:
    """Agreement of two raters beyond chance (Cohen 1960); None where chance alone agrees fully.

    Example:
        >>> cohens_kappa([(True, True), (False, False), (True, False), (False, False)])
        0.5
    """
    return counted_kappa(Counter(calls))


def counted_kappa(calls: Mapping[tuple[bool, bool], int]) -> float | None:
    """`cohens_kappa` of calls that are counted already: what the two raters say, and how often they do.

    Example:
        >>> counted_kappa({(True, True): 1, (False, False): 2, (True, False): 1})
        0.5
    """
    n = sum(calls.values())
    agreed = sum(count for (a, b), count in calls.items() if a == b) / n
    ours = sum(count for (a, _), count in calls.items() if a) / n
    theirs = sum(count for (_, b), count in calls.items() if b) / n
    by_chance = ours * theirs + (1 - ours) * (1 - theirs)
    return None if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)


def _require_joined(verdicts: Sequence[Verdict], truth: Mapping[Key, bool]) -> None:
    seen: set[Key] = set()
    for verdict in verdicts:
        key = key_of(verdict)
        words = f"chain {verdict.index} ({verdict.style}) of question {verdict.question_id!r}"
        if key in seen:
            raise ValueError(f"{words} has two verdicts")
        if key not in truth:
            raise ValueError(f"{words} has a verdict and no label; label it or leave it out")
        seen.add(key)
