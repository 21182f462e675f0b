"""The judge that values each step of a chain by what its policy makes of it: the share of continuations that end right.

Source: VisualPRM (arXiv 2503.10291): at most 12 steps, 16 continuations of each; a step is good where one of them is
right.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

from seewhy.judging.api import Judge
from seewhy.judging.asking.messages import changed_settings, give_verdict, judge_spoken, leave_unjudged
from seewhy.judging.asking.splitting import split_steps
from seewhy.judging.outcome import OutcomeJudge
from seewhy.model.api import GenerateRequest, Generates, Prefix, SamplingParams
from seewhy.records.ranges import require_least
from seewhy.records.types import Chain, FinishReason, Outcome, Question, Span, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class StepJudge:
    """`Verdict.spans` holds the value of each step, from 0.0 to 1.0, and `Verdict.score` their mean.

    A chain is CORRECT where every step leads to a right answer at least once. The last step of a chain that ended by
    itself needs no continuation: it is worth what the chain's own answer is.
    """

    policy: Generates
    """Must honour `GenerateRequest.beginning`."""
    grader: Judge = field(default_factory=OutcomeJudge)
    """Says whether a continuation ends right."""
    continuations: int = 16
    """Of each step (VisualPRM, section 3)."""
    max_steps: int = 12
    """Of a chain; neighbours are joined where there are more (VisualPRM, section 3)."""
    decoding: SamplingParams = field(default_factory=SamplingParams)
    """How continuations are drawn."""

    def __post_init__(self) -> None:
        """Refuse a judge that would draw nothing, or the same continuation over and over."""
        require_least(self, 1, "continuations", "max_steps")
        if self.continuations > 1 and self.decoding.temperature == 0:
            raise ValueError(f"{self.continuations} continuations at temperature 0 are one: set a temperature")

    @property
    def name(self) -> str:
        """Policy, number of continuations, who grades them, and every setting that is not the default."""
        head = f"steps by {self.policy.name}, {self.continuations} continuations graded by {self.grader.name}"
        return ", ".join([head, *changed_settings(self), *changed_settings(self.decoding)])

    def judge(self, question: Question, chains: tuple[Chain, ...]) -> tuple[Verdict, ...]:
        """One verdict a chain, in the chains' order.

        Raises:
            ValueError: the policy's replies do not begin with what they were to begin with.
        """
        return judge_spoken(question, chains, self.name, lambda spoken: self._judge(question, spoken))

    def confidence(self, verdict: Verdict) -> float | None:
        """How sure a verdict is that its chain is right: the value of its last step."""
        return verdict.spans[-1].score if verdict.spans else None

    def _judge(self, question: Question, chains: Sequence[Chain]) -> list[Verdict]:
        places = [split_steps(chain.text, self.max_steps) for chain in chains]
        asks = [self._ask(question, chain, end) for chain, steps in zip(chains, places, strict=True)
                for end in open_ends(chain, steps)]  # fmt: skip
        drawn = iter(self.policy.generate(asks, self.decoding) if asks else [])
        verdicts: list[Verdict] = []
        for chain, steps in zip(chains, places, strict=True):
            values = [self._value(question, chain.text[:end], next(drawn)) for end in open_ends(chain, steps)]
            if len(values) < len(steps):
                values.append(self._value(question, chain.text, (chain,)))
            verdicts.append(self._verdict(question, chain, steps, values))
        return verdicts

    def _ask(self, question: Question, chain: Chain, end: int) -> GenerateRequest:
        beginning = Prefix(text=chain.text[:end], token_ids=chain.token_ids)
        return GenerateRequest(question=question, style=chain.style, count=self.continuations, beginning=beginning)

    def _value(self, question: Question, beginning: str, drawn: tuple[Chain, ...]) -> float | None:
        """The share of right ones among those that could be judged; None where none could."""
        for chain in drawn:
            if not folded(chain.text).startswith(folded(beginning)):
                raise ValueError(f"{self.policy.name} was asked to go on from {beginning[-60:]!r} and began anew; "
                                 "steps are valued by a model that continues a given beginning")  # fmt: skip
        outcomes = [verdict.outcome for verdict in self.grader.judge(question, drawn)]
        judged = [outcome for outcome in outcomes if outcome is not Outcome.UNJUDGED]
        return judged.count(Outcome.CORRECT) / len(judged) if judged else None

    def _verdict(
        self, question: Question, chain: Chain, steps: Sequence[tuple[int, int]], values: Sequence[float | None]
    ) -> Verdict:
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            why = "no continuation of a step could be graded"
            return leave_unjudged(question, chain, self.name, why)
        spans = tuple(Span(start=start, end=end, score=value) for (start, end), value in zip(steps, known, strict=True))
        fatal = next((span for span in spans if span.score == 0), None)
        why = f"{len(spans)} steps, each of which leads to a right answer"
        if fatal:
            why = f"no continuation is right after: {chain.text[fatal.start : fatal.end]}"
        outcome = Outcome.INCORRECT if fatal else Outcome.CORRECT
        return give_verdict(question, chain, self.name, outcome, score=fmean(known), spans=spans, why=why)


def open_ends(chain: Chain, steps: Sequence[tuple[int, int]]) -> list[int]:
    """Where each step ends that something can follow: of a chain that ended by itself nothing follows the last."""
    ends = [end for _, end in steps]
    return ends[:-1] if chain.stop is FinishReason.END else ends


def folded(text: str) -> str:
    """A text without white space and case, which a tokenizer may not give back."""
    return "".join(text.split()).casefold()
