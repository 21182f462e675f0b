"""What is wrong with a data set: rows, pictures, gold answers, duplicates, and what two splits share."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from seewhy.benchmarks.release.declared import Release
from seewhy.benchmarks.release.reading import Benchmark
from seewhy.judging.answers.self_check import grade_gold, is_gradable
from seewhy.judging.outcome import OutcomeJudge
from seewhy.records.same_question import content_of, words_of
from seewhy.records.types import Outcome, Question, Split

PICTURE_SIGNS = ("cannot be read as a picture", "is not there", "is no base64", "must hold a picture")
"""Words of errors that speak of a picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong."""

    kind: str
    """`broken row`, `unreadable picture`, `gold fails its rule`, `duplicate` or `leak between splits`."""
    where: str
    """A question's id, or file and row."""
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was looked at, and what was found."""

    counts: Mapping[Split, int]
    """Whole questions of each split."""
    ungraded: int
    """Those without a gold answer that a rule can grade: an open question, or a hidden answer."""
    findings: tuple[Finding, ...]

    def as_json(self, name: str) -> dict[str, object]:
        """For ``json``."""
        return {
            "benchmark": name,
            "questions": {split.value: count for split, count in self.counts.items()},
            "without_gold": self.ungraded,
            "found": dict(Counter(finding.kind for finding in self.findings)),
            "findings": [asdict(finding) for finding in self.findings],
        }


def inspect(benchmark: Benchmark, release: Release | None, root: Path, splits: Sequence[Split]) -> Inspection:
    """All findings of some splits, or of all that are there.

    Raises:
        ValueError: there is no file of a split, or one cannot be read at all.
    """
    benchmark.files(root)
    wanted = splits or _there(benchmark, release, root)
    questions: dict[Split, list[Question]] = {}
    findings: list[Finding] = []
    for split in wanted:
        if release is None:
            questions[split] = list(benchmark.load(root, split, count=benchmark.sizes(root)[split]))
        else:
            questions[split], faults = release.inspect(root, split)
            findings += [_fault(fault) for fault in faults]
        findings += _failing_golds(questions[split])
        findings += _duplicates(questions[split])
    findings += _leaks(questions)
    everything = [question for part in questions.values() for question in part]
    return Inspection(
        counts={split: len(part) for split, part in questions.items()},
        ungraded=sum(not is_gradable(question) for question in everything),
        findings=tuple(findings),
    )


def _there(benchmark: Benchmark, release: Release | None, root: Path) -> list[Split]:
    if release is not None:
        return [split for split in Split if release.has(root, split)]
    return [split for split, size in benchmark.sizes(root).items() if size]


def _fault(fault: str) -> Finding:
    where, what = fault.split(": ", 1)
    is_picture = any(sign in what for sign in PICTURE_SIGNS)
    return Finding(kind="unreadable picture" if is_picture else "broken row", where=where, what=what)


def _failing_golds(questions: Iterable[Question]) -> Iterator[Finding]:
    judge = OutcomeJudge()
    for question in questions:
        if is_gradable(question):
            verdict = grade_gold(question, judge)
            if verdict.outcome is not Outcome.CORRECT:
                what = f"{question.gold.rule.value}: {verdict.outcome.value}, {verdict.why}"
                yield Finding(kind="gold fails its rule", where=question.id, what=what)


def _duplicates(questions: Iterable[Question]) -> Iterator[Finding]:
    """The same words about the same pictures, twice in a split."""
    first: dict[object, Question] = {}
    for question in questions:
        key = content_of(question)
        if key not in first:
            first[key] = question
            continue
        other = first[key]
        agrees = "the same" if question.gold == other.gold else "another"
        yield Finding(kind="duplicate", where=question.id, what=f"asks what {other.id} asks, with {agrees} gold answer")


def _leaks(questions: Mapping[Split, Sequence[Question]]) -> Iterator[Finding]:
    """A picture that two splits show, or a question without a picture that two splits ask."""
    pictures: dict[str, dict[Split, Question]] = defaultdict(dict)
    texts: dict[object, dict[Split, Question]] = defaultdict(dict)
    for split, part in questions.items():
        for question in part:
            for image in question.images:
                pictures[image.sha256].setdefault(split, question)
            if not question.images:
                texts[words_of(question)].setdefault(split, question)
    for what, places in (("shows a picture of", pictures), ("asks the same text as", texts)):
        for shared in places.values():
            first, *others = shared.values()
            for other in others:
                yield Finding(kind="leak between splits", where=other.id, what=f"{what} {first.id}")
