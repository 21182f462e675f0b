"""Which token of a chain the training credits, and whether wrong sentences get less (LLaVA-Reasoner, section 5.4)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from seewhy.records.measures import Interval
from seewhy.records.ranges import require_least
from seewhy.records.token_credit import TokenCredit
from seewhy.records.types import Chain, Question, ScoredChain, Span, Verdict
from seewhy.report.inputs import Credit as CreditSection
from seewhy.report.inputs import CreditChain, Section
from seewhy.runs.api import ModelKind, Models, Need, RowStage, Run, Stage
from seewhy.runs.choice import Model, Rows
from seewhy.runs.discovery import call_part, load_part
from seewhy.runs.question_chains import QuestionChains, question_need, with_questions
from seewhy.stages.score import Score
from seewhy.testing.oracle import Oracle


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit(Stage):
    """Credit of each token of scored chains: parts `tokens`, and `auroc` where wrong sentences are known."""

    policy: Model
    """The trained model, whose tokens these are."""
    reference: Model
    """The model that it started from."""
    chains: Rows
    """Rows of chains."""
    verdicts: Rows = ""
    """Verdicts on them, for the report."""
    scores: Rows = ""
    """Rows of a `score` of the same chains, policy and reference, to share it; empty scores the chains."""
    shown: int = 6
    """Chains coloured in the report."""
    resamples: int = 500
    """Bootstrap draws of the interval."""

    main: ClassVar[str] = "tokens"

    def __post_init__(self) -> None:
        """Refuse counts that show or draw nothing."""
        require_least(self, 0, "shown")
        require_least(self, 1, "resamples")

    def needs(self) -> Sequence[Need]:
        return (Need(field="chains", ref=self.chains, wants=Chain),)

    def units(self, name: str) -> Mapping[str, RowStage]:
        own = {} if self.scores else {
            "scores": Score(policy=self.policy, reference=self.reference, chains=self.chains)
        }  # fmt: skip
        scores = self.scores or f"{name}.scores"
        return {
            **own,
            "tokens": Tokens(policy=self.policy, chains=self.chains, scores=scores),
            "auroc": Auroc(tokens=f"{name}.tokens", resamples=self.resamples),
        }

    def section(self, run: Run, name: str) -> Section | None:
        found = list(run.read(f"{name}.auroc", Interval))
        if not found or not self.verdicts:
            return None
        asked = {question.id: question for question in run.questions(run.origin(self.chains, Question))}
        outcomes = {(row.question_id, row.index): row.outcome for row in run.read(self.verdicts, Verdict)}
        texts = {(row.question_id, row.index): row.text for row in run.read(self.chains, Chain)}
        tokens: dict[tuple[str, int], list[TokenCredit]] = {}
        for row in run.read(f"{name}.tokens", TokenCredit):
            tokens.setdefault((row.question_id, row.index), []).append(row)
        shown: dict[str, CreditChain] = {}
        for key, rows in tokens.items():
            # One chain a question, and only those with something to find.
            if len(shown) < self.shown and key[0] not in shown and any(row.wrong for row in rows):
                question = asked[key[0]]
                shown[key[0]] = CreditChain(question=question, picture=picture_of(question), text=texts[key],
                                            tokens=tuple(rows), outcome=outcomes[key])  # fmt: skip
        return CreditSection(auroc=found[0], chains=tuple(shown.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens(RowStage):
    """A row a token."""

    policy: Model
    chains: Rows
    scores: Rows

    rows: ClassVar[type[TokenCredit]] = TokenCredit
    unit: ClassVar[str] = "questions"

    def block_size(self) -> int:
        return 50

    def needs(self) -> Sequence[Need]:
        return (
            Need(field="chains", ref=self.chains, wants=Chain),
            Need(field="scores", ref=self.scores, wants=ScoredChain),
            Need(field="policy", ref=self.policy, wants=ModelKind.WEIGHTS),
            question_need(self.chains, ""),
        )

    def inputs(self, run: Run) -> Sequence[QuestionChains]:
        return with_questions(run, self.chains, "")

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[QuestionChains]], Iterable[TokenCredit]]:
        part = load_part("evaluation", "credit")
        scored = {(row.question_id, row.index): row for row in run.read(self.scores, ScoredChain)}
        model: Any = models.local(self.policy)

        def credit(block: Sequence[QuestionChains]) -> Iterable[TokenCredit]:
            for one in block:
                for chain in one.chains:
                    pieces = part.pieces_of(chain.text, model.pieces(chain.token_ids or ()))
                    wrong = wrong_spans(one.question, chain)
                    yield from part.assign_credit(chain, pieces, scored[chain.question_id, chain.index], wrong)

        return credit


@dataclass(frozen=True, slots=True, kw_only=True)
class Auroc(RowStage):
    """How well low credit finds the wrong sentences; no row where none is known."""

    tokens: Rows
    resamples: int

    rows: ClassVar[type[Interval]] = Interval

    def block_size(self) -> int:
        return 1

    def needs(self) -> Sequence[Need]:
        return (Need(field="tokens", ref=self.tokens, wants=TokenCredit),)

    def inputs(self, run: Run) -> Sequence[str]:
        return ("all",)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[str]], Iterable[Interval]]:
        def measure(_: Sequence[str]) -> Iterable[Interval]:
            found = call_part(
                "evaluation", "credit", "credit_auroc", run.read(self.tokens, TokenCredit), resamples=self.resamples
            )
            return [] if found is None else [found]

        return measure


def picture_of(question: Question) -> bytes | None:
    """The bytes of a question's first picture; None where it has none, or its file is no longer there."""
    try:
        return Path(question.images[0].path).read_bytes() if question.images else None
    except OSError:
        return None


def wrong_spans(question: Question, chain: Chain) -> tuple[Span, ...] | None:
    """Sentences known to be wrong; None where the benchmark's truth cannot tell."""
    if question.benchmark != "inkgrid":
        return None
    return tuple(span for span in Oracle().score_sentences(question, chain.text) if span.score < 1.0)
