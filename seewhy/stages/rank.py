"""Ranked groups: all scored chains of a prompt in one row, with the pairs that are drawn among them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import ClassVar

from seewhy.pairs.blocks import judged_blocks
from seewhy.pairs.ranked import Picking, rank
from seewhy.records.ranked import RankedGroup, RankedResponse
from seewhy.records.types import Chain, Response, Verdict
from seewhy.report.inputs import Count, Facts, Section
from seewhy.runs.api import Counted, Models, Need, RowStage, Run
from seewhy.runs.choice import Rows
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.runs.question_chains import JudgedRanges, judged_needs, judged_ranges

NAMES: tuple[str, ...] = ("groups seen", "groups kept", "pairs", "dropped too few scores", "dropped no margin")


@dataclass(frozen=True, slots=True, kw_only=True)
class RankChains(RowStage):
    """Ranks the judged chains of each prompt and draws pairs among them; a training scores each group once."""

    chains: Rows
    """Rows of chains."""
    verdicts: Rows
    """Verdicts on them, by one judge: by score, or 1 and 0 where it says right or wrong alone."""
    picking: Picking = field(default_factory=Picking)
    """How pairs are drawn."""

    rows: ClassVar[type[RankedGroup]] = RankedGroup
    unit: ClassVar[str] = "questions"

    def block_size(self) -> int:
        return 4096

    def needs(self) -> Sequence[Need]:
        return judged_needs(self.chains, self.verdicts)

    def inputs(self, run: Run) -> JudgedRanges:
        return judged_ranges(run, self.chains, self.verdicts)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[tuple[int, int]]], Counted]:
        chains, verdicts = run.read(self.chains, Chain), run.read(self.verdicts, Verdict)

        def ranked(block: Sequence[tuple[int, int]]) -> Counted:
            counts = Counter(dict.fromkeys(NAMES, 0))

            def groups() -> Iterator[RankedGroup]:
                for part in judged_blocks(chains, verdicts, block[0][0], block[-1][1]):
                    for prompt in part.prompts:
                        group = rank(prompt, part.token_ids([one.row for one in prompt]))
                        yield from self._kept(group, counts)

            return Counted(groups(), lambda: counts)

        return ranked

    def _kept(self, group: RankedGroup, counts: Counter[str]) -> Iterator[RankedGroup]:
        counts["groups seen"] += 1
        drawn = self.picking.draw(group)
        if drawn.picks:
            counts.update({"groups kept": 1, "pairs": len(drawn.picks)})
            yield drawn
        else:
            counts["dropped too few scores" if len(group.responses) < 2 else "dropped no margin"] += 1

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        if counts["groups kept"]:
            return ""
        apart, smaller = "different scores", ""
        if self.picking.margin:
            apart, smaller = f"scores {self.picking.margin} apart", ", or a smaller picking.margin"
        raise ValueError(
            f"{run.place(self.verdicts)}: no group of {counts['groups seen']} has a pair "
            f"({counts['dropped too few scores']} have fewer than two scored chains, {counts['dropped no margin']} no "
            f"two {apart}): choose a judge that scores{smaller}"
        )

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        before, most = outlook.forecast(self.chains), self.picking.most
        prompts = len(outlook.counts(self.chains))
        return StageForecast(
            rows=most * prompts, unit="pairs in groups", is_exact=False, per_prompt=most, max_tokens=before.max_tokens,
            basis=f"at most: {most} pairs of each of {prompts:,} questions; chains as long as those trained on",
        )  # fmt: skip

    def expected(self, run: Run, outlook: Outlook) -> Sequence[RankedGroup]:
        """Groups of the chains, ranked by their indices."""
        found: list[RankedGroup] = []
        for (name, style), rows in groupby(
            outlook.rows(self.chains, Chain), key=lambda row: (row.question_id, row.style)
        ):
            responses = tuple(
                RankedResponse(response=Response(text=chain.text, token_ids=chain.token_ids), score=float(-number),
                               scorer="expected", index=chain.index)
                for number, chain in enumerate(rows)
            )  # fmt: skip
            group = RankedGroup(question_id=name, style=style, responses=responses, source="expected")
            found.append(self.picking.draw(group))
        return found

    def section(self, run: Run, name: str) -> Section | None:
        counts = run.manifest(name).counts
        return Facts(title=f"Ranked groups: {name}", counts=tuple(Count(name=one, count=counts[one]) for one in NAMES))
