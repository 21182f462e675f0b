"""What a judge is worth, in lines for people."""

from collections import Counter
from collections.abc import Sequence

from seewhy.evaluation.agreement import mean_agreement
from seewhy.records.measures import Calibration, Interval
from seewhy.records.types import Outcome, Usage, Verdict


def calibration_lines(told: Calibration, usage: Usage, verdicts: Sequence[Verdict]) -> list[str]:
    """Accuracy, kappa, Brier score, both kinds of error, votes, why chains are unjudged, and the cost."""
    right = told.true_right + told.false_wrong
    judged = right + told.false_right + told.true_wrong
    lines = [
        f"judge     {told.judge}",
        f"chains    {told.n}, of which unjudged {_share(told.unjudged)}",
        f"accuracy  {_share(told.accuracy)}",
    ]
    if told.accuracy is not None:
        most = max(right, judged - right) / judged
        lines += [
            f"          {most:.1%} is what calling all chains alike would give",
            f"kappa     {'not defined: all is alike' if told.kappa is None else f'{told.kappa:.3f}'}",
            f"Brier     {told.brier:.3f}",
            f"right     {right} chains: {told.true_right} called right, {told.false_wrong} called wrong",
            f"wrong     {judged - right} chains: {told.false_right} called right, {told.true_wrong} called wrong",
        ]
    agreement = mean_agreement(verdicts)
    if agreement is not None:
        lines.append(f"votes     {agreement:.1%} of the pairs of votes on a chain give the same grade")
    reasons = Counter(verdict.why for verdict in verdicts if verdict.outcome is Outcome.UNJUDGED)
    lines += [f"unjudged  {count} times: {why}" for why, count in reasons.most_common(3)]
    if usage.calls:
        tokens = f"{usage.prompt_tokens:,} tokens in and {usage.completion_tokens:,} out"
        lines.append(f"cost      {usage.calls:,} calls, {tokens}, {usage.dollars:.4f} dollars")
    return lines


def _share(share: Interval | None) -> str:
    return "none" if share is None else f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})"
