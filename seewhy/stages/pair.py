"""Pairs of a better and a worse chain, by a rule, with an account of what was dropped."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from seewhy.evaluation.agreement import mean_agreement
from seewhy.pairs.by_outcome import pair_chains
from seewhy.pairs.judged import group_by_prompt, join_verdicts
from seewhy.records.types import Chain, Outcome, Pair, Response, Verdict
from seewhy.report.inputs import Count, Sampling, Section
from seewhy.runs.api import Models, Need, RowStage, Run
from seewhy.runs.choice import Choice, Layer, Rows, choose, make
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.runs.question_chains import QuestionChains, group_chains, with_verdicts

KEPT = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairChains(RowStage):
    """Chooses pairs among the judged chains of each question."""

    chains: Rows
    """Rows of chains."""
    verdicts: Rows
    """Verdicts on them."""
    rule: Annotated[Choice, Layer("pairs")] = field(default_factory=lambda: choose("by_outcome"))
    """`by_outcome` prefers right chains to wrong ones, `by_score` the best scored to the worst."""

    rows: ClassVar[type[Pair]] = Pair
    unit: ClassVar[str] = "questions"

    def __post_init__(self) -> None:
        """Refuse a rule that does not exist, and settings that it refuses."""
        assert self.made()

    def made(self) -> Any:  # noqa: ANN401
        """The rule."""
        return make(self.rule, "pairs", "rule")

    def block_size(self) -> int:
        return 4096

    def needs(self) -> Sequence[Need]:
        return (
            Need(field="chains", ref=self.chains, wants=Chain),
            Need(field="verdicts", ref=self.verdicts, wants=Verdict),
        )

    def inputs(self, run: Run) -> Sequence[QuestionChains]:
        return with_verdicts(run, self.chains, self.verdicts)

    def worker(self, run: Run, models: Models) -> Callable[[Sequence[QuestionChains]], Iterable[Pair]]:
        rule = self.made()
        return lambda block: pair_chains(rule, *_columns(block))

    def tally(self, run: Run, rows: Iterable[Pair]) -> Mapping[str, int]:
        rule, counts = self.made(), Counter[str]()
        prompts = list(group_by_prompt(join_verdicts(*_columns(self.inputs(run)))).values())
        for prompt in prompts:
            fate = rule(prompt)[0].value
            counts["questions kept" if fate == KEPT else f"dropped {fate.replace('_', ' ')}"] += 1
            counts.update(rule.unfit(prompt))
        counts["questions seen"] = len(prompts)
        if not counts["questions kept"]:
            dropped = ", ".join(f"{count} {name.removeprefix('dropped ')}" for name, count in counts.items()
                                if name.startswith("dropped "))  # fmt: skip
            raise ValueError(f"no pair is left of {len(prompts)} questions ({dropped}): {rule.explain(prompts)}")
        return counts

    def _most(self) -> int:
        """Pairs of a prompt, at most: as the rule says, or a single one."""
        return int(vars_of(self.made()).get("most", 1))

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        told, most = outlook.forecast(self.chains), self._most()
        prompts = len(outlook.counts(self.chains))
        return StageForecast(
            rows=most * prompts, unit="pairs", is_exact=False, per_prompt=most, max_tokens=told.max_tokens,
            basis=f"at most: {most} pairs of each of {prompts:,} questions; chains as long as those trained on",
        )  # fmt: skip

    def expected(self, run: Run, outlook: Outlook) -> Sequence[Pair]:
        """As many pairs of each question as there can be, of its chains in turn."""
        found: list[Pair] = []
        for chains in group_chains(outlook.rows(self.chains, Chain)).values():
            texts = [Response(text=chain.text, token_ids=chain.token_ids) for chain in chains]
            for number in range(self._most()):
                chosen, rejected = (texts[(2 * number + side) % len(texts)] for side in (0, 1))
                found.append(Pair(question_id=chains[0].question_id, style=chains[0].style, chosen=chosen,
                                  rejected=rejected, source=self.rule.kind, margin=1.0))  # fmt: skip
        return found

    def section(self, run: Run, name: str) -> Section | None:
        drawn, paired, rule = run.manifest(self.chains), run.manifest(name), self.made()
        verdicts = list(run.read(self.verdicts, Verdict))
        right: dict[str, list[bool]] = {}
        for row in verdicts:
            if row.outcome is not Outcome.UNJUDGED:
                right.setdefault(row.question_id, []).append(row.outcome is Outcome.CORRECT)
        settings = vars_of(rule)
        return Sampling(
            questions=drawn.counts["inputs"], per_question=drawn.counts["rows"] // max(1, drawn.counts["inputs"]),
            chains=drawn.counts["rows"], tokens=drawn.counts.get("tokens", 0), seconds=drawn.seconds,
            accuracies=tuple(sum(row) / len(row) for row in right.values()),
            band=(settings["lowest"], settings["highest"]) if "lowest" in settings else None,
            margin=settings.get("margin"), pairs=paired.counts["rows"], agreement=mean_agreement(verdicts),
            dropped=tuple(Count(name=key.removeprefix("dropped ").replace("_", " "), count=count)
                          for key, count in paired.counts.items() if key.startswith("dropped ")),
        )  # fmt: skip


def vars_of(rule: Any) -> dict[str, Any]:  # noqa: ANN401
    """Settings of a rule, by name."""
    return {name: getattr(rule, name) for name in rule.__dataclass_fields__}


def _columns(block: Sequence[QuestionChains]) -> tuple[list[Chain], list[Verdict]]:
    return [chain for one in block for chain in one.chains], [verdict for one in block for verdict in one.verdicts]
