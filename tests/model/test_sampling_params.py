"""How chains are drawn: what cannot be meant is refused by name, before anything runs."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.model.api import GREEDY_BELOW, SamplingParams
from seewhy.sampling.plan import SamplingPlan

BAD = [
    ("top_p", 0.0), ("top_p", -0.1), ("top_p", 1.01), ("top_p", math.nan), ("top_k", -1), ("max_tokens", 0),
    ("max_tokens", -1), ("temperature", -1.0), ("temperature", math.nan), ("temperature", math.inf),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_settings_that_cannot_be_meant_are_refused_by_name(name, value):
    with pytest.raises(ValueError, match=name):
        SamplingParams(**{name: value})
    with pytest.raises(ValueError, match=name):
        SamplingPlan(questions=1, **{name: value})


def test_a_plan_names_its_own_field():
    with pytest.raises(ValueError, match="multiple_choice_temperature"):
        SamplingPlan(questions=1, multiple_choice_temperature=-1.0)


@given(st.floats(0, 10), st.floats(0, 1, exclude_min=True), st.integers(0, 100), st.integers(1, 10_000))
def test_all_others_are_taken_and_a_tiny_temperature_is_greedy(temperature, top_p, top_k, max_tokens):
    params = SamplingParams(temperature=temperature, top_p=top_p, top_k=top_k, max_tokens=max_tokens)
    assert params.temperature == (temperature if temperature >= GREEDY_BELOW else 0.0)
    assert (params.top_p, params.top_k, params.max_tokens) == (top_p, top_k, max_tokens)
