"""Questions that models can take; those that do not fit are counted by reason, and dropped or the end of the run."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from seewhy.records.ranges import require_least
from seewhy.records.types import Question, Split, Style
from seewhy.runs.api import Counted, ModelKind, Models, Need, RowStage, Run
from seewhy.runs.choice import Model, Rows
from seewhy.runs.discovery import load_part
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.runs.hooks import NothingLeftError
from seewhy.runs.picture_paths import relate_pictures

UNFIT = "unfit "
MARKS = ("<image>", "<|image|>", "<img>", "<image_placeholder>", "<|image_pad|>")
TOP = 5


class Unfit(StrEnum):
    """What becomes of questions that do not fit."""

    STOP = "stop"
    DROP = "drop"
    UNCHECKED = "unchecked"
    """No check: an earlier step has checked, or the questions are a benchmark's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting(RowStage):
    """Encodes each question as each model will, and keeps those that all can take."""

    questions: Rows
    """Rows of questions."""
    models: tuple[Model, ...]
    """Models that are asked or trained on them. Of one behind a server nothing is known here: it refuses nothing."""
    unfit: Unfit = Unfit.STOP
    """`stop` ends the run when all are counted, `drop` goes on without them."""
    styles: tuple[Style, ...] = (Style.REASON,)
    """Prompts in which they are asked."""
    max_tokens: int = 1
    """Tokens of a reply that must have room behind the prompt."""
    with_rationale: bool = False
    """Whether a question without a rationale does not fit."""
    split: str = ""
    """Of rows of several splits, the one that is kept; empty keeps all."""
    own: str = field(default="", compare=False)
    """Its own reference, by which pictures are found from its folder; set by steps that it is a part of."""

    rows: ClassVar[type[Question]] = Question
    unit: ClassVar[str] = "questions"

    def __post_init__(self) -> None:
        """Refuse a reply of no tokens."""
        require_least(self, 1, "max_tokens")
        if self.split and self.split not in [split.value for split in Split]:
            raise ValueError(f"split is {self.split!r}; there are {', '.join(split.value for split in Split)}")

    def block_size(self) -> int:
        return 500

    def needs(self) -> Sequence[Need]:
        return (
            Need(field="questions", ref=self.questions, wants=Question),
            *(Need(field="models", ref=model, wants=ModelKind.ANY) for model in self.models),
        )

    def inputs(self, run: Run) -> Sequence[Question]:
        questions = run.questions(self.questions)
        if not self.split or len({question.split for question in questions}) < 2:
            return questions
        kept = [question for question in questions if question.split == self.split]
        if not kept:
            known = sorted({str(question.split) for question in questions})
            raise ValueError(f"{run.place(self.questions)} has no question of the split {self.split}; there are "
                             f"{', '.join(known)}")  # fmt: skip
        return kept

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[Question]], Counted]:
        open_meta = load_part("runs", "forecast.meta").open_meta
        found = [(model, run.spec(model)) for model in self.models]
        specs = [(run.weights(model), spec) for model, spec in found if spec is None or not spec.is_server]
        # Those of the same weights may be asked by other prompts.
        opened = [open_meta(place, spec.prompt) if spec else open_meta(place) for place, spec in specs]
        distinct = {model.processor_fingerprint: model for model in opened}
        folder = run.place(self.own) if self.own else None

        def sift(block: Sequence[Question]) -> Counted:
            reasons: Counter[str] = Counter()

            def kept() -> Iterator[Question]:
                first: dict[str, str] = {}
                for question in block:
                    reason, why = self._fault(question, list(distinct.values()))
                    if not reason:
                        yield relate_pictures(question, folder, run.root) if folder else question
                    else:
                        reasons[reason] += 1
                        first.setdefault(reason, f"{question.id}: {why}" if why else question.id)
                for reason, why in first.items():
                    models.note(f"{reasons[reason]} of {len(block)} questions do not fit, {reason}, such as {why}")

            return Counted(kept(), lambda: {f"{UNFIT}{reason}": count for reason, count in reasons.items()})

        return sift

    def _fault(self, question: Question, models: Sequence[Any]) -> tuple[str, str]:
        """Reason and particulars of a question that does not fit; empty where it does."""
        if self.with_rationale and not (question.rationale or "").strip():
            return "no rationale", ""
        mark = next((mark for mark in MARKS if mark in f"{question.context}{question.text}"), "")
        if mark:
            return "a picture mark in the text", f"{mark!r} would be read as words; take it out"
        encoding = load_part("model", "loading.encoding")
        for model in models:
            for style in self.styles:
                try:
                    prompt = model.prompt(question, style)
                    encoding.check_length(model.net, len(prompt.ids), self.max_tokens, question.id)
                except encoding.PromptTooLongError as error:
                    return "too long", str(error)
                except ValueError as error:
                    return "a picture or words that the processor refuses", str(error)
        return "", ""

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        found = Counter({name.removeprefix(UNFIT): count for name, count in counts.items() if name.startswith(UNFIT)})
        if not found.total():
            return ""
        total = len(self.inputs(run))
        reasons = "; ".join(f"{count} {reason}" for reason, count in found.most_common(TOP))
        said = f"{found.total()} of {total} questions do not fit: {reasons}"
        if self.unfit is Unfit.STOP:
            raise ValueError(f"{said}. Mend them, or set unfit to drop, which goes on without them")
        if found.total() == total:
            raise NothingLeftError(f"{said}; none is left: mend them, or name other models")
        return f"{said}; they are left out"

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        source = outlook.forecast(self.questions)
        return StageForecast(rows=source.rows, unit="questions", is_exact=False, basis="at most: all fit")

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Question]:
        return outlook.rows(self.questions, Question)


def dropped_counts(counts: Mapping[str, int]) -> int:
    """How many questions were left out.

    Example:
        >>> dropped_counts({"unfit too long": 2, "rows": 5})
        2
    """
    return sum(count for name, count in counts.items() if name.startswith(UNFIT))
