"""When a figure of online training is an alarm: collapse, and rewards that are cheated."""

from seewhy.training.monitor.history import History
from seewhy.training.monitor.rule import Rule

REWARD, HELD_OUT = "reward", "held_out"
ENTROPY_FALL = 0.2
"""Of the last rounds' entropy over that of the first: what is drawn then is nearly always the same."""
REPETITION_RISE = 0.2
"""Share of 4-grams that were said before, over that of the first rounds."""
CUT_SHARE, CUT_RISE = 0.5, 0.25
"""Share of rollouts that do not end within the limit, and how much of it must be new."""
LENGTH_GROWTH = 1.5
"""Mean length over that of the first rounds."""
LENGTH_PAYS = 0.8
"""Correlation of reward and length within questions, either sign."""
FLAT_SHARE = 0.9
"""Share of questions whose rollouts earn the same."""
HELD_OUT_FALL = 0.05
"""Of a reward that is watched and not trained on, while the trained one rises."""
SAMPLER_GAP = 0.05
"""Nats between sampler and trainer; in bfloat16 ratios of 0.95 to 1.05 are usual."""
FAR = 0.3
"""Nats a token from the reference."""


def _collapses(history: History) -> str | None:
    ends = history.ends("entropy")
    if ends is None or REWARD not in history.latest or ends[1] >= ENTROPY_FALL * ends[0]:
        return None
    return f"the policy collapses: entropy fell from {ends[0]:.3f} to {ends[1]:.3f} nats a token"


def _repeats(history: History) -> str | None:
    ends = history.ends("repetition")
    if ends is None or ends[1] <= ends[0] + REPETITION_RISE:
        return None
    return f"rollouts repeat themselves: {ends[1]:.0%} of their 4-grams were said before, {ends[0]:.0%} at first"


def _is_cut(history: History) -> str | None:
    ends = history.ends("cut")
    if ends is None or ends[1] < CUT_SHARE or ends[1] < ends[0] + CUT_RISE:
        return None
    return f"{ends[1]:.0%} of the rollouts do not end within the limit, {ends[0]:.0%} at first"


def _grows(history: History) -> str | None:
    ends = history.ends("length")
    if ends is None or REWARD not in history.latest or ends[1] <= LENGTH_GROWTH * ends[0]:
        return None
    return f"rollouts grew from {ends[0]:.0f} to {ends[1]:.0f} tokens"


def _length_pays(history: History) -> str | None:
    late = history.late("length_correlation")
    if late is None or abs(late) < LENGTH_PAYS:
        return None
    return f"the reward pays for being {'long' if late > 0 else 'short'}: correlation with length {late:.2f}"


def _is_flat(history: History) -> str | None:
    late = history.late("flat_groups")
    if late is None or late < FLAT_SHARE:
        return None
    return f"in {late:.0%} of the questions all rollouts earn the same: there is nothing to learn from"


def _is_cheated(history: History) -> str | None:
    trained, watched = history.ends(REWARD), history.ends(HELD_OUT)
    if trained is None or watched is None or trained[1] <= trained[0] or watched[1] >= watched[0] - HELD_OUT_FALL:
        return None
    return (
        f"the reward is cheated: it rose from {trained[0]:.3f} to {trained[1]:.3f}, while what is watched fell from "
        f"{watched[0]:.3f} to {watched[1]:.3f}"
    )


def _sampler_differs(history: History) -> str | None:
    gap = history.latest.get("sampler_gap")
    if gap is None or gap <= SAMPLER_GAP:
        return None
    return f"sampler and trainer differ by {gap:.2g} nats: new weights may not have arrived"


def _is_far(history: History) -> str | None:
    far, length = history.latest.get("kl_reference"), history.latest.get("length")
    if far is None or not length or far / length <= FAR:
        return None
    return f"the policy left its start far behind: {far / length:.2f} nats a token"


def _is_unrewarded(history: History) -> str | None:
    lost, rows = history.latest.get("unrewarded"), history.latest.get("rows")
    if not lost or not rows or lost < rows / 2:
        return None
    return f"{lost:.0f} of {rows:.0f} rollouts have no reward at all"


SLOWER = "lower the learning rate, or raise kl"
READ = "read the newest rows under rollouts/"
ONLINE_RULES = (
    Rule(figure="entropy", judge=_collapses, remedy=f"{SLOWER}; {READ}"),
    Rule(figure="repetition", judge=_repeats, remedy=f"give the reward `repetition` a weight, or {SLOWER}; {READ}"),
    Rule(figure="cut", judge=_is_cut, remedy="give the reward `overlong` a weight, or raise max_tokens"),
    Rule(figure="length", judge=_grows, remedy=f"{READ}, and see which reward pays for it"),
    Rule(figure="length_correlation", judge=_length_pays, remedy="see which reward pays by the token"),
    Rule(figure="flat_groups", judge=_is_flat, remedy="take easier or harder questions, or draw more rollouts of each"),
    Rule(figure="held_out", judge=_is_cheated, remedy=f"stop before that, and mend the reward; {READ}"),
    Rule(figure="sampler_gap", judge=_sampler_differs, remedy="compare precision and sampling settings of both sides"),
    Rule(figure="kl_reference", judge=_is_far, remedy=SLOWER),
    Rule(figure="unrewarded", judge=_is_unrewarded, remedy="see the notes of the round for the reasons"),
)  # fmt: skip
