"""What a recipe will ask and train on, as far as that can be known before anything runs: counts and lengths."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from seewhy.cli.distil import TEACHERS
from seewhy.cli.find import find_module
from seewhy.cli.gold import GoldTeacher, require_rationales
from seewhy.cli.questions import Draws, Reads
from seewhy.cli.workspace import is_finished
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.families.hub import HubModel
from seewhy.model.packed.group import Group
from seewhy.pairs.lessons import block_sizes, direct_lessons
from seewhy.recipes.plans import MixPlan, Recipe
from seewhy.records.shards import read_rows
from seewhy.records.types import Question, Response, Split, Style
from seewhy.training.examples import TrainingExample, steps_of
from seewhy.training.plan import FitPlan

SAMPLED = 48
"""Questions of a split whose prompts are encoded."""
LONGEST = 8
"""Of them, those with the most words, where all questions are there to choose from."""
HERE = ("oracle", "blind-oracle", "gold")
"""Teachers that answer in this process at no cost, and are asked for the rationales of the sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The questions of a split that are looked at."""

    split: Split
    total: int
    """Questions of the run's split."""
    sample: tuple[Question, ...]
    seconds: float
    """That drawing or reading one of them took."""
    picture_bytes: float
    """On disk, of one question's pictures; 0 where the run writes none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """Tokens of the prompts of a split in one style."""

    split: Split
    style: Style
    sampled: int
    least: int
    median: int
    p95: int
    """95 % of them have at most so many."""
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A sampled question as training sees it: its prompt and tokens of a response to it."""

    question: Question
    style: Style
    group: Group

    @property
    def tokens(self) -> int:
        """Tokens of the response."""
        return len(self.group.responses[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """Everything that was looked at."""

    taken: Mapping[Split, Taken]
    lengths: tuple[Lengths, ...]
    lessons: tuple[Row, ...]
    """Lessons of the sampled training questions, of both styles."""
    refused: tuple[str, ...]
    """Why a sampled prompt cannot be encoded, with its question: the run would stop there."""
    is_taught: bool
    """Whether the lessons' lengths are the teacher's own, and not the plan's limit."""
    teacher_seconds: float
    """Of one rationale."""
    reasons: tuple[int, ...] = field(default=())
    """Tokens of the rationales."""


def take_questions(recipe: Recipe, run: Path, scratch: Path) -> dict[Split, Taken]:
    """Questions of every split of a run: the run's own where it has them.

    Pictures that a benchmark draws for the sample go to `scratch`.
    """
    plan = recipe.questions
    wanted = {Split.TRAIN: plan.train, Split.VALIDATION: plan.validation, Split.TEST: plan.test,
              Split.SHIFTED: plan.shifted}  # fmt: skip
    benchmark = find_module("benchmarks", plan.benchmark)
    reads = "files" in vars(benchmark)
    if reads and not plan.source:
        raise ValueError(f"{plan.benchmark} reads your questions: name their file or folder with --questions.source")
    taken: dict[Split, Taken] = {}
    for split, count in wanted.items():
        began = time.perf_counter()
        place = run / "questions" / split.value
        if not count:
            continue
        if is_finished(place):
            found = list(read_rows(place, Question))
        elif reads:
            found = list(cast(Reads, benchmark).load(Path(plan.source).resolve(), split, count=count))
        else:
            seed = plan.seed if split in (Split.TRAIN, Split.VALIDATION) else 0
            found = list(cast(Draws, benchmark).load(scratch, split, count=min(count, SAMPLED), seed=seed))
        seconds = (time.perf_counter() - began) / max(1, len(found))
        total = len(found) if reads or is_finished(place) else count
        if split is Split.TRAIN and recipe.distil.teacher == "gold":
            require_rationales(found[: recipe.distil.questions])
        sample = tuple(pick(found))
        sizes = [Path(image.path).stat().st_size for one in sample for image in one.images if not reads]
        taken[split] = Taken(split=split, total=total, sample=sample, seconds=seconds,
                             picture_bytes=sum(sizes) / max(1, len(sample)))  # fmt: skip
    return taken


def pick(questions: Sequence[Question]) -> list[Question]:
    """At most SAMPLED: the longest by their words, and others spread evenly."""
    if len(questions) <= SAMPLED:
        return list(questions)
    ordered = sorted(range(len(questions)), key=lambda place: -len(questions[place].text))
    places = set(ordered[:LONGEST])
    left = [place for place in range(len(questions)) if place not in places]
    places |= {left[n * len(left) // (SAMPLED - LONGEST)] for n in range(SAMPLED - LONGEST)}
    return [questions[place] for place in sorted(places)]


def look_at(model: HubModel, recipe: Recipe, taken: Mapping[Split, Taken]) -> Sampled:
    """Encode the sampled prompts, and ask a teacher that is here for their rationales."""
    lengths: list[Lengths] = []
    refused: dict[str, None] = {}
    fits: list[Question] = []
    for split, found in taken.items():
        for style in Style:
            sizes: list[int] = []
            for question in found.sample:
                try:
                    sizes.append(len(model.prompt(question, style).ids))
                except ValueError as error:
                    refused[str(error)] = None
                    continue
                if split is Split.TRAIN and style is Style.REASON:
                    fits.append(question)
            if sizes:
                lengths.append(lengths_of(split, style, sizes))
    began = time.perf_counter()
    texts = rationales(recipe, fits)
    seconds = (time.perf_counter() - began) / max(1, len(fits))
    rows = [row_of(model, question, Style.REASON, reply) for question, reply in zip(fits, texts, strict=True)]
    known = {question.id: question for question in fits}
    rows += [row_of(model, known[lesson.question_id], Style.DIRECT, lesson.response) for lesson in direct_lessons(fits)]
    return Sampled(
        taken=taken, lengths=tuple(lengths), lessons=tuple(rows), refused=tuple(refused),
        is_taught=recipe.distil.teacher in HERE, teacher_seconds=seconds,
        reasons=tuple(row.tokens for row in rows if row.style is Style.REASON),
    )  # fmt: skip


def row_of(model: HubModel, question: Question, style: Style, reply: Response) -> Row:
    """A lesson as training sees it."""
    group = Group(prompt=model.prompt(question, style), responses=(model.response_ids(reply),))
    return Row(question=question, style=style, group=group)


def lengths_of(split: Split, style: Style, sizes: Sequence[int]) -> Lengths:
    """Least, median, 95 % and most.

    Example:
        >>> lengths_of(Split.TRAIN, Style.REASON, range(1, 101)).p95
        95
    """
    ordered = sorted(sizes)
    return Lengths(
        split=split, style=style, sampled=len(ordered), least=ordered[0], median=ordered[(len(ordered) - 1) // 2],
        p95=ordered[math.ceil(0.95 * len(ordered)) - 1], most=ordered[-1],
    )  # fmt: skip


def rationales(recipe: Recipe, questions: Sequence[Question]) -> list[Response]:
    """The teacher's rationales of the sample; as long as the plan lets a chain be, where it is not here to be asked."""
    if recipe.distil.teacher not in HERE:
        return [Response(text="", token_ids=(0,) * recipe.sampling.max_tokens) for _ in questions]
    teacher = GoldTeacher() if recipe.distil.teacher == "gold" else TEACHERS[recipe.distil.teacher](recipe.distil)
    asks = [GenerateRequest(question=question, style=Style.REASON) for question in questions]
    return [Response(text=chains[0].text) for chains in teacher.generate(asks, SamplingParams(seed=recipe.distil.seed))]


def lesson_counts(asked: int, mix: MixPlan) -> tuple[int, int]:
    """Reasoned and direct lessons where every rationale is right, of one benchmark, as `mix_lessons` takes them.

    Example:
        >>> lesson_counts(6000, MixPlan(direct_share=0.1, format_aligned=50))
        (6000, 689)
    """
    half = mix.format_aligned // 2
    reasoned, direct = min(asked, mix.format_aligned - half), min(asked, half)
    thoughts, answers = block_sizes(asked - reasoned, asked - direct, mix.direct_share)
    return reasoned + thoughts, direct + answers


def count_steps(units: Sequence[int], plan: FitPlan) -> int:
    """Steps of a training whose prompts have so many exercises each: the trainer's own order, on rows without text.

    Example:
        >>> count_steps([3] * 20, FitPlan(learning_rate=1e-5, batch_size=32, epochs=2))
        4
    """
    made = [
        TrainingExample(question_id=str(number), style=Style.REASON, responses=((place,),))
        for number, unit in enumerate(units)
        for place in range(unit)
    ]
    return len(steps_of(made, plan))
