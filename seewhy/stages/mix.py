"""A mix of SFT examples by declared counts, with a few of each benchmark for the format."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from seewhy.pairs.mixing import mix_parts
from seewhy.records.ranges import require_seed
from seewhy.records.types import Lesson
from seewhy.report.inputs import Count, Facts, Section
from seewhy.runs.api import Counted, Models, Need, RowStage, Run
from seewhy.runs.choice import Names, Rows
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.stages.reference import question_needs, questions_behind

REPEATED = "passed over, in the mix already"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix(RowStage):
    """Lessons of several steps in one shuffled set; no lesson is there twice."""

    parts: Annotated[Mapping[str, int], Names("rows")] = field(default_factory=dict[str, int])
    """Rows of SFT examples, each with how many are drawn of it; 0 takes all."""
    aligned: Annotated[Mapping[str, int], Names("rows")] = field(default_factory=dict[str, int])
    """Rows of SFT examples, each with how many of every benchmark are drawn first, to show the format
    (LLaVA-Reasoner: 50 of each of 9 sets, in both styles: 25 of each)."""
    questions: Rows = ""
    """Rows of the questions of all parts; empty takes those from which the rows follow."""
    seed: int = 0
    """Seed of the draw and of the order."""

    rows: ClassVar[type[Lesson]] = Lesson
    unit: ClassVar[str] = "mixtures"

    def __post_init__(self) -> None:
        """Refuse a mix of nothing, and counts that are none."""
        require_seed(self)
        for name in ("parts", "aligned"):
            if not isinstance(getattr(self, name), Mapping):
                raise ValueError(f"{name} names rows, each with a count, and is {getattr(self, name)!r}")
        if not self.parts and not self.aligned:
            raise ValueError("parts and aligned name no rows: name SFT examples in one of them, each with a count")
        wrong = [f"parts.{name} is {count}: give 0, which takes all, or above"
                 for name, count in self.parts.items() if count < 0]  # fmt: skip
        wrong += [f"aligned.{name} is {count}: give 1 or above" for name, count in self.aligned.items() if count < 1]
        if wrong:
            raise ValueError(wrong[0])

    def block_size(self) -> int:
        return 1

    def _refs(self) -> list[str]:
        return list(dict.fromkeys((*self.parts, *self.aligned)))

    def needs(self) -> Sequence[Need]:
        named = [Need(field=f"parts.{ref}", ref=ref, wants=Lesson) for ref in self._refs()]
        return [*named, *question_needs(self.aligned, self.questions)] if self.aligned else named

    def inputs(self, run: Run) -> Sequence[str]:
        # A shuffled mix is one block: any lesson may stand anywhere in it.
        return ("all",)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[str]], Counted]:
        def mix(_: Sequence[str]) -> Counted:
            rows = {ref: list(run.read(ref, Lesson)) for ref in self._refs()}
            asked = questions_behind(run, self.aligned, self.questions) if self.aligned else ()
            benchmarks = {question.id: question.benchmark for question in asked}
            made = mix_parts(rows, self.parts, self.aligned, benchmarks, self.seed)
            return Counted(made.lessons, lambda: {**made.taken, REPEATED: made.repeated})

        return mix

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        before = [outlook.forecast(ref) for ref in self._refs()]
        rows = sum(self.parts.get(ref) or one.rows or 0 for ref, one in zip(self._refs(), before, strict=True))
        return StageForecast(rows=rows, unit="lessons", is_exact=False, basis="as declared",
                             max_tokens=max(one.max_tokens for one in before))  # fmt: skip

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Lesson]:
        return [lesson for ref in self._refs() for lesson in outlook.rows(ref, Lesson)]

    def section(self, run: Run, name: str) -> Section | None:
        counts = {key: count for key, count in run.manifest(name).counts.items() if key not in ("inputs", "rows")}
        shown = tuple(Count(name=key, count=count) for key, count in counts.items())
        return Facts(title=f"SFT examples of {name}", counts=shown)
