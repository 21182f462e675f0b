"""SFT examples of right chains: a teacher's rationales, or a model's own (rejection sampling)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from seewhy.pairs.lessons import imitate_chains
from seewhy.records.ranges import require_least
from seewhy.records.types import Chain, Lesson, Response, Verdict
from seewhy.report.inputs import Count, Distillation, Section
from seewhy.runs.api import Counted, Models, Need, RowStage, Run
from seewhy.runs.choice import Rows
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.runs.question_chains import JudgedRanges, judged_needs, judged_ranges

DROPPED = "dropped "


@dataclass(frozen=True, slots=True, kw_only=True)
class Imitate(RowStage):
    """An SFT example of each distinct CORRECT chain that ended by itself."""

    chains: Rows
    """Rows of chains."""
    verdicts: Rows
    """Verdicts on them."""
    most: int = 0
    """Examples of a question in one style, at most; 0 takes all."""
    own: bool = False
    """Whether the chains are of the model that is trained: their token ids are kept, and trained on as sampled."""

    rows: ClassVar[type[Lesson]] = Lesson
    unit: ClassVar[str] = "questions"

    def __post_init__(self) -> None:
        """Refuse a count below 0."""
        require_least(self, 0, "most")

    def block_size(self) -> int:
        return 1024

    def needs(self) -> Sequence[Need]:
        return judged_needs(self.chains, self.verdicts)

    def inputs(self, run: Run) -> JudgedRanges:
        return judged_ranges(run, self.chains, self.verdicts)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[tuple[int, int]]], Counted]:
        chains, verdicts = run.read(self.chains, Chain), run.read(self.verdicts, Verdict)

        def imitate(block: Sequence[tuple[int, int]]) -> Counted:
            rows = slice(block[0][0], block[-1][1])
            made = imitate_chains(chains[rows], verdicts[rows], most=self.most, is_own=self.own)
            return Counted(made.lessons, lambda: {f"{DROPPED}{name}": count for name, count in made.reasons.items()})

        return imitate

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        dropped = {name.removeprefix(DROPPED): count for name, count in counts.items() if name.startswith(DROPPED)}
        total = len(run.read(self.chains, Chain))
        if sum(dropped.values()) == total:
            reasons = ", ".join(f"{count} {name}" for name, count in dropped.items())
            raise ValueError(f"{run.place(self.chains)}: no chain can be imitated ({reasons}): sample more, or look at "
                             f"their verdicts in {run.place(self.verdicts)}")  # fmt: skip
        return ""

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        before = outlook.forecast(self.chains)
        return StageForecast(rows=before.rows, unit="lessons", is_exact=False, max_tokens=before.max_tokens,
                             per_prompt=before.per_prompt, basis="at most: all chains right and distinct")  # fmt: skip

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Lesson]:
        return [Lesson(question_id=row.question_id, style=row.style, source=row.sampler,
                       response=Response(text=row.text, token_ids=row.token_ids))
                for row in outlook.rows(self.chains, Chain)]  # fmt: skip

    def section(self, run: Run, name: str) -> Section | None:
        counts, asked = run.manifest(name).counts, len(run.read(self.chains, Chain))
        dropped = tuple(Count(name=key.removeprefix(DROPPED), count=count)
                        for key, count in counts.items() if key.startswith(DROPPED))  # fmt: skip
        return Distillation(asked=asked, kept=counts["rows"], dropped=dropped)
