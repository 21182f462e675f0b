"""Rationales from a teacher, graded by their answer (LLaVA-Reasoner, arXiv 2410.16198, section 3.1)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar

from seewhy.model.plan import ComputePlan
from seewhy.records.appended import append_lines
from seewhy.records.ranges import require_least, require_share
from seewhy.records.types import Chain, Question, Style
from seewhy.runs.api import ModelKind, Models, Need, RowStage, Run, Stage
from seewhy.runs.choice import Choice, Layer, Model, Rows, choose, class_chosen, make, settings_of
from seewhy.runs.forecast.api import Outlook, ServerWork, StageForecast, first_of
from seewhy.runs.right_share import RightShare
from seewhy.runs.training_questions import count_training, expected_training, of_train, training_questions
from seewhy.sampling.stand_ins import stand_ins
from seewhy.stages.judge import Judge
from seewhy.teachers.api import AlwaysRight, LimitsTokens

UNANSWERED = "unanswered.jsonl"
ASKED = "chat_model"
LITTLE = 0.5
"""A share of right rationales below which the run says so."""
REMEDY = "Look at the teacher's prompt and the rule of the questions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Distil(Stage):
    """A rationale a question, and whether its answer is right: parts `chains` and `verdicts`."""

    questions: Rows
    """Rows of questions."""
    ask: int = 0
    """The first so many of them; 0 asks all."""
    teacher: Annotated[Choice, Layer("teachers")] = field(default_factory=lambda: choose("gold"))
    """`oracle` knows inkgrid's pages, `gold` gives the questions' own rationales, `endpoint` asks `model`."""
    model: Model = ""
    """The model behind a server that an `endpoint` asks."""
    floor: float = field(default=0.05, compare=False)
    """Share of a block's rationales that must end in the right answer where a model is asked, from 0 to 1: below it the
    run stops at the first block, before more is paid for."""

    main: ClassVar[str] = "chains"

    def __post_init__(self) -> None:
        """Refuse a teacher without the model that it asks, and the other way round."""
        asks = ASKED in settings_of(class_chosen(self.teacher, "teachers", "teacher"))
        if asks != bool(self.model):
            say = "asks a model: name it as `model`" if asks else "asks no model: leave `model` away"
            raise ValueError(f"teacher {self.teacher.kind} {say}")
        require_least(self, 0, "ask")
        require_share(self, "floor")

    def units(self, name: str) -> Mapping[str, RowStage]:
        return {
            "chains": Rationales(
                questions=self.questions, ask=self.ask, teacher=self.teacher, model=self.model, floor=self.floor
            ),
            "verdicts": Judge(chains=f"{name}.chains", questions=self.questions),
        }

    def require(self, compute: ComputePlan) -> None:
        made = make(self.teacher, "teachers", "teacher", chat_model=None, unanswered=None)
        assert made is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rationales(RowStage):
    """The chains of a teacher."""

    questions: Rows
    ask: int
    teacher: Annotated[Choice, Layer("teachers")]
    model: Model
    floor: float = field(default=0.0, compare=False)

    rows: ClassVar[type[Chain]] = Chain
    unit: ClassVar[str] = "questions"

    def block_size(self) -> int:
        return 256 if self.model else 500

    def needs(self) -> Sequence[Need]:
        found = [Need(field="questions", ref=self.questions, wants=Question)]
        return [*found, Need(field="model", ref=self.model, wants=ModelKind.SERVER)] if self.model else found

    def inputs(self, run: Run) -> Sequence[Question]:
        return training_questions(run, self.questions, self.ask)

    def made(self, chat_model: object, unanswered: Callable[[str, str], None]) -> Any:  # noqa: ANN401
        """The teacher; ValueError where a setting is refused."""
        return make(self.teacher, "teachers", "teacher", chat_model=chat_model, unanswered=unanswered)

    def fault_ahead(self, questions: Sequence[Question]) -> str:
        """What the teacher has against the first questions."""
        try:
            self.made(None, _ignore).require(first_of(of_train(questions, self.questions)[0], self.ask))
        except ValueError as error:
            return str(error)
        return ""

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[Question]], Iterable[Chain]]:
        questions = training_questions(run, self.questions, self.ask, models.note)
        missed = Unanswered(run.root / "servers" / UNANSWERED, models.note)
        by_batch = run.machine.by_batch
        teacher = self.made(models.server(self.model, by_batch=by_batch) if self.model else None, missed.add)
        teacher.require(questions)
        if by_batch and self.model:
            # All at once: what comes back is kept, and the blocks find it there.
            for _ in teacher.teach(questions):
                pass
            missed.reasons.clear()

        def teach(block: Sequence[Question]) -> list[Chain]:
            chains = list(teacher.teach(block))
            missed.write()
            if self.model:
                said = share.look(block, chains)
                if said:
                    models.note(said)
            return chains

        share = RightShare(what="rationales", little=LITTLE, floor=self.floor, remedy=REMEDY)
        return teach

    def tally(self, block: Sequence[Question], rows: Sequence[Chain]) -> Mapping[str, int]:
        missing = len(block) - len({row.question_id for row in rows})
        return {"unanswered": missing} if self.model or missing else {}

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        if counts.get("unanswered", 0) == len(self.inputs(run)):
            raise ValueError(f"teacher {self.teacher.kind} gave no question a rationale: name another as `teacher`")
        return ""

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        rows, teacher = count_training(run, outlook, self.questions, self.ask), self.made(None, _ignore)
        if not self.model:
            return StageForecast(
                rows=rows, unit="rationales", is_tried=True, is_right=isinstance(teacher, AlwaysRight),
                basis=f"teacher {self.teacher.kind} costs nothing: a few were asked for and timed",
            )  # fmt: skip
        limit = teacher.max_tokens if isinstance(teacher, LimitsTokens) else 0
        return StageForecast(
            rows=rows, unit="rationales", is_exact=False, max_tokens=limit, server=self._asked(run, outlook),
            basis=f"one a question, of at most {limit} tokens; the teacher was not asked, and its time is not known",
        )  # fmt: skip

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Chain]:
        questions = expected_training(run, outlook, self.questions, self.ask)
        teacher = self.made(None, _ignore)
        if not self.model:
            teacher.require(questions)
            return list(teacher.teach(questions))
        limit = teacher.max_tokens if isinstance(teacher, LimitsTokens) else 0
        return stand_ins(questions, Style.REASON, 1, limit) if limit else ()

    def _asked(self, run: Run, outlook: Outlook) -> ServerWork:
        """All requests for rationales."""
        listener, whole = outlook.listener(self.model), outlook.all_rows()
        teacher = self.made(listener, _ignore)
        questions = expected_training(run, whole, self.questions, self.ask)
        teacher.require(questions)
        for _ in teacher.teach(questions):
            pass
        return ServerWork(model=self.model, requests=listener.recorded, is_batch=run.machine.by_batch)


def _ignore(question_id: str, why: str) -> None:
    """No server is asked, so nothing is unanswered."""


@dataclass(slots=True)
class Unanswered:
    """Questions that got no rationale, and why; written down block by block."""

    path: Path
    note: Callable[[str], None]
    reasons: dict[str, str] = field(default_factory=dict[str, str])

    def add(self, question_id: str, why: str) -> None:
        """One more."""
        self.reasons[question_id] = why

    def write(self) -> None:
        """Append those of a block to the file, and pass the first reason on."""
        if not self.reasons:
            return
        at = datetime.now(UTC).isoformat(timespec="seconds")
        append_lines(self.path, [{"at": at, "question_id": name, "why": why} for name, why in self.reasons.items()])
        name, why = next(iter(self.reasons.items()))
        self.note(f"{len(self.reasons)} of a block of questions got no rationale, such as {name}: {why}")
        self.reasons.clear()
