"""Pairs of a better and a worse chain, by a rule, with an account of what was dropped."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Annotated, Any, ClassVar

from seewhy.evaluation.agreement import mean_agreement
from seewhy.pairs.funnel import CUT_WORDS, shares_of
from seewhy.pairs.rule import Pairing
from seewhy.records.ranges import require_share
from seewhy.records.types import Chain, Outcome, Pair, Response, Verdict
from seewhy.report.data_card import pair_card
from seewhy.report.inputs import Count, PairLook, Sampling, Section
from seewhy.runs.api import Counted, Models, Need, RowStage, Run
from seewhy.runs.choice import Choice, Layer, Rows, choose, make
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.runs.hooks import NothingLeftError
from seewhy.runs.question_chains import JudgedRanges, judged_needs, judged_ranges
from seewhy.stages.balance import BalanceLengths, tell_balance

LITTLE = 0.1
"""A share of questions with a pair below which the run says so."""
DRAWN = "drawn"
"""The part with all pairs, where some of them are left out afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairChains(RowStage):
    """Chooses pairs among the judged chains of each question."""

    chains: Rows
    """Rows of chains."""
    verdicts: Rows
    """Verdicts on them."""
    rule: Annotated[Choice, Layer("pairs")] = field(default_factory=lambda: choose("by_outcome"))
    """`by_outcome` prefers right chains to wrong ones, `by_score` the best scored to the worst."""
    floor: float = field(default=0.0, compare=False)
    """Share of the questions that must have a pair, from 0 to 1: with fewer the run stops, and says why."""

    rows: ClassVar[type[Pair]] = Pair
    unit: ClassVar[str] = "questions"

    def __post_init__(self) -> None:
        """Refuse a rule that does not exist, settings that it refuses, and a floor that is no share."""
        require_share(self, "floor")
        assert self.made()

    def made(self) -> Any:  # noqa: ANN401
        """The rule."""
        return make(self.rule, "pairs", "rule")

    def units(self, name: str) -> Mapping[str, RowStage]:
        if not vars_of(self.made()).get("balance"):
            return {"": self}
        kept = {one: value for one, value in self.rule.settings.items() if one != "balance"}
        drawn = replace(self, rule=replace(self.rule, settings=kept))
        return {DRAWN: drawn, "": BalanceLengths(pairs=f"{name}.{DRAWN}", own=name)}

    def block_size(self) -> int:
        return 4096

    def is_computed(self) -> bool:
        return True

    def needs(self) -> Sequence[Need]:
        return judged_needs(self.chains, self.verdicts)

    def inputs(self, run: Run) -> JudgedRanges:
        return judged_ranges(run, self.chains, self.verdicts)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[tuple[int, int]]], Counted]:
        rule, chains, verdicts = self.made(), run.read(self.chains, Chain), run.read(self.verdicts, Verdict)

        def pair(block: Sequence[tuple[int, int]]) -> Counted:
            pairing = Pairing(rule, chains, verdicts, block[0][0], block[-1][1])
            return Counted(pairing.tables(), lambda: {**pairing.stats.named, **pairing.funnel})

        return pair

    def settle(self, run: Run, counts: Mapping[str, int]) -> str:
        kept, seen = counts["questions kept"], counts["questions seen"]
        share = kept / max(1, seen)
        if kept and share >= max(self.floor, LITTLE):
            return ""
        dropped = ", ".join(f"{count} {name.removeprefix('dropped ')}" for name, count in counts.items()
                            if name.startswith("dropped ") and count)  # fmt: skip
        more = self.made().explain(run.read(self.chains, Chain), run.read(self.verdicts, Verdict))
        place = run.place(self.verdicts)
        if not kept:
            raise NothingLeftError(f"{place}: no pair is left of {seen} questions ({dropped}): {more}")
        said = f"{kept} of {seen} questions have a pair ({dropped}): {more}"
        if share < self.floor:
            raise NothingLeftError(f"{place}: {said}; or lower `floor`, which is {self.floor:g}")
        return said

    def card(self, counts: Mapping[str, int]) -> str:
        funnel = [Count(name=name, count=count) for name, count in counts.items()
                  if name.startswith(("questions ", "dropped "))]  # fmt: skip
        return pair_card(self.rule.kind, vars_of(self.made()), counts["rows"], funnel, look_of(counts))

    def _most(self) -> int:
        """Pairs of a prompt, at most: as the rule says, or a single one."""
        return int(vars_of(self.made()).get("most", 1))

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        before, most = outlook.forecast(self.chains), self._most()
        prompts = len(outlook.counts(self.chains))
        return StageForecast(
            rows=most * prompts, unit="pairs", is_exact=False, per_prompt=most, max_tokens=before.max_tokens,
            basis=f"at most: {most} pairs of each of {prompts:,} questions; chains as long as those trained on",
        )  # fmt: skip

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Pair]:
        """As many pairs of each question as there can be, of its chains in turn."""
        found: list[Pair] = []
        for _, rows in groupby(outlook.rows(self.chains, Chain), key=lambda chain: (chain.question_id, chain.style)):
            chains = list(rows)
            texts = [Response(text=chain.text, token_ids=chain.token_ids) for chain in chains]
            for number in range(self._most()):
                chosen, rejected = (texts[(2 * number + side) % len(texts)] for side in (0, 1))
                found.append(Pair(question_id=chains[0].question_id, style=chains[0].style, chosen=chosen,
                                  rejected=rejected, source=self.rule.kind, margin=1.0))  # fmt: skip
        return found

    def section(self, run: Run, name: str) -> Section | None:
        rule, chains = self.made(), len(run.read(self.chains, Chain))
        is_balanced = vars_of(rule).get("balance", False)
        paired = run.manifest(f"{name}.{DRAWN}" if is_balanced else name)
        kept = run.manifest(name).counts if is_balanced else {}
        # Chains from outside the run have no manifest, or that of another program's own.
        drawn = run.manifest(self.chains) if run.is_done(self.chains) else None
        counts = drawn.counts if drawn else {}
        questions = counts.get("inputs", paired.counts["inputs"])
        verdicts = list(run.read(self.verdicts, Verdict))
        right: dict[str, list[bool]] = {}
        for row in verdicts:
            if row.outcome is not Outcome.UNJUDGED:
                right.setdefault(row.question_id, []).append(row.outcome is Outcome.CORRECT)
        settings = vars_of(rule)
        return Sampling(
            questions=questions, per_question=chains // max(1, questions), chains=chains,
            tokens=counts.get("tokens", 0), seconds=drawn.seconds if drawn else 0.0,
            accuracies=tuple(sum(row) / len(row) for row in right.values()),
            band=(settings["lowest"], settings["highest"]) if "lowest" in settings else None,
            margin=settings.get("margin"), pairs=kept.get("rows", paired.counts["rows"]),
            agreement=mean_agreement(verdicts),
            dropped=tuple(Count(name=key.removeprefix("dropped ").replace("_", " "), count=count)
                          for key, count in paired.counts.items() if key.startswith("dropped ")),
            look=look_of({**paired.counts, **kept}), balance=tell_balance(kept) if kept else "",
        )  # fmt: skip


def look_of(counts: Mapping[str, int]) -> PairLook | None:
    """What the pairs of a manifest are like; None where there are none."""
    shares = shares_of(counts, counts["rows"])
    return PairLook(**shares, equal_words=CUT_WORDS) if shares else None


def vars_of(rule: Any) -> dict[str, Any]:  # noqa: ANN401
    """Settings of a rule, by name."""
    return {name: getattr(rule, name) for name in rule.__dataclass_fields__}
