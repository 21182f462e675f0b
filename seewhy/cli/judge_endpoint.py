"""Judges that ask a model behind a server about the sampled chains."""

from collections.abc import Callable, Iterable, Sequence

from seewhy.cli.judges import make_judge
from seewhy.cli.listener import Listener
from seewhy.cli.price import say_price
from seewhy.cli.sample import asked
from seewhy.cli.wire import Line, identity_of, line_of
from seewhy.cli.workspace import Workspace
from seewhy.judging.api import judge_chains
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Question, Verdict
from seewhy.runners.local import run_blocks

PER_SHARD = 16
"""Questions a shard: with many chains each they are some hundred calls."""


def run(space: Workspace) -> None:
    """Rows `judge/verdicts`."""
    questions, plan = asked(space), space.recipe.judge
    what, is_whole = f"judge chains by {plan.name}", space.are_whole(("judge", "verdicts"))
    with (
        line_of(space, plan.asked(space.recipe.teacher)) as line,
        space.screen.track(what, len(questions), "questions", is_whole=is_whole, note=line.told) as advance,
    ):
        _ask(space, questions, line, advance)


def foretell(space: Workspace) -> None:
    """Say what judging the sampled chains would cost; nobody is asked.

    A judge that asks again, as that of facts does about each fact, costs more: only its first requests are known.
    """
    plan, recipe = space.recipe.judge, space.recipe
    listener = Listener(name=plan.asked(recipe.teacher).model)
    questions = asked(space)
    for _ in judge_chains(make_judge(plan, listener), questions, _chains(space, questions)):
        pass
    say_price(space, "judge", plan.asked(recipe.teacher), listener.heard)


def _chains(space: Workspace, questions: Sequence[Question]) -> list[Chain]:
    known = {question.id for question in questions}
    place = space.need("sample", "chains", stage="sample")
    return [chain for chain in read_rows(place, Chain) if chain.question_id in known]


def _ask(space: Workspace, questions: Sequence[Question], line: Line, advance: Callable[[int], None]) -> None:
    plan, pace = space.recipe.judge, space.recipe.pace
    judge = make_judge(plan, line)
    by_question: dict[str, list[Chain]] = {question.id: [] for question in questions}
    for chain in _chains(space, questions):
        by_question[chain.question_id].append(chain)

    def work(block: Sequence[Question]) -> Iterable[Verdict]:
        chains = [chain for question in block for chain in by_question[question.id]]
        verdicts = list(judge_chains(judge, block, chains, at_once=pace.concurrency))
        line.check_block()
        return verdicts

    run_blocks(
        space.place("judge", "verdicts"), questions, work, Verdict, per_shard=PER_SHARD, stage="judge",
        plan={"judge": judge.name, "model": identity_of(plan.asked(space.recipe.teacher))},
        input_hashes=space.hashes(chains=space.place("sample", "chains")), command=space.command("judge"),
        on_done=advance, tally=_count, price=lambda rows: sum(row.usage.dollars for row in rows),
    )  # fmt: skip


def _count(rows: list[Verdict]) -> dict[str, int]:
    """Verdicts by outcome."""
    found: dict[str, int] = {}
    for row in rows:
        found[row.outcome.value] = found.get(row.outcome.value, 0) + 1
    return found
