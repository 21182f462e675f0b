"""Judges that ask a model behind a server about the sampled chains."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from seewhy.cli.distil import count_outcomes
from seewhy.cli.judges import make_judge
from seewhy.cli.listener import RecordingClient
from seewhy.cli.price import endpoint_of, listening, price_follow_ups, price_requests
from seewhy.cli.sample import asked
from seewhy.cli.toll import StageCost
from seewhy.cli.wire import TeacherSession, identity_of, line_of
from seewhy.cli.workspace import Workspace
from seewhy.endpoints.accounting.pricing import BYTES_A_TOKEN
from seewhy.evaluation.agreement import mean_agreement
from seewhy.judging.api import FollowUp, MultiTurnJudge, judge_chains
from seewhy.recipes.plans import JudgePlan
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, FinishReason, Question, Style, Verdict
from seewhy.runners.local import run_blocks
from seewhy.sampling.plan import SamplingPlan

PER_SHARD = 16
"""Questions a shard: with many chains each they are some hundred calls."""
STEP = "One step of a chain that nobody drew yet. "
"""A sentence of a chain that is not sampled yet: ten tokens or so."""


def run(space: Workspace) -> None:
    """Rows `judge/verdicts`."""
    questions, plan = asked(space), space.recipe.judge
    what, is_whole = f"judge chains by {plan.name}", space.are_whole(("judge", "verdicts"))
    with (
        line_of(space, plan.asked(space.recipe.teacher)) as line,
        space.screen.track(what, len(questions), "questions", is_whole=is_whole, note=line.summary) as advance,
    ):
        _ask(space, questions, line, advance)
    agreement = mean_agreement(read_rows(space.place("judge", "verdicts"), Verdict))
    if agreement is not None:
        space.screen.say(f"  {agreement:.1%} of the pairs of votes on a chain give the same grade")


def forecast_cost_of(space: Workspace) -> StageCost:
    """What judging the chains would cost: those of the run, or as many and as long as its plan allows."""
    plan, recipe, questions = space.recipe.judge, space.recipe, asked(space)
    model = plan.asked(recipe.teacher)
    is_sampled = space.are_whole(("sample", "chains"))
    chains = _chains(space, questions) if is_sampled else stand_ins(questions, recipe.sampling)
    with listening(endpoint_of(space, model)) as listener:
        judge = make_judge(plan, listener)
        for _ in judge_chains(judge, questions, chains):
            pass
        follow_ups = _foresee(plan, questions, chains, listener) if isinstance(judge, MultiTurnJudge) else []
    first = price_requests(space, "judge", model, listener.heard)
    lines = first.lines if is_sampled else (_told_stand_ins(questions, recipe.sampling), *first.lines)
    if "." in plan.name and not isinstance(judge, MultiTurnJudge):
        unknown = f"what {plan.name} asks after the first replies"
        return replace(first, lines=(*lines, f"judge: {unknown} cannot be known"), unknown=unknown)
    if not follow_ups:
        return replace(first, lines=lines)
    likely, most = price_follow_ups(space, model, follow_ups)
    told = (f"judge: after the first replies it asks on: {likely.summary}, if {follow_ups[0].likely_if}; at most "
            f"{most.summary}, if {follow_ups[0].max_if}")  # fmt: skip
    return replace(first, lines=(*lines, told), most=first.most + most)


def _foresee(
    plan: JudgePlan, questions: Sequence[Question], chains: Iterable[Chain], listener: RecordingClient
) -> list[FollowUp]:
    """What may be asked about the chains of which no first reply is kept; what follows one that is, was heard."""
    quiet = RecordingClient(name=listener.name)
    judge = make_judge(plan, quiet)
    by_id = {question.id: question for question in questions}
    follow_ups: list[FollowUp] = []
    for chain in chains:
        quiet.heard.clear()
        judge.judge(by_id[chain.question_id], (chain,))
        if isinstance(judge, MultiTurnJudge) and any(listener.recall(request) is None for request in quiet.heard):
            follow_ups.append(judge.follow_up(by_id[chain.question_id], chain))
    return follow_ups


def stand_ins(questions: Sequence[Question], plan: SamplingPlan) -> list[Chain]:
    """Chains in the place of those that are not sampled yet: as many as the plan draws, each as long as it may be."""
    length = BYTES_A_TOKEN * plan.max_tokens
    return [
        Chain(question_id=question.id, index=index, style=Style.REASON, stop=FinishReason.LENGTH, sampler="nobody",
              seed=0, text=f"Chain {index}. {STEP * (length // len(STEP) + 1)}"[:length])
        for question in questions for index in range(plan.per_question)
    ]  # fmt: skip


def _told_stand_ins(questions: Sequence[Question], plan: SamplingPlan) -> str:
    drawn = f"{len(questions) * plan.per_question:,} chains ({len(questions):,} questions, {plan.per_question} each)"
    return (f"judge: no chains are sampled yet, so the most that the plan allows is counted: {drawn} of "
            f"{plan.max_tokens} tokens, ten a sentence")  # fmt: skip


def _chains(space: Workspace, questions: Sequence[Question]) -> list[Chain]:
    known = {question.id for question in questions}
    place = space.need("sample", "chains", stage="sample")
    return [chain for chain in read_rows(place, Chain) if chain.question_id in known]


def _ask(space: Workspace, questions: Sequence[Question], line: TeacherSession, advance: Callable[[int], None]) -> None:
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
        on_done=advance, tally=count_outcomes, price=lambda rows: sum(row.usage.dollars for row in rows),
    )  # fmt: skip
