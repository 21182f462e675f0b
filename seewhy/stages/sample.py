"""Many chains of a model for each question, with token ids and their log-probabilities."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from seewhy.endpoints.engine.plan import EnginePlan
from seewhy.judging.outcome import OutcomeJudge
from seewhy.model.api import Generates
from seewhy.records.marks import RARE
from seewhy.records.ranges import require_least, require_seed, require_share
from seewhy.records.types import Chain, FinishReason, Outcome, Question, Response, Style
from seewhy.report.inputs import Count, Facts, Section
from seewhy.runs.api import Models, Need, RowStage, Run
from seewhy.runs.choice import Model, Rows
from seewhy.runs.drawing import drawn_need, served_counts
from seewhy.runs.forecast.api import ModelWork, Outlook, StageForecast, total_rows
from seewhy.runs.right_share import Looking, RightShare
from seewhy.sampling.early import EarlyStop, Fate
from seewhy.sampling.plan import SamplingPlan
from seewhy.sampling.sample import sample_chains, sample_in_turns
from seewhy.sampling.served import LooksFirst
from seewhy.sampling.stand_ins import imitations, stand_in, stand_ins

STOPPED = "questions stopped early"
LITTLE = 0.05
"""A share of right chains below which a step says so."""
REMEDY = "Look at some chains, raise max_tokens where they are cut, or take easier questions or a better model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(RowStage):
    """Draws chains of thought, the same ones whatever else is drawn."""

    model: Model
    """Who draws: a model of the recipe, or a step that trains one."""
    questions: Rows
    """Rows of questions that are asked."""
    ask: int = 0
    """The first so many of them; 0 asks all."""
    after: int = 0
    """Leave out the first so many, as those that lessons were made of, where enough are left."""
    with_options: bool = True
    """Whether questions with options are asked; of four options a guess is right in a quarter of all chains."""
    style: Style = Style.REASON
    """The prompt."""
    per_question: int = 32
    """Chains a question (LLaVA-Reasoner, arXiv 2410.16198, section 3.3: 32)."""
    temperature: float = 1.0
    """For short answers (LLaVA-Reasoner, section 5: 1.0)."""
    multiple_choice_temperature: float = 1.2
    """For multiple choice (LLaVA-Reasoner, section 5: 1.2)."""
    top_p: float = 1.0
    """Share of the probability mass that may be drawn; 1 keeps all."""
    top_k: int = 0
    """Number of most likely tokens that may be drawn; 0 keeps all."""
    max_tokens: int = 256
    """Tokens of a chain, at most; a longer one is cut and says so in `Chain.stop`."""
    per_shard: int = 64
    """Questions a shard: what is lost at most when a run is stopped."""
    seed: int = 0
    """Seed of every chain's own generator, with question id and index."""
    early: EarlyStop = field(default=EarlyStop(), metadata=RARE)
    """Whether questions whose first chains tell that they are too easy or too hard get no more; judged by outcome."""
    engine: EnginePlan = field(default=EnginePlan(), metadata=RARE)
    """Who draws: seewhy's own sampler, or servers that have the model's weights."""
    floor: float = field(default=0.0, compare=False, metadata=RARE)
    """Share of a block's questions whose first chain must end in the right answer, from 0 to 1: below it the run stops
    at the first block; 0 says that there are few, and goes on."""

    rows: ClassVar[type[Chain]] = Chain
    unit: ClassVar[str] = "questions"

    def __post_init__(self) -> None:
        """Refuse settings that draw nothing, by name."""
        require_least(self, 1, "per_question", "per_shard")
        require_least(self, 0, "ask", "after")
        require_seed(self)
        require_share(self, "floor")
        if self.early.first and self.early.first >= self.per_question:
            raise ValueError(f"early.first is {self.early.first}, and per_question {self.per_question}: set it lower, "
                             "or to 0, which stops no question")  # fmt: skip
        assert self.plan(0).decoding(is_letter=True)

    def block_size(self) -> int:
        return self.per_shard

    def needs(self) -> Sequence[Need]:
        return (
            Need(field="questions", ref=self.questions, wants=Question),
            drawn_need(self.model, self.engine),
        )

    def plan(self, count: int) -> SamplingPlan:
        """How so many questions are asked."""
        return SamplingPlan(
            questions=count, with_options=self.with_options, per_question=self.per_question,
            temperature=self.temperature, multiple_choice_temperature=self.multiple_choice_temperature,
            top_p=self.top_p, top_k=self.top_k, max_tokens=self.max_tokens, seed=self.seed,
        )  # fmt: skip

    def inputs(self, run: Run) -> Sequence[Question]:
        questions = run.questions(self.questions)
        chosen = self.plan(self.ask or len(questions)).choose(questions, self.after)
        if not chosen:
            why = "all have options, and with_options is false" if questions else "there are none"
            raise ValueError(f"{run.place(self.questions)}: no question is asked: {why}; give others")
        return chosen

    def fault_ahead(self, questions: Sequence[Question]) -> str:
        """Whether all of these have options and are left out."""
        if self.with_options or not all(question.options for question in questions):
            return ""
        return (f"with_options is false, and each of the first {len(questions)} questions has options: nothing would "
                "be drawn; set it to true")  # fmt: skip

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[Question]], Iterable[Chain]]:
        model, plan = models.sampler(self.model, self.engine), self.plan(self.ask)
        if isinstance(model, LooksFirst):
            model.look(self.inputs(run), self.style, self.max_tokens, blind=False)
        share = RightShare(what="questions' first chains", little=LITTLE, floor=self.floor, remedy=REMEDY,
                           counts_unjudged=False)  # fmt: skip
        looking = Looking(share=share, note=models.note)

        def draw(block: Sequence[Question]) -> list[Chain]:
            chains = list(self._drawn_by(model, plan, block))
            looking.look(block, chains)
            return chains

        return draw

    def _drawn_by(self, model: Generates, plan: SamplingPlan, block: Sequence[Question]) -> Iterable[Chain]:
        if not self.early.first:
            return sample_chains(model, block, plan, self.style)
        judge = OutcomeJudge()

        def is_live(question: Question, chains: Sequence[Chain]) -> bool:
            outcomes = [verdict.outcome for verdict in judge.judge(question, tuple(chains))]
            judged = sum(outcome is not Outcome.UNJUDGED for outcome in outcomes)
            left = self.per_question - len(chains)
            return self.early.fate(outcomes.count(Outcome.CORRECT), judged, left) is Fate.LIVE

        return sample_in_turns(model, block, plan, self.style, self.early.first, is_live)

    def tally(self, block: Sequence[Question], rows: Sequence[Chain]) -> Mapping[str, int]:
        tokens = cut = 0
        for row in rows:
            tokens += len(row.token_ids or ())
            cut += row.stop is FinishReason.LENGTH
        stopped = len(block) * self.per_question - len(rows)
        early = {STOPPED: stopped // (self.per_question - self.early.first)} if self.early.first else {}
        return {"tokens": tokens, "cut": cut, **early, **served_counts(rows, self.engine)}

    def section(self, run: Run, name: str) -> Section | None:
        counts = run.manifest(name).counts
        if not self.early.first:
            return None
        missed = ", ".join(f"{accuracy:.0%}: {self.early.chance_of_stop(accuracy, self.per_question):.1%}"
                           for accuracy in self._accuracies())  # fmt: skip
        return Facts(
            title=f"Early stop of {name}",
            counts=(Count(name="questions asked", count=counts["inputs"]), Count(name=STOPPED, count=counts[STOPPED])),
            text=f"Questions were stopped after {self.early.first} of {self.per_question} chains where these tell that "
            f"they will not reach the band of {self.early.lowest:.0%} to {self.early.highest:.0%} right. This loses "
            f"questions that would have, by their true accuracy: {missed}. Mean accuracies over the chains of this "
            "step are biased too: stopped questions have fewer chains.",
        )

    def _accuracies(self) -> tuple[float, ...]:
        """Ends and middle of the band, and two between."""
        low, high = self.early.lowest, self.early.highest
        return tuple(low + (high - low) * quarter / 4 for quarter in range(5))

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        count = total_rows(outlook, self.questions, self.ask)
        return StageForecast(
            rows=count * self.per_question, unit="chains", is_exact=self.with_options, per_prompt=self.per_question,
            max_tokens=self.max_tokens, work=() if self.engine.is_server else (self._drawn(outlook, count),),
            basis=f"{count:,} questions, {self.per_question} each, of at most {self.max_tokens} tokens",
        )  # fmt: skip

    def _drawn(self, outlook: Outlook, count: int) -> ModelWork:
        return ModelWork(
            model=self.model, is_drawn=True, prompts=count, per_prompt=self.per_question, style=self.style,
            questions=tuple(self._few(outlook)), responses=tuple(self._likely(outlook)), max_tokens=self.max_tokens,
        )  # fmt: skip

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Chain]:
        questions = self._few(outlook)
        if not outlook.limit:
            return stand_ins(questions, self.style, self.per_question, self.max_tokens)
        return imitations(questions, self.style, self.per_question, self._likely(outlook))

    def _few(self, outlook: Outlook) -> Sequence[Question]:
        questions = outlook.rows(self.questions, Question)
        return self.plan(self.ask or len(questions)).choose(questions, 0 if outlook.limit else self.after)

    def _likely(self, outlook: Outlook) -> Sequence[Response]:
        """As what the model was trained on; as long as a chain may be where that is not known."""
        found = outlook.replies(self.model, self.style)
        return found or [stand_in(index, self.max_tokens) for index in range(self.per_question)]
