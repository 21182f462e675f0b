"""Any reply put together from a draft, a statement and remarks is read at its statement, and at nothing else."""

from hypothesis import given
from hypothesis import strategies as st
from judged_by_rule import verdict_on
from written_replies import LETTERS, VALUES, bare_choices, choices, values

from seewhy.records.types import MatchRule, Outcome


@given(choices())
def test_the_option_that_a_reply_states_is_read(reply):
    verdict = verdict_on(reply.text, reply.answer, reply.rule, reply.options)
    assert (verdict.outcome, verdict.answer) == (Outcome.CORRECT, reply.answer)


@given(bare_choices())
def test_a_letter_in_a_paragraph_of_its_own_is_read(reply):
    verdict = verdict_on(reply.text, reply.answer, reply.rule, reply.options)
    assert (verdict.outcome, verdict.answer) == (Outcome.CORRECT, reply.answer)


@given(choices(), st.sampled_from(LETTERS))
def test_no_other_option_of_a_reply_is_right(reply, gold):
    assert (verdict_on(reply.text, gold, reply.rule, reply.options).outcome is Outcome.CORRECT) == (
        gold == reply.answer
    )


@given(values())
def test_the_value_that_a_reply_states_is_read(reply):
    assert verdict_on(reply.text, reply.answer, reply.rule, reply.options).outcome is Outcome.CORRECT


@given(values(), st.data())
def test_no_other_value_is_right(reply, data):
    gold = data.draw(st.sampled_from([*VALUES[reply.rule], *(["99"] if reply.rule is not MatchRule.YES_NO else [])]))
    if gold != reply.answer:
        assert verdict_on(reply.text, gold, reply.rule, reply.options).outcome is not Outcome.CORRECT


@given(choices(), st.integers(0, 400))
def test_a_reply_that_was_cut_is_never_read_as_another_option(reply, end):
    """Cut anywhere, a reply states the option that it has stated by then, or one of its drafts."""
    cut = verdict_on(reply.text[:end], reply.answer, reply.rule, reply.options)
    if cut.answer is not None:
        held = reply.text[:end].casefold()
        at = LETTERS.index(cut.answer)
        assert cut.answer.casefold() in held or reply.options[at].casefold() in held
