"""When a figure of a training's log is an alarm: one rule a figure, with its bound, its words and its remedy."""

from seewhy.training.monitor.history import WIDEST, History
from seewhy.training.monitor.online_rules import ONLINE_RULES, REWARD
from seewhy.training.monitor.rule import Rule

CHOSEN_FALL = -0.1
"""Nats a token under the reference: a 100-token chosen chain is then e^10 times less likely than before."""
MARGIN_EXPLODED = 10.0
"""Mean reward margin, in nats: the sigmoid's gradient is below 5e-5 there, and what still moves is drift."""
LOSS_RISE = 1.1
"""Mean loss of the last steps over that of the first."""
LOSS_EXPLOSION = 3.0
"""Mean loss of the last steps over the first step's: what blew up at once has no low mean to rise from."""
GRADIENT_SPIKE = 20.0
"""Largest gradient norm of the second half over the median of the run; while it goes on, the last one over that."""
MEMORY_GROWTH = 1.3
"""Peak memory now over that half way."""
LENGTH_COSINE = 0.85
"""Of margins and length differences, either sign. A run whose longer side was always chosen rises to 0.87 in 30 steps;
the default run, whose longer replies are often the better ones, has 0.69 to 0.74."""
KL_FAR = 0.1
"""Nats a token: the start's own 100-token reply is then e^10 times less likely. For preferences alone. The default run
ends at 0.02 by MPO and 0.04 by DPO; DPO at ten times its rate is at 0.2 after a third of the steps."""
REPETITION_RISE = 0.2
"""Share of 4-grams that were said before, over that at the start: a fifth of each reply more goes round in circles."""
CUT_SHARE, CUT_RISE = 0.5, 0.25
"""Share of replies that do not end within the limit, and how much of it must be new since the start."""
LENGTH_GROWTH = 1.5
"""Mean length of the replies over that at the start, or over that of the lessons where these are longer."""


def _chosen_falls(history: History) -> str | None:
    late = history.late("chosen_drift")
    if late is None or late >= CHOSEN_FALL:
        return None
    return f"chosen responses became less likely: {late:.2f} nats a token against the reference"


def _margin_explodes(history: History) -> str | None:
    late = history.late("margin")
    if late is None or late <= MARGIN_EXPLODED:
        return None
    return f"the reward margin reached {late:.1f} nats: the pairs are learnt by heart"


def _nothing_is_preferred(history: History) -> str | None:
    late = history.late("accuracy")
    if late is None or late > 0.5 or history.count < 2 or not history.is_half_taken:
        return None
    return f"only {late:.0%} of the pairs are ordered rightly: the preference is not learnt"


def _loss_rises(history: History) -> str | None:
    ends = history.ends("loss")
    # The loss of a policy objective is near 0 and says nothing: its rollouts change with the policy.
    if ends is None or REWARD in history.latest:
        return None
    early, late = ends
    if 0 < early * LOSS_RISE < late:
        return f"the loss rose from {early:.3f} to {late:.3f}"
    first = history.values("loss")[0]
    return f"the loss rose from {first:.3f} to {late:.3f}" if 0 < first * LOSS_EXPLOSION < late else None


def _gradient_spikes(history: History) -> str | None:
    if history.ends("grad_norm") is None:
        return None
    norms = history.values("grad_norm")
    near = norms if history.is_over else norms[-WIDEST:]
    largest = max(norms[len(norms) // 2 :]) if history.is_over else norms[-1]
    middle = sorted(near)[len(near) // 2]
    if not largest > GRADIENT_SPIKE * middle > 0:
        return None
    return f"a gradient norm of {largest:.1f} with a median of {middle:.2f}"


def _memory_grows(history: History) -> str | None:
    peaks, half = history.values("resident_mb"), history.total // 2
    if len(peaks) <= half or not history.is_half_taken or peaks[-1] <= peaks[half] * MEMORY_GROWTH:
        return None
    return f"memory grew from {peaks[half]:.0f} to {peaks[-1]:.0f} MiB in the second half"


def _length_is_what_pays(history: History) -> str | None:
    late = history.late("length_cosine")
    if late is None or abs(late) < LENGTH_COSINE:
        return None
    winner = "longer" if late > 0 else "shorter"
    return f"the reward pays for length: margins go with length differences (cosine {late:.2f}), so the {winner} wins"


def _far_from_start(history: History) -> str | None:
    kl = history.latest.get("kl_from_start")
    # Lessons are meant to lead away from the start.
    if kl is None or kl <= KL_FAR or "accuracy" not in history.latest:
        return None
    return f"the model left its start far behind: a divergence of {kl:.2f} nats a token"


def _goes_round_in_circles(history: History) -> str | None:
    now, start = (history.latest.get(name) for name in ("probe_repetition", "start_repetition"))
    if now is None or start is None or now <= start + REPETITION_RISE:
        return None
    return f"replies repeat themselves: {now:.0%} of their 4-grams were said before, {start:.0%} at the start"


def _does_not_end(history: History) -> str | None:
    now, start = (history.latest.get(name) for name in ("probe_cut", "start_cut"))
    if now is None or start is None or now < CUT_SHARE or now < start + CUT_RISE:
        return None
    return f"{now:.0%} of the replies do not end within the probe's limit, {start:.0%} at the start"


def _grows_longer(history: History) -> str | None:
    now, start = (history.latest.get(name) for name in ("probe_length", "start_length"))
    if now is None or start is None:
        return None
    lessons = history.values("lesson_tokens")
    known = max(start, sum(lessons) / len(lessons)) if lessons else start
    if now <= LENGTH_GROWTH * known:
        return None
    return f"replies grew to {now:.0f} tokens from {start:.0f} at the start"


SLOWER = "lower the learning rate or train fewer steps"
RULES = (
    Rule(figure="chosen_drift", judge=_chosen_falls, remedy="add an NLL term, lower the learning rate or truncate"),
    Rule(figure="margin", judge=_margin_explodes, remedy="stop earlier"),
    Rule(figure="accuracy", judge=_nothing_is_preferred, remedy="raise the learning rate, or look at the pairs"),
    Rule(figure="loss", judge=_loss_rises, remedy="lower the learning rate"),
    Rule(figure="grad_norm", judge=_gradient_spikes, remedy="look at that step's rows"),
    Rule(figure="resident_mb", judge=_memory_grows, remedy="lower row_tokens, or look for what is kept"),
    Rule(
        figure="length_cosine", judge=_length_is_what_pays,
        remedy="pair responses of like length, truncate both sides (keep_tokens) or discount late tokens",
    ),
    Rule(figure="kl_from_start", judge=_far_from_start, remedy=f"{SLOWER}, or raise beta"),
    Rule(figure="probe_repetition", judge=_goes_round_in_circles, remedy=f"{SLOWER}, and read the probe's replies"),
    Rule(figure="probe_cut", judge=_does_not_end, remedy=f"{SLOWER}, and see that the rows end their turn"),
    Rule(figure="probe_length", judge=_grows_longer, remedy="see whether the chosen rows are longer than the rejected"),
    *ONLINE_RULES,
)  # fmt: skip
NAMES = tuple(rule.figure for rule in RULES)
