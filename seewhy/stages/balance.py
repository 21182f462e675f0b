"""Pairs whose two sides are equally long on average (RLAIF-V, arXiv 2405.17220)."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from seewhy.pairs.funnel import LETTERS, Funnel
from seewhy.pairs.length_balance import find_balance, texts_of
from seewhy.records.ranges import require_seed
from seewhy.records.types import Pair
from seewhy.report.data_card import pair_card
from seewhy.report.inputs import Count, Facts, Section
from seewhy.runs.api import Counted, Models, Need, RowStage, Run
from seewhy.runs.choice import Rows
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.runs.picture_paths import relate_rejected
from seewhy.runs.question_rows import pair_rows
from seewhy.stages.reference import rows_folder

DROPPED = "pairs left out to balance lengths"
BEFORE = tuple(f"{name}, of all pairs" for name in LETTERS)
"""Lengths before some were left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceLengths(RowStage):
    """Leaves out a share of the pairs whose longer side is the one that is longer on average.

    The share, from 0 to 1 in steps of 0.02, is the one that brings the mean lengths of both sides, in characters,
    closest together.
    """

    pairs: Rows
    """Rows of pairs."""
    seed: int = 0
    """Seed of the draw of what is left out."""
    own: str = field(default="", compare=False)
    """Its own reference, where it is a part of a step."""

    rows: ClassVar[type[Pair]] = Pair
    unit: ClassVar[str] = "pairs"

    def __post_init__(self) -> None:
        """Refuse a seed that is none."""
        require_seed(self)

    def units(self, name: str) -> Mapping[str, RowStage]:
        return {"": BalanceLengths(pairs=self.pairs, seed=self.seed, own=name)}

    def block_size(self) -> int:
        return 4096

    def needs(self) -> Sequence[Need]:
        return (Need(field="pairs", ref=self.pairs, wants=Pair),)

    def inputs(self, run: Run) -> Sequence[Pair]:
        return pair_rows(run.read(self.pairs, Pair), rows_folder(run, self.pairs))

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[Pair]], Counted]:
        balance = find_balance(texts_of(run.read(self.pairs, Pair)), self.seed)
        folder = run.place(self.own) if self.own else None

        def keep(block: Sequence[Pair]) -> Counted:
            kept, before = Funnel(), Counter(dict.fromkeys((DROPPED, *BEFORE), 0))

            def rows() -> Iterator[Pair]:
                for pair in block:
                    chosen, rejected = pair.chosen.text, pair.rejected.text
                    before.update({BEFORE[0]: len(chosen), BEFORE[1]: len(rejected)})
                    if not balance.keeps(pair.question_id, pair.style, chosen, rejected):
                        before[DROPPED] += 1
                        continue
                    kept.add_pair(chosen, rejected)
                    yield relate_rejected(pair, folder, run.root) if folder else pair

            return Counted(rows(), lambda: {**before, **kept.of_pairs})

        return keep

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        return tell_balance(counts)

    def card(self, counts: Mapping[str, int]) -> str:
        funnel = [Count(name="pairs before", count=counts["inputs"]), Count(name=DROPPED, count=counts[DROPPED])]
        return pair_card("of balanced length", {"pairs": self.pairs, "seed": self.seed}, counts["rows"], funnel, None)

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        source = outlook.forecast(self.pairs)
        return StageForecast(rows=source.rows, unit="pairs", is_exact=False, per_prompt=source.per_prompt,
                             max_tokens=source.max_tokens, basis="at most: none is left out")  # fmt: skip

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Pair]:
        return outlook.rows(self.pairs, Pair)

    def section(self, run: Run, name: str) -> Section | None:
        counts = run.manifest(name).counts
        shown = [Count(name=one, count=counts[one]) for one in ("inputs", DROPPED, "rows")]
        return Facts(title=f"Pairs of balanced length: {tell_balance(counts)}", counts=tuple(shown))


def tell_balance(counts: Mapping[str, int]) -> str:
    """Mean lengths of both sides before and after, from the counts of a manifest."""
    before = [counts[name] / max(1, counts["inputs"]) for name in BEFORE]
    after = [counts[name] / max(1, counts["rows"]) for name in LETTERS]
    return (
        f"{counts[DROPPED]} of {counts['inputs']} pairs are left out; the chosen side has {after[0]:,.1f} characters "
        f"on average and the rejected {after[1]:,.1f}, before {before[0]:,.1f} and {before[1]:,.1f}"
    )
