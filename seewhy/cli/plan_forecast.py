"""The forecast of a run: rows, steps, memory, time and disk of each stage, with what each figure rests on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seewhy.cli.plan_memory import TrainingBytes, as_trained, open_bytes, training_bytes
from seewhy.cli.plan_rows import Row, Sampled, count_steps, lesson_counts
from seewhy.cli.plan_times import Rates
from seewhy.cli.workspace import is_finished
from seewhy.model.families.hub import HubModel
from seewhy.model.packed.group import Group, tokens_of
from seewhy.recipes.plans import Recipe
from seewhy.records.shards import read_rows
from seewhy.records.types import Lesson, Pair, Split, Style
from seewhy.training.checkpoint import KEPT
from seewhy.training.examples import TrainingExample, steps_of
from seewhy.training.plan import FitPlan

REFERENCE_BYTES = 8
"""On disk, of a response's token under the reference: a number, and its share of the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One line of the forecast; None is what does not apply or is not known."""

    name: str
    rows: int
    unit: str
    is_exact: bool
    """Whether `rows` is known, and not the most there can be."""
    basis: str
    """What the figures rest on."""
    steps: int | None = None
    peak_mb: float | None = None
    max_mb: float | None = None
    """The peak if every response were as long as the plan lets it be."""
    seconds: float | None = None
    disk_mb: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A training stage: its line, what its memory is made of, and how many of its rows exceed the row budget."""

    stage: Stage
    told: TrainingBytes
    sampled: int
    above_budget: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What all stages are foretold from."""

    recipe: Recipe
    run: Path
    model: HubModel
    """Without weights."""
    sampled: Sampled
    rates: Rates | None
    """None where no real step was taken."""
    base: int
    """Bytes of the process without any model."""
    is_packed: bool

    @property
    def asked(self) -> int:
        """Training questions whose rationales are distilled."""
        return min(self.recipe.distil.questions, self.sampled.taken[Split.TRAIN].total)

    @property
    def mean_reason(self) -> float:
        """Tokens of an average rationale, and so of a chain that imitates it."""
        return sum(self.sampled.reasons) / max(1, len(self.sampled.reasons))

    def seconds(self, tokens: float, rate: str) -> float | None:
        """Of so many tokens at a measured rate."""
        if self.rates is None:
            return None
        return tokens * {"train": self.rates.train, "score": self.rates.score, "decode": self.rates.decode}[rate]


def training_disk(told: TrainingBytes, steps: int, plan: FitPlan) -> float:
    """MiB of a training's folder at its end: checkpoints of weights and moments that stay, and the model."""
    kept = min(KEPT, math.ceil(steps / plan.save_every))
    return (kept * (told.weights.moved + told.weights.moments) + told.weights.total) / 2**20


def sft(outlook: Outlook) -> Training:
    """Fine-tuning: the lessons of the run where it has them, else those of a teacher that is always right."""
    recipe, plan = outlook.recipe, outlook.recipe.sft
    reasoned, direct = lesson_counts(outlook.asked, recipe.mix)
    place = outlook.run / "distil" / "lessons"
    basis, is_exact = "at most: all rationales accepted", recipe.distil.teacher == "gold"
    steps = count_steps([1] * (reasoned + direct), plan)
    if is_finished(place):
        lessons = list(read_rows(place, Lesson))
        reasoned, direct = (sum(row.style is style for row in lessons) for style in (Style.REASON, Style.DIRECT))
        steps = len(steps_of([TrainingExample(question_id=row.question_id, style=row.style, responses=((0,),))
                              for row in lessons], plan))  # fmt: skip
        basis, is_exact = "lessons of the run", True
    elif is_exact:
        basis = "gold rationales, all accepted"
    rows = _mixed(outlook.sampled.lessons, direct / max(1, reasoned))
    groups = [_cut(row.group, plan.keep_tokens) for row in rows]
    with as_trained(outlook.model, plan, recipe.adapter, recipe.compute):
        told = training_bytes(
            outlook.model, plan, groups, plan.batch_size, steps, base=outlook.base, prompts=reasoned + direct,
            is_packed=outlook.is_packed, compute=recipe.compute,
        )  # fmt: skip
    tokens = plan.epochs * (reasoned + direct) * sum(map(tokens_of, groups)) / len(groups)
    stage = Stage(
        name="sft", rows=reasoned + direct, unit="lessons", is_exact=is_exact, basis=basis, steps=steps,
        peak_mb=told.peak / 2**20, seconds=outlook.seconds(tokens, "train"), disk_mb=training_disk(told, steps, plan),
    )  # fmt: skip
    above = sum(tokens_of(group) > plan.row_tokens for group in groups)
    return Training(stage=stage, told=told, sampled=len(groups), above_budget=above)


def _mixed(rows: Sequence[Row], direct_per_reasoned: float) -> list[Row]:
    """The reasoned rows, and as many direct ones as the mix has beside them."""
    reasoned = [row for row in rows if row.style is Style.REASON]
    direct = [row for row in rows if row.style is Style.DIRECT]
    return [*reasoned, *direct[: round(len(reasoned) * direct_per_reasoned)]]


def _cut(group: Group, keep_tokens: int) -> Group:
    return replace(group, responses=tuple(ids[:keep_tokens] if keep_tokens else ids for ids in group.responses))


def prefer(outlook: Outlook) -> Training:
    """Preference training, of each objective alike: pairs of the run, else the most that its sampling can give."""
    recipe, plan = outlook.recipe, outlook.recipe.fit
    place, most = outlook.run / "pair" / "pairs", recipe.pairing.max_pairs
    units = [most] * min(recipe.sampling.questions, outlook.sampled.taken[Split.TRAIN].total)
    basis, is_exact = f"at most: {most} pairs of each question sampled", False
    if is_finished(place):
        counts: dict[tuple[str, Style], int] = {}
        for row in read_rows(place, Pair):
            counts[row.question_id, row.style] = counts.get((row.question_id, row.style), 0) + 1
        units, basis, is_exact = list(counts.values()), "pairs of the run", True
    steps = count_steps(units, plan)
    longest = min(plan.keep_tokens or recipe.sampling.max_tokens, recipe.sampling.max_tokens)
    typical = min(longest, max(1, round(outlook.mean_reason)))
    distinct = min(2 * most, recipe.sampling.per_question)
    prompts = [row.group for row in outlook.sampled.lessons if row.style is Style.REASON]
    # The fine-tuned model, which the reference stage left open beside the one that is trained.
    beside = open_bytes(outlook.model, recipe.adapter, recipe.compute)
    seen = sum(lesson_counts(outlook.asked, recipe.mix)) + len(units)
    with as_trained(outlook.model, plan, recipe.adapter, recipe.compute):
        found = [
            training_bytes(outlook.model, plan, _with_responses(prompts, distinct, length),
                           max(1, plan.batch_size // most), steps, base=outlook.base, prompts=seen, others=beside,
                           is_packed=outlook.is_packed, compute=recipe.compute)
            for length in dict.fromkeys((typical, longest))
        ]  # fmt: skip
    told, objectives = found[0], 1 + len(recipe.preference.compare)
    groups = _with_responses(prompts, distinct, typical)
    tokens = len(units) * sum(map(tokens_of, groups)) / len(groups)
    trained = outlook.seconds(objectives * plan.epochs * tokens, "train")
    scored = outlook.seconds(tokens, "score")
    stage = Stage(
        name="train", rows=sum(units), unit="pairs", is_exact=is_exact, steps=objectives * steps,
        basis=f"{basis}; {objectives} objectives of {steps:,} steps, chains as long as rationales",
        peak_mb=told.peak / 2**20, max_mb=found[-1].peak / 2**20,
        seconds=None if trained is None or scored is None else trained + scored,
        disk_mb=objectives * training_disk(told, steps, plan)
        + len(units) * distinct * typical * REFERENCE_BYTES / 2**20,
    )  # fmt: skip
    above = sum(len(group.prompt.ids) - 1 + 2 * typical > plan.row_tokens for group in prompts)
    return Training(stage=stage, told=told, sampled=len(prompts), above_budget=above)


def _with_responses(groups: Sequence[Group], count: int, length: int) -> list[Group]:
    """The same prompts with `count` distinct responses of one length, whose tokens do not matter."""
    made_up = tuple((number,) * length for number in range(count))
    return [replace(group, responses=made_up) for group in groups]
