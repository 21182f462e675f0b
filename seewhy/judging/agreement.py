"""The judge that asks no model: what a question's chains agree on is right, sentence by sentence.

Sources: self-consistency (arXiv 2203.11171), whose majority is the outcome here, and SelfCheckGPT (arXiv 2303.08896),
which holds each sentence against other samples; here a sentence counts as said where it is said in the same words.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import fmean

from seewhy.judging.answers.decoration import normalise
from seewhy.judging.asking.messages import give_verdict
from seewhy.judging.asking.splitting import split_sentences
from seewhy.records.ranges import require_least
from seewhy.records.types import Chain, Outcome, Question, Span, Verdict

Places = tuple[tuple[int, int], ...]
"""Start and end of each sentence of a chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementJudge:
    """`Verdict.spans` holds for each sentence the share of the other chains that say it, `Verdict.score` their mean.

    CORRECT is an answer that more chains give than any other; where the most are shared, they are UNJUDGED. No gold
    answer is read. A chain needs at least `least` others of its question and style, or it is UNJUDGED.
    """

    name: str = "agreement"
    """Of the judge in its verdicts."""
    least: int = 3
    """Other chains of the question, at least."""

    def __post_init__(self) -> None:
        """Refuse to judge a chain by itself."""
        require_least(self, 1, "least")

    def judge(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Verdict, ...]:
        """One verdict a chain, in the chains' order."""
        places = {id(chain): split_sentences(chain.text) for chain in chains}
        by_style = {style: [one for one in chains if one.style is style] for style in {one.style for one in chains}}
        said = {
            style: Counter(words for one in group for words in set(sentences(one, places[id(one)])))
            for style, group in by_style.items()
        }
        read = [give_verdict(question, chain, self.name, Outcome.UNJUDGED) for chain in chains]
        answers = {style: _answers(one for one in read if one.style is style) for style in by_style}
        return tuple(
            self._verdict(chain, verdict, places[id(chain)], said[chain.style], answers[chain.style],
                          len(by_style[chain.style]) - 1)
            for chain, verdict in zip(chains, read, strict=True)
        )  # fmt: skip

    def _verdict(
        self, chain: Chain, read: Verdict, places: Places, said: Counter[str], answers: Counter[str], others: int
    ) -> Verdict:
        """`read`, which holds the chain's answer, with the outcome and the sentences."""
        if others < self.least:
            return replace(read, why=f"{others} other chains of the question, and {self.least} are wanted")
        spans = tuple(
            Span(start=start, end=end, score=(said[words] - 1) / others)
            for (start, end), words in zip(places, sentences(chain, places), strict=True)
        )
        outcome, why = _outcome(read.answer, answers)
        score = fmean(span.score for span in spans) if spans else None
        return replace(read, outcome=outcome, score=score, spans=spans, why=why)


def _answers(verdicts: Iterable[Verdict]) -> Counter[str]:
    return Counter(normalise(one.answer) for one in verdicts if one.answer is not None)


def _outcome(answer: str | None, answers: Counter[str]) -> tuple[Outcome, str]:
    if answer is None:
        return Outcome.NO_ANSWER, "no answer to count"
    own, most = answers[normalise(answer)], max(answers.values())
    why = f"{own} of {answers.total()} answers are {answer!r}, the most frequent one has {most}"
    if own < most:
        return Outcome.INCORRECT, why
    is_shared = sum(count == most for count in answers.values()) > 1
    return (Outcome.UNJUDGED if is_shared else Outcome.CORRECT), why


def sentences(chain: Chain, places: Places) -> list[str]:
    """The words of each sentence, case and spaces aside."""
    return [" ".join(chain.text[start:end].casefold().split()) for start, end in places]
