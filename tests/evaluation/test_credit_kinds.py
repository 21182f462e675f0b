"""Each kind of credit by hand, on a chain of three sentences and a model whose answers are scripted."""

from contextlib import nullcontext
from dataclasses import replace

import pytest

from seewhy.evaluation.credit import assign_credit, pieces_of
from seewhy.evaluation.crediting import CreditedChain
from seewhy.evaluation.credits.entropy import Entropy
from seewhy.evaluation.credits.judged import Judged
from seewhy.evaluation.credits.left_out import LeftOut
from seewhy.evaluation.credits.likelihood import Likelihood
from seewhy.evaluation.credits.log_ratio import LogRatio
from seewhy.evaluation.credits.picture import Picture
from seewhy.evaluation.credits.position import Position
from seewhy.evaluation.credits.so_far import SoFar
from seewhy.judging.asking.splitting import split_sentences
from seewhy.records.types import Chain, FinishReason, ScoredChain, Span, Style
from seewhy.runs.discovery import class_of, constant_of, kind_names

TOKENS = ("It", " is 7.", " So", " 8.", " ### Answer:", " 8", "")
TEXT = "It is 7. So 8. ### Answer: 8"
CHAIN = Chain(question_id="q", index=0, style=Style.REASON, text=TEXT, stop=FinishReason.END, sampler="tiny", seed=0,
              token_ids=(1, 2, 3, 4, 5, 6, 7))  # fmt: skip
REFERENCE = (-0.5, -1.0, -0.25, -2.0, -0.125, -0.5, -0.25)
POLICY = (-0.5, -3.0, -0.25, -1.0, -0.125, -0.5, -0.25)


def credited(chain: Chain = CHAIN, tokens: tuple[str, ...] = TOKENS, spans: tuple[Span, ...] = ()) -> CreditedChain:
    scored = ScoredChain(question_id="q", index=chain.index, style=Style.REASON, policy=POLICY[: len(tokens)],
                         reference=REFERENCE[: len(tokens)])  # fmt: skip
    return CreditedChain(chain=chain, tokens=[(one.start, one.end) for one in pieces_of(chain.text, tokens)],
                         sentences=split_sentences(chain.text), scored=scored, spans=spans)  # fmt: skip


class Scripted:
    """A reference whose log-probabilities are -0.125 a token of what is asked, or those given for its token ids."""

    def __init__(self, **rows: tuple[float, ...]) -> None:
        self.rows, self.asked, self.blind = rows, [], []

    def logps(self, responses, *, blind=False):
        self.asked += [(response.text, response.token_ids) for response in responses]
        self.blind.append(blind)
        return [self.rows.get(f"_{''.join(map(str, one.token_ids))}", (-0.125,) * len(one.token_ids))
                for one in responses]  # fmt: skip

    def entropies(self, responses):
        return [tuple(float(token) for token in one.token_ids) for one in responses]


def test_the_kinds_are_the_files():
    assert kind_names("evaluation.credits") == [
        "entropy", "judged", "left_out", "likelihood", "log_ratio", "picture", "position",
        "so_far",
    ]  # fmt: skip


class Absent:
    """A reference that was not opened."""

    def logps(self, responses, *, blind=False):
        raise LookupError

    def entropies(self, responses):
        raise LookupError


@pytest.mark.parametrize("kind", kind_names("evaluation.credits"))
def test_a_kind_that_says_that_it_asks_no_reference_asks_none_and_the_others_do(kind):
    asks = constant_of("evaluation.credits", kind, "asks_reference", True)
    with pytest.raises(LookupError) if asks else nullcontext():
        class_of("evaluation.credits", kind)().credit([credited()], Absent())


def test_the_log_ratio_is_the_credit_of_a_trained_model():
    """Ratios 0, -2, 0, 1, 0, 0, 0: their mean is -1/7."""
    (found,) = LogRatio().credit([credited()], Scripted())
    assert found == pytest.approx([1 / 7, -13 / 7, 1 / 7, 8 / 7, 1 / 7, 1 / 7, 1 / 7])
    rows = assign_credit(CHAIN, pieces_of(TEXT, TOKENS), credited().scored, None)
    assert [row.credit for row in rows] == list(found)


def test_the_baselines_read_the_reference_the_place_and_the_entropy():
    one, model = credited(), Scripted()
    assert list(Likelihood().credit([one], model)) == [REFERENCE]
    assert Position().credit([one], model)[0] == pytest.approx([-place / 7 for place in range(7)])
    assert Entropy().credit([one], model) == [(-1.0, -2.0, -3.0, -4.0, -5.0, -6.0, -7.0)]
    assert not model.asked


def test_what_follows_from_an_unlikely_sentence_is_doubted_too():
    """The sentences have -1.5, -2.25 and -0.625; the end of the turn is of the last one's time."""
    (found,) = SoFar().credit([credited()], Scripted())
    assert found == (-1.5, -1.5, -2.25, -2.25, -2.25, -2.25, -2.25)
    late = replace(credited(), scored=replace(credited().scored, reference=(-0.5, -0.5, -0.25, -0.25, -0.5, -2.0, 0.0)))
    assert SoFar().credit([late], Scripted()) == [(-1.0, -1.0, -1.0, -1.0, -2.5, -2.5, -2.5)]


def test_the_picture_is_worth_what_the_reference_loses_without_it():
    model = Scripted(_1234567=(-1.0, -1.5, -0.25, -2.0, -0.625, -3.5, -0.25))
    assert Picture().credit([credited()], model) == [(0.5, 0.5, 0.0, 0.0, 0.5, 3.0, 0.0)]
    assert model.blind == [True]


def test_a_sentence_is_worth_what_the_answer_loses_without_it():
    """The answer line has -0.125 - 0.5 - 0.25 = -0.875.

    Without "It is 7." it has -3, without "So 8." -1, without both -2: they add 2.125, 0.125, together 1.125.
    """
    model = Scripted(_34567=(-9.0, -9.0, -1.0, -1.0, -1.0), _12567=(-9.0, -9.0, -0.5, -0.25, -0.25),
                     _567=(-1.0, -0.5, -0.5))  # fmt: skip
    assert LeftOut().credit([credited()], model) == [(2.125, 2.125, 0.125, 0.125, 1.125, 1.125, 1.125)]
    assert model.asked == [
        ("So 8. ### Answer: 8", (3, 4, 5, 6, 7)), ("It is 7. ### Answer: 8", (1, 2, 5, 6, 7)),
        ("### Answer: 8", (5, 6, 7)),
    ]  # fmt: skip


def test_what_is_left_of_several_chains_is_scored_once_where_it_is_equal():
    model = Scripted()
    both = [credited(), credited(replace(CHAIN, index=1))]
    first, second = LeftOut().credit(both, model)
    assert first == second
    assert len(model.asked) == 3
    assert first == (-0.5,) * 7, "-0.875 less three tokens of -0.125"


def test_a_chain_of_one_sentence_has_nothing_to_leave_out():
    short = replace(CHAIN, text="### Answer: 8", token_ids=(5, 6, 7))
    model = Scripted()
    assert LeftOut().credit([credited(short, TOKENS[4:])], model) == [(0.0, 0.0, 0.0)]
    assert not model.asked


def test_chains_without_token_ids_are_refused_where_sentences_are_left_out():
    with pytest.raises(ValueError, match="chain q 0 has no token ids"):
        LeftOut().credit([credited(replace(CHAIN, token_ids=None))], Scripted())


def test_a_token_has_the_lowest_score_of_the_sentences_it_is_in():
    spans = (Span(start=0, end=8, score=0.5), Span(start=7, end=14, score=0.25))
    assert Judged().credit([credited(spans=spans)], Scripted()) == [(0.5, 0.25, 0.25, 0.25, 1.0, 1.0, 1.0)]
    assert Judged(unknown=0.0).credit([credited()], Scripted()) == [(0.0,) * 7]
