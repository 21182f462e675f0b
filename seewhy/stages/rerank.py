"""A trained model as verifier of chains: votes and best of N (LLaVA-Reasoner, section 5.2)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from seewhy.endpoints.engine.plan import EnginePlan
from seewhy.judging.answers.decoration import normalise
from seewhy.records.marks import RARE
from seewhy.records.measures import CurvePoint
from seewhy.records.ranges import require_above, require_least, require_seed
from seewhy.records.types import Question, ScoredChain, Verdict
from seewhy.report.inputs import Choices, Section
from seewhy.runs.api import ModelKind, Models, Need, RowStage, Run, Stage
from seewhy.runs.choice import Model, Rows
from seewhy.runs.discovery import call_part, load_part
from seewhy.stages.judge import Judge
from seewhy.stages.sample import Sample
from seewhy.stages.score import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerank(Stage):
    """Candidates, their verdicts, their scores, and accuracy over the number of chains by way of choosing."""

    policy: Model
    """The trained model that verifies."""
    reference: Model
    """The model that it started from."""
    sampler: Model
    """Who draws the candidates."""
    questions: Rows
    """Rows of questions."""
    ask: int = 300
    """The first so many of them; 0 asks all."""
    per_question: int = 16
    """Candidates a question; the curves go up to it in powers of two."""
    temperature: float = 1.0
    """At which candidates are drawn."""
    max_tokens: int = 128
    """Tokens of a candidate, at most."""
    vote_temperature: float = 1.0
    """Nats of log-ratio by which a candidate's weight in the weighted vote grows e-fold."""
    seed: int = 0
    """Seed of the candidates and of the subsets."""
    engine: EnginePlan = field(default=EnginePlan(), metadata=RARE)
    """Who draws: seewhy's own sampler, or servers that have the model's weights."""

    main: ClassVar[str] = "chains"

    def __post_init__(self) -> None:
        """Refuse settings that draw or choose nothing, by name."""
        require_least(self, 0, "ask", "temperature")
        require_least(self, 1, "per_question", "max_tokens")
        require_above(self, 0, "vote_temperature")
        require_seed(self)

    def units(self, name: str) -> Mapping[str, RowStage]:
        return {
            "chains": Sample(
                model=self.sampler, questions=self.questions, ask=self.ask, per_question=self.per_question,
                temperature=self.temperature, multiple_choice_temperature=self.temperature,
                max_tokens=self.max_tokens, per_shard=50, seed=self.seed, engine=self.engine,
            ),
            "verdicts": Judge(chains=f"{name}.chains", questions=self.questions),
            "scores": Score(policy=self.policy, reference=self.reference, chains=f"{name}.chains",
                            questions=self.questions),
            "curves": Curves(verdicts=f"{name}.verdicts", scores=f"{name}.scores", questions=self.questions,
                             per_question=self.per_question, vote_temperature=self.vote_temperature, seed=self.seed),
        }  # fmt: skip

    def needs(self) -> Sequence[Need]:
        return (Need(field="policy", ref=self.policy, wants=ModelKind.WEIGHTS),)

    def section(self, run: Run, name: str) -> Section | None:
        return Choices(curves=tuple(run.read(f"{name}.curves", CurvePoint)), drawn_by=self.sampler)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves(RowStage):
    """Accuracy of each way to choose among the first N candidates."""

    verdicts: Rows
    scores: Rows
    questions: Rows
    per_question: int
    vote_temperature: float
    seed: int

    rows: ClassVar[type[CurvePoint]] = CurvePoint

    def block_size(self) -> int:
        return 1

    def needs(self) -> Sequence[Need]:
        return (
            Need(field="verdicts", ref=self.verdicts, wants=Verdict),
            Need(field="scores", ref=self.scores, wants=ScoredChain),
            Need(field="questions", ref=self.questions, wants=Question),
        )

    def inputs(self, run: Run) -> Sequence[str]:
        return ("all",)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[str]], Iterable[CurvePoint]]:
        curves, rerank = load_part("evaluation", "curves"), load_part("evaluation", "rerank")
        chain_reward = load_part("evaluation", "rewards").chain_reward
        clusters = call_part("evaluation", "pictures", "picture_clusters", run.questions(self.questions))
        # beta is 1: the vote's temperature is then in nats, and beta changes no ranking.
        rewards = {(row.question_id, row.index): chain_reward(row, beta=1.0)
                   for row in run.read(self.scores, ScoredChain)}  # fmt: skip
        return lambda _: curves.rerank_curves(
            rerank.gather_candidates(run.read(self.verdicts, Verdict), rewards, normalise),
            sizes=sizes_up_to(self.per_question), temperature=self.vote_temperature, seed=self.seed,
            clusters=clusters,
        )  # fmt: skip


def sizes_up_to(most: int) -> tuple[int, ...]:
    """Powers of two up to `most`.

    Example:
        >>> sizes_up_to(16)
        (1, 2, 4, 8, 16)
    """
    return tuple(2**power for power in range(most.bit_length()) if 2**power <= most)
