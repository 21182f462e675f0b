"""What a look at a refreshed server says, on log-probabilities worked by hand and drawn ones."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seewhy.benchmarks import inkgrid
from seewhy.endpoints.engine.versions import weight_versions
from seewhy.records.types import Chain, FinishReason, Split, Style
from seewhy.sampling.refresh_check import RefreshCheck

IDS = (5, 6, 7, 8)
URL = "http://here/v1"


@dataclass(kw_only=True)
class Both:
    """A server and the trainer: each token's log-probability is -1 less what weights add, by kind of prompt."""

    trained: tuple[float, float] = (0.0, 0.0)
    """Of the trainer: for prompts of text, and with pictures."""
    served: tuple[float, float] = (0.0, 0.0)
    noise: float = 0.0
    """By which the server rounds: up for one token, down for the next."""
    fresh: float | None = None
    """Of the server, for prompts of text that it has not seen; None as for others."""
    name: str = "tiny"

    def generate(self, asks, decoding):
        return [(self._chain(ask),) for ask in asks]

    def _chain(self, ask) -> Chain:
        is_new = ask.question.text[0].isdigit()
        value = self.fresh if is_new and self.fresh is not None else self.served[not ask.blind]
        logprobs = tuple(-1 - value + self.noise * (-1) ** place for place in range(len(IDS)))
        return Chain(question_id=ask.question.id, index=0, style=ask.style, text="t", token_ids=IDS, logprobs=logprobs,
                     stop=FinishReason.END, sampler="tiny", seed=0)  # fmt: skip

    def score(self, asks):
        return [(tuple(-1 - self.trained[not ask.blind] for _ in IDS),) for ask in asks]


@pytest.fixture(scope="module")
def question(tmp_path_factory):
    return next(iter(inkgrid.load(tmp_path_factory.mktemp("pages"), Split.TEST, count=1)))


def looked(question, *both: Both, bound: float = 0.1):
    check = RefreshCheck(bound=bound)
    for step, one in enumerate(both):
        # As in a new process each time: what was seen comes from the disk.
        again = RefreshCheck(bound=bound)
        again.recall(check.records())
        check, looks = again, again.look(URL, one, one, question, Style.REASON, step)
    return looks


def test_the_three_figures_are_means_over_the_tokens(question):
    looks = looked(question, Both(), Both(trained=(0.03, 0.05), served=(0.03, 0.049)))
    assert (looks["text"].gap, looks["text"].moved, looks["text"].changed) == pytest.approx((0, 0.03, 0.03))
    assert (looks["pictures"].gap, looks["pictures"].moved, looks["pictures"].changed) == pytest.approx(
        (0.001, 0.05, 0.049)
    )


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (Both(trained=(0.03, 0.05)), "it ignores them"),
        (Both(trained=(0.03, 0.05), fresh=0.03), "prefix cache"),
        (Both(trained=(0.03, 0.05), served=(0.03, 0.03)), "only prompts with pictures are wrong"),
        (Both(trained=(0.0, 0.05)), "only prompts with pictures are wrong"),
        (Both(trained=(0.03, 0.05), served=(0.01, 0.01)), "it has other weights"),
        (Both(trained=(0.03, 0.05), served=(0.3, 0.3)), "it has other weights"),
    ],
)
def test_what_is_wrong_is_named(question, second, words):
    with pytest.raises(ValueError, match=rf"{URL}: the server does not have the weights after 1 rounds.*{words}"):
        looked(question, Both(), second)


def test_a_first_look_is_bounded_too_and_a_server_without_log_probabilities_is_no_engine(question):
    with pytest.raises(ValueError, match="differ"):
        looked(question, Both(served=(0.2, 0.2)))

    class Hides(Both):
        def generate(self, asks, decoding):
            return [tuple(Chain(**{**vars_of(chain), "logprobs": None}) for chain in row)
                    for row in super().generate(asks, decoding)]  # fmt: skip

    with pytest.raises(ValueError, match="no tokens with log-probabilities"):
        looked(question, Hides())


def vars_of(chain: Chain) -> dict[str, object]:
    return {name: getattr(chain, name) for name in chain.__slots__}


def test_small_steps_add_up_until_a_server_that_takes_none_is_found(question):
    """Each moves less than the server's precision hides; what is compared is the last answer that had changed."""
    coarse = [Both(trained=(0.004 * step, 0.004 * step), noise=0.005) for step in range(9)]
    with pytest.raises(ValueError, match="it ignores them"):
        looked(question, *coarse)
    looked(question, *coarse[:3])


@given(
    noise=st.floats(0, 0.01), moves=st.lists(st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)), max_size=5),
    later=st.floats(0, 2),
)  # fmt: skip
@settings(max_examples=25)
def test_a_server_that_takes_everything_is_never_blamed(question, noise, moves, later):
    """Whatever its precision, though that may double on the way."""
    place = Both(noise=noise)
    looked(question, place, *[Both(trained=one, served=one, noise=noise * later) for one in moves])


def test_versions_of_both_engines_are_read_and_nothing_else_is():
    spans = [{"version": "a", "start": 0, "end": 3}, {"version": "b", "start": 3, "end": 9}]
    assert weight_versions({"choices": [{"weight_versions": spans}, {"weight_versions": spans[:1]}]}) == ("a", "b")
    assert weight_versions({"metadata": {"weight_version": "b", "weight_versions": spans}, "choices": []}) == ("b", "a")
    assert weight_versions({"choices": [{"weight_versions": None}, 3], "metadata": None}) == ()
