"""How often one model's chains beat another's, by a judge that sees both in both orders (ARES, arXiv 2407.00087)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from seewhy.endpoints.recording import RecordingClient
from seewhy.judging.versus import VersusJudge
from seewhy.model.plan import ComputePlan
from seewhy.records.measures import Contest
from seewhy.records.ranges import require_least, require_seed
from seewhy.records.types import Chain, Style
from seewhy.report.inputs import Count, Facts, Section
from seewhy.runs.api import ModelKind, Models, Need, RowStage, Run, Stage
from seewhy.runs.choice import Model, Rows
from seewhy.runs.discovery import call_part
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.runs.question_chains import QuestionChains, question_need, with_questions
from seewhy.stages.evaluate import Replies

FIRST, SECOND = "first", "second"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(Stage):
    """Parts `first` and `second`, one reply of each model a question, and `contests`."""

    first: Model
    """The model whose wins are counted."""
    second: Model
    """Its rival."""
    questions: Rows
    """Rows of questions."""
    model: Model
    """The model behind a server that judges."""
    style: Style = Style.REASON
    """The prompt of both."""
    temperature: float = 0.0
    """Of both; 0 takes the likeliest reply."""
    max_tokens: int = 256
    """Of a reply."""
    show_gold: bool = False
    """Whether the judge is given the right answer."""
    per_shard: int = 64
    """Questions a shard."""
    seed: int = 0
    """Seed of the chains."""

    main: ClassVar[str] = "contests"

    def __post_init__(self) -> None:
        """Refuse a model against itself, and numbers that draw nothing."""
        require_least(self, 1, "max_tokens", "per_shard")
        require_least(self, 0, "temperature")
        require_seed(self)
        if self.first == self.second:
            raise ValueError(f"first and second are both {self.first}: name another model as `second`")

    def units(self, name: str) -> Mapping[str, RowStage]:
        replies = {
            part: Replies(
                model=model, questions=self.questions, style=self.style, blind=False, temperature=self.temperature,
                max_tokens=self.max_tokens, per_shard=self.per_shard, seed=self.seed,
            )
            for part, model in ((FIRST, self.first), (SECOND, self.second))
        }  # fmt: skip
        contests = Contests(chains=f"{name}.{FIRST}", rivals=f"{name}.{SECOND}", questions=self.questions,
                            model=self.model, show_gold=self.show_gold)  # fmt: skip
        return {**replies, "contests": contests}

    def section(self, run: Run, name: str) -> Section | None:
        rows = list(run.read(f"{name}.contests", Contest))
        rate = call_part("evaluation", "versus", "win_rate", rows)
        counts = (
            Count(name=f"{self.first} better in both orders or one and a tie", count=rate.wins),
            Count(name="tie, or the order decided", count=rate.ties),
            Count(name=f"{self.second} better", count=rate.losses), Count(name="unjudged", count=rate.unjudged),
        )  # fmt: skip
        won = f"{self.first} wins {rate.won.value:.1%} ({rate.won.low:.1%} to {rate.won.high:.1%}) of {rate.n}"
        return Facts(title=f"Win rate: {name}", counts=counts,
                     text=f"{won}; both orders agree in {rate.agreement:.1%}.")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Contests(RowStage):
    """Each chain against its rival, in both orders."""

    chains: Rows
    rivals: Rows
    questions: Rows
    model: Model
    show_gold: bool

    rows: ClassVar[type[Contest]] = Contest
    unit: ClassVar[str] = "questions"

    def block_size(self) -> int:
        return 16

    def needs(self) -> Sequence[Need]:
        return (
            Need(field="chains", ref=self.chains, wants=Chain), Need(field="rivals", ref=self.rivals, wants=Chain),
            question_need(self.chains, self.questions), Need(field="model", ref=self.model, wants=ModelKind.SERVER),
        )  # fmt: skip

    def inputs(self, run: Run) -> Sequence[QuestionChains]:
        return with_questions(run, self.chains, self.questions)

    def require(self, compute: ComputePlan) -> None:
        assert VersusJudge(chat_model=RecordingClient(name=self.model), rivals={}, show_gold=self.show_gold)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[QuestionChains]], Iterable[Contest]]:
        rivals = {chain.question_id: chain for chain in run.read(self.rivals, Chain)}
        judge = VersusJudge(chat_model=models.server(self.model), rivals=rivals, show_gold=self.show_gold)
        return lambda block: [one for group in block for one in judge.compare(group.question, group.chains)]

    def tally(self, block: Sequence[QuestionChains], rows: Sequence[Contest]) -> Mapping[str, int]:
        return {"unjudged": sum(row.ahead is None or row.behind is None for row in rows)}

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        if counts.get("unjudged", 0) == len(self.inputs(run)):
            raise ValueError(f"none of {len(self.inputs(run))} contests was judged in both orders, so no win rate "
                             "follows: name another model, or more max_tokens")  # fmt: skip
        return ""

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        asked = outlook.forecast(self.questions)
        return StageForecast(rows=asked.rows, unit="contests", is_exact=asked.is_exact,
                             basis="one a question, two requests each")  # fmt: skip
