"""The forecast of the stages that ask, draw and measure, and none of which trains."""

from collections.abc import Iterator

from seewhy.cli.plan_forecast import Outlook, Stage
from seewhy.records.types import Split, Style

DIRECT_TOKENS = 4
"""Of a reply without reasoning: an answer and the end of the turn."""
CHAIN_BYTES = 12
"""On disk, of a chain's token, where none was drawn to be measured: its id, its log-probability, its text."""
SCORE_BYTES = 10
"""On disk, of a token's log-probabilities under policy and reference."""


def questions(outlook: Outlook) -> Stage:
    """The questions of all splits, and the pictures that a benchmark draws for them."""
    taken = outlook.sampled.taken.values()
    return Stage(
        name="questions", rows=sum(found.total for found in taken), unit="questions", is_exact=True,
        basis="as the recipe and its source have them", seconds=sum(found.total * found.seconds for found in taken),
        disk_mb=sum(found.total * found.picture_bytes for found in taken) / 2**20,
    )  # fmt: skip


def distil(outlook: Outlook) -> Stage:
    """A rationale a question."""
    sampled, count = outlook.sampled, len(outlook.sampled.reasons)
    return Stage(
        name="distil", rows=outlook.asked, unit="rationales", is_exact=True,
        basis=f"{count} were asked for and timed" if sampled.is_taught else "the teacher was not asked: time unknown",
        seconds=outlook.asked * sampled.teacher_seconds if sampled.is_taught else None,
    )  # fmt: skip


def later_stages(outlook: Outlook) -> Iterator[Stage]:
    """What is drawn and scored after training, in order."""
    yield _evaluate(outlook)
    yield _rerank(outlook)


def sample(outlook: Outlook) -> Stage:
    """Many chains of each sampled question."""
    plan = outlook.recipe.sampling
    asked = min(plan.questions, outlook.sampled.taken[Split.TRAIN].total)
    tokens = asked * plan.per_question * min(outlook.mean_reason, plan.max_tokens)
    return Stage(
        name="sample", rows=asked * plan.per_question, unit="chains", is_exact=plan.with_options,
        basis=f"{asked:,} prompts x {plan.per_question}; chains as long as rationales",
        seconds=outlook.seconds(tokens, "decode"), disk_mb=tokens * _chain_bytes(outlook) / 2**20,
    )  # fmt: skip


def _chain_bytes(outlook: Outlook) -> float:
    return outlook.rates.chain_bytes if outlook.rates else CHAIN_BYTES


def _prompt_tokens(outlook: Outlook, split: Split, style: Style) -> int:
    """Median of the sampled prompts."""
    found = [row.median for row in outlook.sampled.lengths if (row.split, row.style) == (split, style)]
    return found[0] if found else 0


def _evaluate(outlook: Outlook) -> Stage:
    recipe, taken = outlook.recipe, outlook.sampled.taken
    models = 3 + len(recipe.preference.compare)
    settings = [(split, style) for split in (Split.TEST, Split.SHIFTED) if split in taken for style in Style]
    if recipe.evaluation.blind:
        settings.append((Split.TEST, Style.REASON))
    rows, tokens, prompts = 0, 0.0, 0
    for split, style in settings:
        length = outlook.mean_reason if style is Style.REASON else DIRECT_TOKENS
        rows += taken[split].total
        tokens += taken[split].total * min(length, recipe.evaluation.max_tokens)
        prompts += taken[split].total * _prompt_tokens(outlook, split, style)
    drawn, read = outlook.seconds(models * tokens, "decode"), outlook.seconds(models * prompts, "score")
    return Stage(
        name="eval", rows=models * rows, unit="replies", is_exact=True,
        basis=f"{models} models x {len(settings)} settings; replies as long as rationales",
        seconds=None if drawn is None or read is None else drawn + read,
        disk_mb=models * tokens * _chain_bytes(outlook) / 2**20,
    )  # fmt: skip


def _rerank(outlook: Outlook) -> Stage:
    plan, recipe = outlook.recipe.rerank, outlook.recipe
    asked = min(plan.questions, outlook.sampled.taken[Split.TEST].total)
    tokens = asked * plan.per_question * min(outlook.mean_reason, recipe.evaluation.max_tokens)
    scored = 2 * (tokens + asked * _prompt_tokens(outlook, Split.TEST, Style.REASON))
    drawn, read = outlook.seconds(tokens, "decode"), outlook.seconds(scored, "score")
    return Stage(
        name="rerank", rows=asked * plan.per_question, unit="candidates", is_exact=True,
        basis=f"{asked:,} prompts x {plan.per_question}, scored by two models",
        seconds=None if drawn is None or read is None else drawn + read,
        disk_mb=tokens * (_chain_bytes(outlook) + SCORE_BYTES) / 2**20,
    )  # fmt: skip
