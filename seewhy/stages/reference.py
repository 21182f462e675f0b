"""Log-probabilities of pairs under the model that a training starts from, computed once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from seewhy.model.plan import AdapterPlan
from seewhy.records.conversation import with_pictures
from seewhy.records.marks import RARE
from seewhy.records.picked_pairs import PickedPairs
from seewhy.records.ranges import require_least
from seewhy.records.ranked import RankedGroup, pair_of
from seewhy.records.turns import ImageRef
from seewhy.records.types import Lesson, Pair, Question, ReferenceRow, Response, Style
from seewhy.runs.api import ModelKind, Models, Need, RowStage, Run
from seewhy.runs.choice import Model, Rows
from seewhy.runs.discovery import load_part
from seewhy.runs.forecast.api import ModelWork, Outlook, StageForecast, TrainedPrompt
from seewhy.runs.picture_paths import resolve_rejected
from seewhy.runs.question_chains import question_need
from seewhy.runs.question_rows import pair_rows
from seewhy.training.plan import FitPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference(RowStage):
    """One row a distinct response."""

    model: Model
    """The model that a training starts from."""
    pairs: tuple[Rows, ...]
    """Rows of pairs, in the order in which the training reads them."""
    questions: Rows = ""
    """Rows of the questions of the pairs; empty takes those from which the pairs follow."""
    keep_tokens: int = 0
    """Tokens of a response, from its start; 0 keeps all. It must be that of the training."""
    row_tokens: int = 4096
    """Tokens of one packed forward, at most."""
    adapter: AdapterPlan = field(default_factory=AdapterPlan)
    """Of the training: it decides in which precision the weights are read."""
    pictures: Rows = field(default="", metadata=RARE)
    """Questions with varied pictures (`vary_pictures`), for objectives that compare pictures; empty compares none."""
    stored_by: str = field(default="", metadata=RARE)
    """Name or folder of the model whose log-probabilities the pairs hold (RLAIF-V's `logps`), as the recipe names its
    own: where it is the model, they are taken and not computed. Empty computes all."""

    rows: ClassVar[type[ReferenceRow]] = ReferenceRow
    unit: ClassVar[str] = "pairs"

    def __post_init__(self) -> None:
        """Refuse counts below those that can be meant."""
        require_least(self, 0, "keep_tokens")
        require_least(self, 1, "row_tokens")
        if self.stored_by and self.pictures:
            raise ValueError("stored_by: no rows hold log-probabilities under varied pictures; leave it away")

    def block_size(self) -> int:
        return 256

    def needs(self) -> Sequence[Need]:
        return (
            *(Need(field="pairs", ref=ref, wants=Pair, also=RankedGroup) for ref in self.pairs),
            Need(field="model", ref=self.model, wants=ModelKind.WEIGHTS),
            *question_needs(self.pairs, self.questions),
            *((Need(field="pictures", ref=self.pictures, wants=Question),) if self.pictures else ()),
        )

    def inputs(self, run: Run) -> Sequence[Pair]:
        return [pair for ref in self.pairs for pair in pairs_in(run, ref)]

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[Pair]], Iterable[ReferenceRow]]:
        self._require_stored(run)
        questions = questions_behind(run, self.pairs, self.questions)
        # Of the plan, only these two are read.
        plan = FitPlan(learning_rate=1.0, keep_tokens=self.keep_tokens, row_tokens=self.row_tokens)
        model = models.reference(self.model, self.adapter)
        if self.stored_by:
            stored_rows = load_part("training", "stored").stored_rows
            return lambda block: stored_rows(model, block, questions, plan)
        rows_of = load_part("training", "reference").reference_rows
        if not self.pictures:
            return lambda block: rows_of(model, block, questions, plan)
        parts = load_part("objectives.parts", "views")
        views, varied = (*parts.BOTH_SIDES, *parts.VARIED_PICTURES), list(run.questions(self.pictures))
        return lambda block: rows_of(model, block, questions, plan, views=views, varied=varied)

    def _require_stored(self, run: Run) -> None:
        spec = run.spec(self.model)
        if self.stored_by and (spec is None or spec.path != self.stored_by):
            path = spec.path if spec else f"what step {self.model} trained"
            raise ValueError(
                f"stored_by: the pairs hold log-probabilities of {self.stored_by!r}, and the training starts from "
                f"{path!r}; name the same model, or leave stored_by away, which computes them"
            )

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        pairs = [pair for ref in self.pairs for pair in expected_pairs(run, outlook, ref)]
        prompts = trained_prompts(outlook, self.pairs, pairs)
        counts = [count for ref in self.pairs for count in outlook.counts(ref)]
        each = max((len(one.responses) for one in prompts), default=0)
        if self.pictures:
            each += max(1, each // 2)
        work = ModelWork(
            model=self.model, is_drawn=False, prompts=len(counts), per_prompt=each,
            questions=tuple(one.question for one in prompts),
            responses=tuple(response for one in prompts for response in one.responses),
        )  # fmt: skip
        is_exact = all(outlook.forecast(ref).is_exact for ref in self.pairs)
        return StageForecast(rows=len(counts) * each, unit="responses", is_exact=is_exact, work=(work,),
                             basis=f"at most {each} distinct responses of each prompt")  # fmt: skip


def trained_prompts(outlook: Outlook, refs: Iterable[str], rows: Iterable[Lesson | Pair]) -> tuple[TrainedPrompt, ...]:
    """Each prompt of these rows with its distinct responses; rejected sides with other pictures are prompts too."""
    asked = {name: question for ref in refs for name, question in outlook.questions(ref).items()}
    found: dict[tuple[str, Style, tuple[ImageRef, ...] | None], dict[Response, None]] = {}
    for row in rows:
        images = None if isinstance(row, Lesson) else row.rejected_images
        shared = responses_of(row) if images is None else responses_of(row)[:1]
        found.setdefault((row.question_id, row.style, None), {}).update(dict.fromkeys(shared))
        if isinstance(row, Pair) and images is not None:
            found.setdefault((row.question_id, row.style, images), {}).setdefault(row.rejected)
    return tuple(
        TrainedPrompt(
            question=asked[name] if images is None else with_pictures(asked[name], images), style=style,
            responses=tuple(distinct),
        )
        for (name, style, images), distinct in found.items()
    )  # fmt: skip


def is_ranked(run: Run, ref: str) -> bool:
    """Whether the rows of a finished unit or an input are ranked groups, by their columns."""
    return "responses" in run.read(ref, RankedGroup).names()


def pairs_in(run: Run, ref: str) -> Iterable[Pair]:
    """Rows of pairs, or the pairs of rows of ranked groups, by number."""
    if is_ranked(run, ref):
        return PickedPairs(run.read(ref, RankedGroup))
    return pair_rows(run.read(ref, Pair), rows_folder(run, ref))


def rows_folder(run: Run, ref: str) -> Path:
    """The folder against which paths in rows hold."""
    place = run.place(ref)
    return place if place.is_dir() else place.parent


def expected_pairs(run: Run, outlook: Outlook, ref: str) -> list[Pair]:
    """Pairs of a unit or an input as an outlook has them, those of ranked groups among them."""
    record = RankedGroup if outlook.is_there(ref) and is_ranked(run, ref) else Pair
    found: list[Pair] = []
    for row in outlook.rows(ref, record):
        if isinstance(row, RankedGroup):
            found += [pair_of(row, pick) for pick in row.picks]
        else:
            found.append(resolve_rejected(row, rows_folder(run, ref)))
    return found


def responses_of(row: Lesson | Pair) -> tuple[Response, ...]:
    """The response of a lesson; the chosen and the rejected one of a pair."""
    return (row.response,) if isinstance(row, Lesson) else (row.chosen, row.rejected)


def question_needs(refs: Iterable[str], named: str) -> list[Need]:
    """The questions that are named, or those from which each of these rows follow."""
    return [question_need(ref, named) for ref in ([named] if named else refs)]


def questions_behind(run: Run, refs: Iterable[str], named: str = "") -> list[Question]:
    """The questions that are named, or all from which these rows follow, each once."""
    origins = dict.fromkeys([named] if named else (run.origin(ref, Question) for ref in refs))
    known = {question.id: question for ref in origins for question in run.questions(ref)}
    return list(known.values())
