"""Which token of a chain the training credits, and whether wrong sentences get less (LLaVA-Reasoner, section 5.4)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any, ClassVar

from seewhy.evaluation.crediting import CreditedChain
from seewhy.judging.asking.splitting import split_sentences
from seewhy.model.api import ScoreRequest
from seewhy.model.plan import ComputePlan
from seewhy.records.marks import RARE
from seewhy.records.measures import Interval
from seewhy.records.ranges import require_least
from seewhy.records.token_credit import TokenCredit
from seewhy.records.types import Chain, Question, Response, ScoredChain, Span, Style, Verdict
from seewhy.report.inputs import Credit as CreditSection
from seewhy.report.inputs import CreditChain, Section
from seewhy.runs.api import ModelKind, Models, Need, RowStage, Run, Stage
from seewhy.runs.choice import Choice, Layer, Model, Rows, choose, make
from seewhy.runs.discovery import call_part, constant_of, load_part
from seewhy.runs.question_chains import QuestionChains, question_need, with_questions
from seewhy.stages.score import Score
from seewhy.testing.oracle import Oracle

KINDS = "evaluation.credits"
TRAINED = "log_ratio"
"""The kind that reads what the training changed, and no model again."""


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
    kind: Annotated[Choice, Layer(KINDS)] = field(default_factory=lambda: choose(TRAINED), metadata=RARE)
    """`log_ratio` is what training changed. The others need no training: `so_far` is the least likely sentence up to a
    token's own, `likelihood`, `entropy` and `position` are baselines, `picture` is what the picture adds, `left_out`
    what a sentence adds to the answer, `judged` what a judge said."""
    spans: Rows = field(default="", metadata=RARE)
    """For `judged`: verdicts with a score a sentence, as of the judges `agreement` and `sentences`."""

    main: ClassVar[str] = "tokens"

    def __post_init__(self) -> None:
        """Refuse counts that show or draw nothing."""
        require_least(self, 0, "shown")
        require_least(self, 1, "resamples")
        if (self.kind.kind == "judged") != bool(self.spans):
            raise ValueError("spans names the verdicts of the kind judged, and of no other kind")

    def needs(self) -> Sequence[Need]:
        return (Need(field="chains", ref=self.chains, wants=Chain),)

    def units(self, name: str) -> Mapping[str, RowStage]:
        own = {} if self.scores else {
            "scores": Score(policy=self.policy, reference=self.reference, chains=self.chains)
        }  # fmt: skip
        scores = self.scores or f"{name}.scores"
        return {
            **own,
            "tokens": Tokens(
                policy=self.policy,
                chains=self.chains,
                scores=scores,
                kind=self.kind,
                spans=self.spans,
                reference=self.reference if constant_of(KINDS, self.kind.kind, "asks_reference", True) else "",
            ),
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
        words = "" if self.kind.kind == TRAINED else make(self.kind, KINDS, f"{name}.kind").words
        colour = about_mean if words else tuple[TokenCredit, ...]
        shown: dict[str, CreditChain] = {}
        for key, rows in tokens.items():
            # One chain a question, and only those with something to find.
            if len(shown) < self.shown and key[0] not in shown and any(row.wrong for row in rows):
                question = asked[key[0]]
                shown[key[0]] = CreditChain(question=question, picture=picture_of(question), text=texts[key],
                                            tokens=colour(rows), outcome=outcomes[key])  # fmt: skip
        return CreditSection(auroc=found[0], chains=tuple(shown.values()), words=words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens(RowStage):
    """A row a token."""

    policy: Model
    chains: Rows
    scores: Rows
    kind: Annotated[Choice, Layer(KINDS)] = field(default_factory=lambda: choose(TRAINED), metadata=RARE)
    spans: Rows = field(default="", metadata=RARE)
    reference: Model = field(default="", metadata=RARE)
    """Asked by kinds that need more of it than `scores`; else empty."""

    rows: ClassVar[type[TokenCredit]] = TokenCredit
    unit: ClassVar[str] = "questions"

    def block_size(self) -> int:
        return 50

    def needs(self) -> Sequence[Need]:
        more = [Need(field="spans", ref=self.spans, wants=Verdict)] if self.spans else []
        if self.reference:
            more.append(Need(field="reference", ref=self.reference, wants=ModelKind.WEIGHTS))
        return (
            Need(field="chains", ref=self.chains, wants=Chain),
            Need(field="scores", ref=self.scores, wants=ScoredChain),
            Need(field="policy", ref=self.policy, wants=ModelKind.WEIGHTS),
            question_need(self.chains, ""), *more,
        )  # fmt: skip

    def inputs(self, run: Run) -> Sequence[QuestionChains]:
        return with_questions(run, self.chains, "")

    def require(self, compute: ComputePlan) -> None:
        assert make(self.kind, KINDS, "kind")

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[QuestionChains]], Iterable[TokenCredit]]:
        part, kind = load_part("evaluation", "credit"), make(self.kind, KINDS, "kind")
        scored = {(row.question_id, row.index): row for row in run.read(self.scores, ScoredChain)}
        spans = {(row.question_id, row.index): row.spans for row in run.read(self.spans, Verdict)} if self.spans else {}
        model: Any = models.local(self.policy)
        reference: Any = models.local(self.reference) if self.reference else None

        def credit(block: Sequence[QuestionChains]) -> Iterable[TokenCredit]:
            for one in block:
                pieces = [part.pieces_of(chain.text, model.pieces(chain.token_ids or ())) for chain in one.chains]
                keys = [(chain.question_id, chain.index) for chain in one.chains]
                for chain, own, key in zip(one.chains, pieces, keys, strict=True):
                    part.check_same_chain(chain, own, scored[key])
                credited = [
                    CreditedChain(
                        chain=chain, tokens=[(piece.start, piece.end) for piece in own], scored=scored[key],
                        sentences=split_sentences(chain.text), spans=spans.get(key, ()),
                    )
                    for chain, own, key in zip(one.chains, pieces, keys, strict=True)
                ]  # fmt: skip
                values = kind.credit(credited, Asked(reference, one.question))
                for chain, own, row in zip(one.chains, pieces, values, strict=True):
                    yield from part.credit_rows(chain, own, row, wrong_spans(one.question, chain))

        return credit


@dataclass(frozen=True, slots=True)
class Asked:
    """The reference, asked about responses to one question, as the chains were scored."""

    model: Any
    question: Question

    def logps(self, responses: Sequence[Response], *, blind: bool = False) -> Sequence[tuple[float, ...]]:
        """Log-probability of each token of each response."""
        asked = ScoreRequest(question=self.question, style=Style.REASON, responses=tuple(responses), blind=blind)
        return self.model.score([asked])[0]

    def entropies(self, responses: Sequence[Response]) -> Sequence[tuple[float, ...]]:
        """Entropy, in nats, of what each token was drawn from."""
        with load_part("model", "packed.logps").scoring_entropies():
            return self.logps(responses)


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


def about_mean(rows: Sequence[TokenCredit]) -> tuple[TokenCredit, ...]:
    """The tokens of a chain with their credit less its mean, as `log_ratio` has it already: for colours."""
    mean = fmean(row.credit for row in rows)
    return tuple(replace(row, credit=row.credit - mean) for row in rows)


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
