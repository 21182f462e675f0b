"""`seewhy distil`: rationales from a teacher, graded by their answer; the right ones become lessons."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import cast

from seewhy.cli.find import load_part
from seewhy.cli.gold import GoldTeacher, require_rationales
from seewhy.cli.toll import StageCost
from seewhy.cli.workspace import Workspace
from seewhy.judging.api import Judge, judge_chains
from seewhy.judging.outcome import OutcomeJudge
from seewhy.model.api import GenerateRequest, Generates, SamplingParams
from seewhy.pairs.lessons import direct_lessons, lessons_from, mix_lessons
from seewhy.recipes.plans import DistilPlan
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Lesson, Question, Split, Style, Verdict
from seewhy.runners.local import run_blocks
from seewhy.testing.oracle import Oracle

PER_SHARD = 500
ENDPOINT = "endpoint"
"""The teacher that stands behind a server; `cli/endpoint.py` asks it, and its libraries are loaded for it alone."""
TEACHERS: dict[str, Callable[[DistilPlan], Generates]] = {
    "oracle": lambda plan: oracle(plan, blind=False),
    "blind-oracle": lambda plan: oracle(plan, blind=True),
    "gold": lambda _: GoldTeacher(),
}


def oracle(plan: DistilPlan, *, blind: bool) -> Oracle:
    """The oracle with the failings that the plan wants."""
    return Oracle(error_rate=plan.error_rate, terse_rate=plan.terse_rate, blind=blind, seed=plan.seed)


def run(space: Workspace) -> None:
    """Rows `distil/chains`, `distil/verdicts` and `distil/lessons`."""
    if space.recipe.distil.teacher == ENDPOINT:
        load_part("cli", "endpoint").run(space)
        return
    questions = taught(space)
    with space.screen.track("distil rationales", 3 * len(questions), "rows", is_whole=is_whole(space)) as advance:
        _ask(space, questions, advance)
        grade(space, "distil", questions, Style.REASON, advance)
        choose(space, questions, advance)


def forecast_cost_of(space: Workspace) -> StageCost:
    """What the teacher's rationales would cost; nobody is asked."""
    teacher = space.recipe.distil.teacher
    if teacher != ENDPOINT:
        return StageCost(lines=(f"distil: teacher {teacher} costs nothing",))
    if space.are_whole(("distil", "chains")):
        return StageCost(lines=("distil: its rationales are there, and nobody would be asked",))
    return cast(StageCost, load_part("cli", "endpoint").forecast_cost_of(space))


def taught(space: Workspace) -> list[Question]:
    """The questions that the teacher is asked."""
    return space.questions(Split.TRAIN)[: space.recipe.distil.questions]


def is_whole(space: Workspace) -> bool:
    """Whether an earlier run left nothing to do."""
    return space.are_whole(*(("distil", rows) for rows in ("chains", "verdicts", "lessons")))


def _ask(space: Workspace, questions: list[Question], advance: Callable[[int], None]) -> None:
    plan = space.recipe.distil
    if plan.teacher not in TEACHERS:
        raise ValueError(f"--distil.teacher {plan.teacher!r}: there are {', '.join(TEACHERS)}, {ENDPOINT}")
    if plan.teacher != "gold" and questions and questions[0].benchmark != "inkgrid":
        raise ValueError(f"--distil.teacher {plan.teacher}: it knows the pages of inkgrid, and not the questions of "
                         f"{questions[0].benchmark}; choose --distil.teacher gold, your own rationales, or {ENDPOINT}, "
                         "a model behind a server")  # fmt: skip
    teacher = TEACHERS[plan.teacher](plan)
    if isinstance(teacher, GoldTeacher):
        require_rationales(questions)  # of all blocks at once: the user hears of every question in one go

    def work(block: Sequence[Question]) -> Iterable[Chain]:
        asks = [GenerateRequest(question=question, style=Style.REASON) for question in block]
        for chains in teacher.generate(asks, SamplingParams(seed=plan.seed)):
            yield from chains

    run_blocks(
        space.place("distil", "chains"), questions, work, Chain, per_shard=PER_SHARD, stage="distil", plan=plan,
        input_hashes=space.hashes(questions=space.place("questions", "train")), command=space.command("distil"),
        on_done=advance,
    )  # fmt: skip


def grade(
    space: Workspace, stage: str, questions: Sequence[Question], style: Style, advance: Callable[[int], None],
    chains_at: tuple[str, ...] = (), verdicts_at: tuple[str, ...] = (), judge: Judge | None = None,
) -> None:  # fmt: skip
    """Verdicts over a stage's chains, question by question; by outcome unless another judge is given."""
    source = space.place(*(chains_at or (stage, "chains")))
    by_question: dict[str, list[Chain]] = {question.id: [] for question in questions}
    for chain in read_rows(source, Chain):
        by_question[chain.question_id].append(chain)
    grader = judge or OutcomeJudge()

    def work(block: Sequence[Question]) -> Iterable[Verdict]:
        return judge_chains(grader, block, [chain for question in block for chain in by_question[question.id]])

    run_blocks(
        space.place(*(verdicts_at or (stage, "verdicts"))), questions, work, Verdict, per_shard=PER_SHARD, stage=stage,
        plan={"judge": grader.name, "style": style}, input_hashes=space.hashes(chains=source),
        command=space.command(stage), on_done=advance, tally=count_outcomes,
    )  # fmt: skip


def count_outcomes(rows: Iterable[Verdict]) -> dict[str, int]:
    """Verdicts by outcome."""
    return Counter(row.outcome.value for row in rows)


def choose(space: Workspace, questions: list[Question], advance: Callable[[int], None]) -> None:
    """Rows `distil/lessons`: right rationales, direct answers, and questions in both styles."""
    chains, verdicts = space.place("distil", "chains"), space.place("distil", "verdicts")
    plan = space.recipe.mix
    distilled = lessons_from(read_rows(chains, Chain), read_rows(verdicts, Verdict))

    def work(_: Sequence[str]) -> Iterable[Lesson]:
        return mix_lessons(
            distilled.lessons, tuple(direct_lessons(questions)), questions, direct_share=plan.direct_share,
            format_aligned=plan.format_aligned, seed=plan.seed,
        )  # fmt: skip

    run_blocks(
        space.place("distil", "lessons"), ["all"], work, Lesson, per_shard=1, stage="distil", plan=plan,
        input_hashes=space.hashes(chains=chains, verdicts=verdicts), command=space.command("distil"),
        on_done=lambda _: advance(len(questions)),
        tally=lambda rows: _account(rows, dict(distilled.reasons)),
    )  # fmt: skip


def _account(rows: list[Lesson], dropped: dict[str, int]) -> dict[str, int]:
    """Lessons by style and source, and dropped chains by reason."""
    counts = {f"dropped {reason}": count for reason, count in dropped.items()}
    for row in rows:
        name = f"{row.style.value} {row.source}"
        counts[name] = counts.get(name, 0) + 1
    return counts
