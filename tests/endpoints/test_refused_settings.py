"""Settings that a server refuses are left out from then on, and it is said once."""

import logging

import pytest
from loopback import Answer, Asked, LoopServer, as_json, echo, error
from talking import ask_once, say, teacher_at

NOT_BOTH = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
ONE = "Unsupported value: 'temperature' does not support 0.5 with this model. Only the default (1) value is supported."
NONE = "Unsupported parameter: 'top_p' is not supported with this model."
EXTRA = [{"loc": ["body", "top_p"], "msg": "Extra inputs are not permitted", "type": "extra_forbidden"}]
LIMIT = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."


def takes(asked: Asked, *, refuse: dict[str, str], both: bool = True) -> Answer:
    for name, words in refuse.items():
        if name in asked.body:
            return error(400, words)
    return error(400, NOT_BOTH) if not both and {"temperature", "top_p"} <= set(asked.body) else echo(asked)


SETTINGS = {
    "no temperature": ({"temperature": ONE}, True, {"top_p": 0.9}),
    "no top_p": ({"top_p": NONE}, True, {"temperature": 0.5}),
    "neither, and another limit": ({"max_tokens": LIMIT, "temperature": ONE, "top_p": NONE}, True,
                                   {"max_completion_tokens": 512}),
    "not both": ({}, False, {"temperature": 0.5}),
    "a limit without a remedy": ({"max_tokens": "max_tokens: Extra inputs are not permitted"}, True,
                                 {"temperature": 0.5, "top_p": 0.9, "max_completion_tokens": 512}),
}  # fmt: skip


@pytest.mark.parametrize(("refuse", "both", "left"), SETTINGS.values(), ids=SETTINGS)
def test_refused_settings_are_left_out_from_then_on_and_it_is_said_once(refuse, both, left, caplog):
    caplog.set_level(logging.WARNING)
    with LoopServer(lambda asked: takes(asked, refuse=refuse, both=both)) as server, teacher_at(server) as teacher:
        for text in "abc":
            [answered] = teacher.chat([say(text, temperature=0.5, top_p=0.9)])
            assert [reply.text for reply in answered.replies] == [text]
        lessons = len(refuse) + (not both)
        assert len(server.asked) == 3 + lessons
        named = ("temperature", "top_p", "max_completion_tokens")
        assert {name: server.asked[-1].body[name] for name in named if name in server.asked[-1].body} == left
    about_sampling = sum(name in refuse for name in ("temperature", "top_p")) + (not both)
    assert len(caplog.messages) == about_sampling


def test_a_refusal_told_as_a_list_is_learnt_too():
    def rule(asked: Asked) -> Answer:
        return as_json({"detail": EXTRA}, 422) if "top_p" in asked.body else echo(asked)

    answered, asked = ask_once(rule)
    assert (answered.failure, len(asked)) == ("", 2)


def test_of_two_settings_that_exclude_each_other_the_one_that_does_nothing_is_left_out():
    for temperature, top_p, left in ((1.0, 0.9, "top_p"), (0.5, 1.0, "temperature"), (0.5, 0.9, "temperature")):
        answered, asked = ask_once(
            lambda asked: takes(asked, refuse={}, both=False), say("x", temperature=temperature, top_p=top_p)
        )
        assert answered.failure == ""
        assert [name for name in ("temperature", "top_p") if name in asked[-1].body] == [left]


def test_a_value_out_of_range_is_the_plans_fault_and_is_not_left_out():
    words = "temperature: Input should be less than or equal to 1"
    answered, asked = ask_once(lambda asked: takes(asked, refuse={"temperature": words}), say("x", temperature=1.5))
    assert "less than or equal" in answered.failure
    assert len(asked) == 1
