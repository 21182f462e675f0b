"""Chains, each with what a model makes of its first words without the pictures (DropoutNTP).

Source: InternVL MPO (arXiv 2411.10442, eq. 2): the first half of the words is kept.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from seewhy.model.api import GenerateRequest, Generates, Prefix, SamplingParams
from seewhy.pairs.blindness import UNSEEN, first_words, is_blind, sight_verdict
from seewhy.records.ranges import require_least, require_seed
from seewhy.records.types import Chain, FinishReason, Response, Verdict
from seewhy.runs.api import ModelKind, Models, Need, RowStage, Run, Stage
from seewhy.runs.choice import Model, Rows
from seewhy.runs.forecast.api import ModelWork, Outlook, StageForecast
from seewhy.runs.question_chains import Groups, QuestionChains, question_need, with_questions

BLIND, CUT = "continued without pictures", "not continued, cut off"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinueBlind(Stage):
    """Parts `chains`, each original with its continuations after it, and `verdicts`, which say which is which."""

    model: Model
    """Who continues: the model that drew the chains, so that nothing but the picture makes the difference."""
    chains: Rows
    """Chains that were drawn with the pictures."""
    questions: Rows = ""
    """Rows of their questions; empty takes those that the chains were drawn of."""
    keep: float = 0.5
    """Share of a chain's words that are kept, at least 0 and below 1 (table 9: 0.5 hallucinates least)."""
    per_question: int = 0
    """Chains of each question that are continued, from its first; 0 takes all."""
    per_chain: int = 1
    """Continuations of a chain (the paper: 1)."""
    temperature: float = 1.0
    """Of the continuations."""
    top_p: float = 1.0
    """Share of the probability mass that may be drawn; 1 keeps all."""
    top_k: int = 0
    """Number of most likely tokens that may be drawn; 0 keeps all."""
    max_tokens: int = 256
    """Tokens of a continuation, at most."""
    seed: int = 0
    """Seed of every continuation's own generator, with question id and index."""

    main: ClassVar[str] = "chains"

    def __post_init__(self) -> None:
        """Refuse settings that continue nothing."""
        if not 0.0 <= self.keep < 1.0:
            raise ValueError(f"keep is a share of words, at least 0 and below 1, and is {self.keep}")
        require_least(self, 0, "per_question")
        require_least(self, 1, "per_chain")
        require_seed(self)
        assert self.decoding()

    def decoding(self) -> SamplingParams:
        """How continuations are drawn."""
        return SamplingParams(temperature=self.temperature, top_p=self.top_p, top_k=self.top_k,
                              max_tokens=self.max_tokens, seed=self.seed)  # fmt: skip

    def units(self, name: str) -> Mapping[str, RowStage]:
        plan = replace(self, model="", chains="", questions="")
        return {"chains": BlindChains(plan=plan, model=self.model, chains=self.chains, questions=self.questions),
                "verdicts": SightVerdicts(chains=f"{name}.chains")}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindChains(RowStage):
    """The chains, each original with its continuations behind it, numbered anew."""

    plan: ContinueBlind
    """Without its references."""
    model: Model
    chains: Rows
    questions: Rows

    rows: ClassVar[type[Chain]] = Chain
    unit: ClassVar[str] = "questions"

    def block_size(self) -> int:
        return 64

    def needs(self) -> Sequence[Need]:
        return (
            Need(field="chains", ref=self.chains, wants=Chain), question_need(self.chains, self.questions),
            Need(field="model", ref=self.model, wants=ModelKind.WEIGHTS),
        )  # fmt: skip

    def inputs(self, run: Run) -> Groups:
        return with_questions(run, self.chains, self.questions)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[QuestionChains]], Iterable[Chain]]:
        model = models.local(self.model)
        return lambda block: continue_blind(model, block, self.plan)

    def tally(self, block: Sequence[QuestionChains], rows: Sequence[Chain]) -> Mapping[str, int]:
        return {BLIND: sum(map(is_blind, rows)), CUT: sum(not _is_whole(one) for part in block for one in part.chains)}

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        if not counts[BLIND]:
            raise ValueError(f"{run.place(self.chains)}: no chain was continued, {counts[CUT]} because the token limit "
                             "cut them off, others because their question has no picture: sample with more "
                             "max_tokens, or of questions with pictures")  # fmt: skip
        return ""

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        counts, source = outlook.counts(self.chains), outlook.forecast(self.chains)
        each = self.plan.per_chain * max(min(counts, default=0), 1)
        chains = list(outlook.rows(self.chains, Chain))
        work = ModelWork(
            model=self.model, is_drawn=True, is_blind=True, prompts=len(counts), per_prompt=each,
            questions=tuple(outlook.questions(self.chains).values()), max_tokens=self.plan.max_tokens,
            responses=tuple(Response(text=chain.text, token_ids=chain.token_ids) for chain in chains[:64]),
        )  # fmt: skip
        return StageForecast(
            rows=(source.rows or 0) * (1 + self.plan.per_chain), unit="chains", is_exact=False,
            max_tokens=source.max_tokens, work=(work,), basis=f"each chain and {self.plan.per_chain} continuations",
        )  # fmt: skip

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Chain]:
        found = outlook.rows(self.chains, Chain)
        return [one for chain in found for one in (chain, replace(chain, sampler=f"{chain.sampler}{UNSEEN}"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class SightVerdicts(RowStage):
    """Score 1 for a chain that was drawn with the pictures, 0 for one that was continued without them."""

    chains: Rows

    rows: ClassVar[type[Verdict]] = Verdict
    unit: ClassVar[str] = "chains"

    def block_size(self) -> int:
        return 4096

    def needs(self) -> Sequence[Need]:
        return (Need(field="chains", ref=self.chains, wants=Chain),)

    def inputs(self, run: Run) -> Sequence[Chain]:
        return run.read(self.chains, Chain)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[Chain]], Iterable[Verdict]]:
        return lambda block: map(sight_verdict, block)

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        return StageForecast(rows=outlook.forecast(self.chains).rows, unit="verdicts", basis="one a chain")

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Verdict]:
        return list(map(sight_verdict, outlook.rows(self.chains, Chain)))


def continue_blind(model: Generates, block: Sequence[QuestionChains], plan: ContinueBlind) -> Iterator[Chain]:
    """Each chain with its continuations behind it; cut off chains and questions without pictures are left out."""
    groups = [(part.question, _originals(part, plan)) for part in block if part.question.images]
    asks = [
        GenerateRequest(question=question, style=chain.style, count=plan.per_chain, first=place * plan.per_chain,
                        blind=True, beginning=_beginning(chain, plan.keep))
        for question, chains in groups
        for place, chain in enumerate(chains)
    ]  # fmt: skip
    drawn = iter(model.generate(asks, plan.decoding()) if asks else ())
    for _, chains in groups:
        numbers: dict[str, int] = {}
        for chain in chains:
            unseen = (replace(one, sampler=f"{one.sampler}{UNSEEN}") for one in next(drawn))
            for one in (chain, *unseen):
                numbers[chain.style] = numbers.get(chain.style, -1) + 1
                yield replace(one, index=numbers[chain.style])


def _originals(part: QuestionChains, plan: ContinueBlind) -> list[Chain]:
    whole = [chain for chain in part.chains if _is_whole(chain)]
    return whole[: plan.per_question] if plan.per_question else whole


def _is_whole(chain: Chain) -> bool:
    return chain.stop is FinishReason.END


def _beginning(chain: Chain, keep: float) -> Prefix | None:
    text = first_words(chain.text, keep)
    return Prefix(text=text, token_ids=chain.token_ids) if text else None
