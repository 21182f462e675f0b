"""The agreement of a judge's votes is a mean over the chains that it voted on."""

from seewhy.evaluation.agreement import mean_agreement
from seewhy.records.types import Outcome, Style, Verdict


def verdict_of(agreement: float | None) -> Verdict:
    return Verdict(question_id="q", index=0, style=Style.REASON, judge="j", outcome=Outcome.CORRECT,
                   agreement=agreement)  # fmt: skip


def test_chains_without_two_votes_do_not_count():
    assert mean_agreement([verdict_of(share) for share in (1.0, None, 0.25, None)]) == 0.625
    assert mean_agreement([verdict_of(None)]) is None
