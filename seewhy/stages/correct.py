"""Chains corrected by a teacher that knows the answer, as lessons (ARES, arXiv 2407.00087, step 2)."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from seewhy.endpoints.chat import ChatModel
from seewhy.endpoints.recording import RecordingClient
from seewhy.judging.corrector import Correction, CorrectionOutcome, Corrector
from seewhy.model.plan import ComputePlan
from seewhy.records.corrections import CorrectionRow
from seewhy.records.types import Chain, Lesson, Response
from seewhy.report.inputs import Count, Facts, Section
from seewhy.runs.api import ModelKind, Models, Need, RowStage, Run, Stage
from seewhy.runs.choice import Choice, Layer, Model, Rows, choose
from seewhy.runs.forecast.api import Outlook, ServerWork, StageForecast
from seewhy.runs.question_chains import QuestionChains, question_need, with_questions

ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct(Stage):
    """Parts `corrections`, one a chain with its edits, and `lessons`, those that end in the gold answer.

    An echo, an answer that is not the gold one, and a reply that could not be read become no lesson.
    """

    chains: Rows
    """Rows of chains."""
    model: Model
    """The model behind a server that corrects, by ARES's seven rules; it is given the right answer."""
    questions: Rows = ""
    """Rows of their questions; empty takes those that the chains were drawn of."""
    teacher: Annotated[Choice, Layer("teachers")] = field(default_factory=lambda: choose(ENDPOINT))
    """Who corrects: an `endpoint`, which is `model`."""
    max_tokens: int = 1000
    """Of a correction."""
    blind: bool = False
    """Withhold the pictures: a control that shows what sight is worth."""

    main: ClassVar[str] = "lessons"

    def __post_init__(self) -> None:
        """Refuse a teacher that corrects nothing, and settings of it that no correction reads."""
        if self.teacher.kind != ENDPOINT:
            raise ValueError(f"teacher {self.teacher.kind} corrects nothing; leave it away, or name {ENDPOINT}")
        unread = sorted(set(self.teacher.settings) - {"seed"})
        if unread:
            raise ValueError(f"teacher.{unread[0]}: corrections do not read it; leave it away")
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens must be 1 or above, and is {self.max_tokens}")

    def units(self, name: str) -> Mapping[str, RowStage]:
        return {
            "corrections": Corrections(
                chains=self.chains, questions=self.questions, model=self.model, max_tokens=self.max_tokens,
                blind=self.blind,
            ),
            "lessons": CorrectedLessons(corrections=f"{name}.corrections"),
        }  # fmt: skip

    def section(self, run: Run, name: str) -> Section | None:
        counts = run.manifest(f"{name}.corrections").counts
        counted = [Count(name=kind.value, count=counts.get(kind.value, 0)) for kind in CorrectionOutcome]
        return Facts(title=f"Corrections: {name}", counts=tuple(counted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections(RowStage):
    """What a teacher made of each chain."""

    chains: Rows
    questions: Rows
    model: Model
    max_tokens: int
    blind: bool

    rows: ClassVar[type[CorrectionRow]] = CorrectionRow
    unit: ClassVar[str] = "questions"

    def block_size(self) -> int:
        return 16

    def needs(self) -> Sequence[Need]:
        return (
            Need(field="chains", ref=self.chains, wants=Chain), question_need(self.chains, self.questions),
            Need(field="model", ref=self.model, wants=ModelKind.SERVER),
        )  # fmt: skip

    def inputs(self, run: Run) -> Sequence[QuestionChains]:
        return with_questions(run, self.chains, self.questions)

    def made(self, chat_model: ChatModel) -> Corrector:
        """The corrector."""
        return Corrector(chat_model=chat_model, max_tokens=self.max_tokens, blind=self.blind)

    def require(self, compute: ComputePlan) -> None:
        assert self.made(RecordingClient(name=self.model))

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[QuestionChains]], Iterable[CorrectionRow]]:
        corrector = self.made(models.server(self.model))
        return lambda block: [row_of(one) for group in block for one in corrector.correct(group.question, group.chains)]

    def tally(self, block: Sequence[QuestionChains], rows: Sequence[CorrectionRow]) -> Mapping[str, int]:
        return Counter(row.outcome for row in rows)

    def cost(self, rows: Sequence[CorrectionRow]) -> float:
        return sum(row.usage.dollars for row in rows)

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        total, kept = sum(counts.values()), counts.get(CorrectionOutcome.CORRECTED.value, 0)
        if not kept:
            said = ", ".join(f"{name}: {count}" for name, count in sorted(counts.items()))
            raise ValueError(
                f"{run.place(self.chains)}: no chain was corrected ({said}): name another model, or more max_tokens"
            )
        return f"{kept} of {total} chains were corrected"

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        chains = outlook.forecast(self.chains)
        return StageForecast(
            rows=chains.rows, unit="corrections", is_exact=chains.is_exact, max_tokens=self.max_tokens,
            server=self._asked(outlook), basis="one a chain",
        )  # fmt: skip

    def _asked(self, outlook: Outlook) -> ServerWork:
        whole = outlook.all_rows()
        questions = whole.questions(self.questions or self.chains)
        listener = outlook.listener(self.model)
        corrector = self.made(listener)
        for chain in whole.rows(self.chains, Chain):
            corrector.correct(questions[chain.question_id], (chain,))
        return ServerWork(model=self.model, requests=listener.recorded)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedLessons(RowStage):
    """Corrections to imitate."""

    corrections: Rows

    rows: ClassVar[type[Lesson]] = Lesson
    unit: ClassVar[str] = "corrections"

    def block_size(self) -> int:
        return 1000

    def needs(self) -> Sequence[Need]:
        return (Need(field="corrections", ref=self.corrections, wants=CorrectionRow),)

    def inputs(self, run: Run) -> Sequence[CorrectionRow]:
        return run.read(self.corrections, CorrectionRow)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[CorrectionRow]], Iterable[Lesson]]:
        return lambda block: [
            Lesson(question_id=row.question_id, style=row.style, response=Response(text=row.after), source=row.source)
            for row in block if row.outcome == CorrectionOutcome.CORRECTED.value
        ]  # fmt: skip

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        found = outlook.forecast(self.corrections)
        return StageForecast(rows=found.rows, unit="lessons", is_exact=False, basis="at most one a correction",
                             max_tokens=found.max_tokens)  # fmt: skip


def row_of(correction: Correction) -> CorrectionRow:
    """A correction as a row."""
    chain = correction.chain
    return CorrectionRow(
        question_id=chain.question_id, index=chain.index, style=chain.style, outcome=correction.fate.value,
        before=chain.text, after=correction.text, starts=tuple(edit.start for edit in correction.edits),
        ends=tuple(edit.end for edit in correction.edits), words=tuple(edit.words for edit in correction.edits),
        why=correction.why, source=correction.source, usage=correction.usage,
    )  # fmt: skip
