"""`seewhy rerank`: the trained model as verifier of chains, the fine-tuned one's unless the plan says otherwise."""

from collections.abc import Iterable, Sequence

from seewhy.cli.distil import grade
from seewhy.cli.progress import Advance
from seewhy.cli.workspace import Workspace
from seewhy.evaluation.curves import rerank_curves
from seewhy.evaluation.pictures import picture_clusters
from seewhy.evaluation.rerank import gather_candidates
from seewhy.evaluation.rewards import chain_reward
from seewhy.judging.answers.decoration import normalise
from seewhy.model.api import ScoreRequest
from seewhy.records.measures import CurvePoint
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Question, Response, ScoredChain, Split, Style, Verdict
from seewhy.runners.local import run_blocks
from seewhy.sampling.plan import SamplingPlan
from seewhy.sampling.sample import sample_chains

PER_SHARD = 50


def run(space: Workspace) -> None:
    """Rows `rerank/chains`, `rerank/verdicts`, `rerank/scores` and `rerank/curves`."""
    plan = space.recipe.rerank
    plan.require_sampler()
    space.need("train", "preference", stage="train")  # before a minute is spent on drawing what it is to verify
    questions = space.questions(Split.TEST)[: plan.questions]
    what, is_whole = f"draw {plan.per_question} candidates a question", space.are_whole(("rerank", "chains"))
    with space.screen.track(what, len(questions), "questions", is_whole=is_whole) as advance:
        _draw(space, questions, advance)
    is_whole = space.are_whole(*(("rerank", rows) for rows in ("verdicts", "scores", "curves")))
    with space.screen.track("verify candidates", len(questions), "questions", is_whole=is_whole) as advance:
        grade(space, "rerank", questions, Style.REASON, lambda _: None)
        _score(space, questions, advance)
        _choose(space)


def _draw(space: Workspace, questions: list[Question], advance: Advance) -> None:
    plan = space.recipe.rerank
    sampling = SamplingPlan(
        questions=plan.questions, per_question=plan.per_question, temperature=plan.temperature,
        multiple_choice_temperature=plan.temperature, max_tokens=space.recipe.evaluation.max_tokens, seed=plan.seed,
    )  # fmt: skip

    def work(block: Sequence[Question]) -> Iterable[Chain]:
        return sample_chains(space.shelf.open(space.model_name(plan.sampler), plan.sampler), block, sampling)

    source = space.need("questions", "test", stage="questions")
    run_blocks(
        space.place("rerank", "chains"), questions, work, Chain, per_shard=PER_SHARD, stage="rerank", plan=sampling,
        input_hashes={**space.hashes(questions=source), "model": space.model_identity(plan.sampler)},
        command=space.command("rerank"), on_done=advance,
    )  # fmt: skip


def _score(space: Workspace, questions: list[Question], advance: Advance) -> None:
    source = space.place("rerank", "chains")
    chains: dict[str, list[Chain]] = {question.id: [] for question in questions}
    for chain in read_rows(source, Chain):
        chains[chain.question_id].append(chain)

    def work(block: Sequence[Question]) -> Iterable[ScoredChain]:
        asks = [
            ScoreRequest(question=question, style=Style.REASON, responses=tuple(
                Response(text=chain.text, token_ids=chain.token_ids) for chain in chains[question.id]
            )) for question in block
        ]  # fmt: skip
        policy = space.shelf.open(space.model_name("preference"), "preference").score(asks)
        reference = space.shelf.open(space.model_name("sft"), "sft").score(asks)
        for question, of_policy, of_reference in zip(block, policy, reference, strict=True):
            for chain, ours, theirs in zip(chains[question.id], of_policy, of_reference, strict=True):
                yield ScoredChain(question_id=question.id, index=chain.index, style=chain.style, policy=ours,
                                  reference=theirs)  # fmt: skip

    run_blocks(
        space.place("rerank", "scores"), questions, work, ScoredChain, per_shard=PER_SHARD, stage="rerank",
        plan={}, input_hashes={**space.hashes(chains=source), "policy": space.model_identity("preference"),
                               "reference": space.model_identity("sft")},
        command=space.command("rerank"), on_done=advance,
    )  # fmt: skip


def sizes_up_to(most: int) -> tuple[int, ...]:
    """Powers of two up to `most`.

    Example:
        >>> sizes_up_to(16)
        (1, 2, 4, 8, 16)
    """
    return tuple(2**power for power in range(most.bit_length()) if 2**power <= most)


def _choose(space: Workspace) -> None:
    plan = space.recipe.rerank
    verdicts, scores = space.place("rerank", "verdicts"), space.place("rerank", "scores")

    def work(_: Sequence[str]) -> Iterable[CurvePoint]:
        # beta is 1: the vote's temperature is then in nats, and beta changes no ranking.
        rewards = {(row.question_id, row.index): chain_reward(row, beta=1.0)
                   for row in read_rows(scores, ScoredChain)}  # fmt: skip
        return rerank_curves(
            gather_candidates(read_rows(verdicts, Verdict), rewards, normalise), sizes=sizes_up_to(plan.per_question),
            temperature=plan.vote_temperature, seed=plan.seed, clusters=picture_clusters(space.questions(Split.TEST)),
        )  # fmt: skip

    run_blocks(
        space.place("rerank", "curves"), ["all"], work, CurvePoint, per_shard=1, stage="rerank", plan=plan,
        input_hashes=space.hashes(verdicts=verdicts, scores=scores), command=space.command("rerank"),
        on_done=lambda _: None,
    )  # fmt: skip
