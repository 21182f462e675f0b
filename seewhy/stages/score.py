"""Log-probabilities of chains under a policy and its reference, token by token."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from seewhy.model.api import ScoreRequest
from seewhy.records.marks import RARE
from seewhy.records.types import Chain, Response, ScoredChain, Style
from seewhy.runs.api import ModelKind, Models, Need, RowStage, Run
from seewhy.runs.choice import Model, Rows
from seewhy.runs.forecast.api import ModelWork, Outlook, StageForecast
from seewhy.runs.question_chains import QuestionChains, question_need, with_questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(RowStage):
    """Scores the chains of a question together: one pass of the prompt."""

    policy: Model
    """The trained model."""
    reference: Model
    """The model that it started from."""
    chains: Rows
    """Rows of chains."""
    questions: Rows = ""
    """Rows of their questions; empty takes those that the chains were drawn of."""
    blind_reference: bool = field(default=False, metadata=RARE)
    """Withhold the pictures from the reference: with one model on both sides, what the pictures add to each token."""

    rows: ClassVar[type[ScoredChain]] = ScoredChain
    unit: ClassVar[str] = "questions"

    def block_size(self) -> int:
        return 50

    def needs(self) -> Sequence[Need]:
        return (
            Need(field="chains", ref=self.chains, wants=Chain),
            Need(field="policy", ref=self.policy, wants=ModelKind.WEIGHTS),
            Need(field="reference", ref=self.reference, wants=ModelKind.WEIGHTS),
            question_need(self.chains, self.questions),
        )

    def inputs(self, run: Run) -> Sequence[QuestionChains]:
        return with_questions(run, self.chains, self.questions)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[QuestionChains]], Iterable[ScoredChain]]:
        def score(block: Sequence[QuestionChains]) -> Iterable[ScoredChain]:
            asks = [_request(one) for one in block]
            unseen = [replace(ask, blind=self.blind_reference) for ask in asks]
            policy: Any = models.local(self.policy)
            ours = policy.score(asks)
            reference: Any = models.local(self.reference)
            theirs = reference.score(unseen)
            for one, of_policy, of_reference in zip(block, ours, theirs, strict=True):
                for chain, own, other in zip(one.chains, of_policy, of_reference, strict=True):
                    yield ScoredChain(question_id=chain.question_id, index=chain.index, style=chain.style, policy=own,
                                      reference=other)  # fmt: skip

        return score

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        chains, few = outlook.forecast(self.chains), outlook.rows(self.chains, Chain)
        asked = outlook.questions(self.questions or self.chains)
        names, counts = dict.fromkeys(chain.question_id for chain in few), outlook.counts(self.chains)
        work = tuple(
            ModelWork(
                model=model, is_drawn=False, prompts=len(counts), per_prompt=max(counts, default=1),
                questions=tuple(asked[name] for name in names),
                responses=tuple(Response(text=chain.text, token_ids=chain.token_ids) for chain in few),
            )
            for model in (self.policy, self.reference)
        )  # fmt: skip
        return StageForecast(rows=chains.rows, unit="scores", is_exact=chains.is_exact, work=work,
                             per_prompt=chains.per_prompt, basis="each chain by two models")  # fmt: skip


def _request(one: QuestionChains) -> ScoreRequest:
    return ScoreRequest(question=one.question, style=Style.REASON, responses=tuple(
        Response(text=chain.text, token_ids=chain.token_ids) for chain in one.chains
    ))  # fmt: skip
