"""What supervised fine-tuning sees: rationales, direct answers, and questions in both styles."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from seewhy.pairs.lessons import Distilled, block_sizes, direct_lessons, lessons_from, mix_lessons
from seewhy.records.ranges import require_least, require_seed, require_share
from seewhy.records.types import Chain, Lesson, Question, Response, Verdict
from seewhy.report.inputs import Count, Distillation, Section
from seewhy.runs.api import Counted, Models, Need, RowStage, Run
from seewhy.runs.choice import Rows
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.runs.hooks import NothingLeftError
from seewhy.runs.training_questions import count_training, expected_training, training_questions

DROPPED = "dropped "
LITTLE = 0.5
"""A share of rationales that is kept below which the run says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons(RowStage):
    """LLaVA-Reasoner's mix (section 4.1): chain-of-thought, direct and format-aligned SFT examples."""

    rationales: Rows
    """Rows of a teacher's or a model's own chains."""
    verdicts: Rows
    """Verdicts on them: a lesson ends in the right answer."""
    direct: Rows
    """Rows of questions whose short gold answers are lessons too."""
    ask: int = 0
    """The first so many questions of `direct`; 0 takes all."""
    direct_share: float = 0.5
    """Direct lessons as a share of all lessons; in the paper 193k of 386k."""
    format_aligned: int = 50
    """Questions of each benchmark that are shown in both styles (50 in the paper)."""
    floor: float = field(default=0.05, compare=False)
    """Share of the rationales that must be kept, from 0 to 1: with fewer the run stops, and says why they were not."""
    seed: int = 0
    """Seed of the choice and of the order."""

    rows: ClassVar[type[Lesson]] = Lesson
    unit: ClassVar[str] = "mixtures"

    def __post_init__(self) -> None:
        """Refuse shares and counts that no mix has."""
        require_share(self, "direct_share", "floor")
        require_least(self, 0, "ask", "format_aligned")
        require_seed(self)

    def block_size(self) -> int:
        return 1

    def needs(self) -> Sequence[Need]:
        return (
            Need(field="rationales", ref=self.rationales, wants=Chain),
            Need(field="verdicts", ref=self.verdicts, wants=Verdict),
            Need(field="direct", ref=self.direct, wants=Question),
        )

    def inputs(self, run: Run) -> Sequence[str]:
        # A shuffled mix is one block: any lesson may stand anywhere in it.
        return ("all",)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[str]], Counted]:
        questions = training_questions(run, self.direct, self.ask, models.note)

        def mix(_: Sequence[str]) -> Counted:
            distilled = self._distilled(run)
            rows = mix_lessons(
                distilled.lessons, tuple(direct_lessons(questions)), questions, direct_share=self.direct_share,
                format_aligned=self.format_aligned, seed=self.seed,
            )  # fmt: skip
            return Counted(rows, lambda: {f"{DROPPED}{reason}": count for reason, count in distilled.reasons.items()})

        return mix

    def _distilled(self, run: Run) -> Distilled:
        return lessons_from(run.read(self.rationales, Chain), run.read(self.verdicts, Verdict))

    def tally(self, block: Sequence[str], rows: Sequence[Lesson]) -> Mapping[str, int]:
        return Counter(f"{row.style.value} {row.source}" for row in rows)

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        dropped = Counter({name.removeprefix(DROPPED): count for name, count in counts.items()
                           if name.startswith(DROPPED)})  # fmt: skip
        total = len(run.read(self.rationales, Chain))
        reasons = ", ".join(f"{count} {reason}" for reason, count in dropped.most_common(3))
        if len(counts) == len(dropped):
            raise NothingLeftError(f"{run.place(self.rationales)}: no lesson is left of {total} rationales ({reasons})"
                                   f": look at their verdicts in {run.place(self.verdicts)}")  # fmt: skip
        kept = 1 - dropped.total() / total if total else 1.0
        said = f"{dropped.total()} of {total} rationales were dropped: {reasons}" if dropped.total() else ""
        if kept < self.floor:
            raise NothingLeftError(f"{said}; {kept:.1%} are left, and floor wants {self.floor:.1%}. Look at the "
                                   f"verdicts in {run.place(self.verdicts)}, or set a lower floor")  # fmt: skip
        return said if kept < LITTLE else ""

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        before = outlook.forecast(self.rationales)
        reasoned, direct = self._counts(before.rows or 0, count_training(run, outlook, self.direct, self.ask))
        return StageForecast(
            rows=reasoned + direct, unit="lessons", is_exact=before.is_right, max_tokens=before.max_tokens,
            basis="gold rationales, all accepted" if before.is_right else "at most: all rationales accepted",
        )  # fmt: skip

    def _counts(self, rationales: int, direct: int) -> tuple[int, int]:
        """Reasoned and direct lessons of one benchmark where every rationale is accepted, as `mix_lessons` takes."""
        half = self.format_aligned // 2
        reasoned, short = min(rationales, self.format_aligned - half), min(direct, half)
        thoughts, answers = block_sizes(rationales - reasoned, direct - short, self.direct_share)
        return reasoned + thoughts, short + answers

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Lesson]:
        """A lesson of each rationale, and direct ones beside them in the share of the mix."""
        chains = outlook.rows(self.rationales, Chain)
        reasoned = [Lesson(question_id=row.question_id, style=row.style, source=row.sampler,
                           response=Response(text=row.text, token_ids=row.token_ids)) for row in chains]  # fmt: skip
        direct = list(direct_lessons(expected_training(run, outlook, self.direct, self.ask)))
        total = self._counts(
            outlook.forecast(self.rationales).rows or 0, count_training(run, outlook, self.direct, self.ask)
        )
        return [*reasoned, *direct[: round(len(reasoned) * total[1] / max(1, total[0]))]]

    def section(self, run: Run, name: str) -> Section | None:
        counts = run.manifest(name).counts
        asked = len(run.read(self.rationales, Chain))
        dropped = tuple(Count(name=key.removeprefix(DROPPED).replace("_", " "), count=count)
                        for key, count in counts.items() if key.startswith(DROPPED))  # fmt: skip
        mix = tuple(Count(name=key, count=count) for key, count in counts.items()
                    if key not in ("inputs", "rows") and not key.startswith(DROPPED))  # fmt: skip
        return Distillation(asked=asked, kept=asked - sum(row.count for row in dropped), dropped=dropped, mix=mix)
