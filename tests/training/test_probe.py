"""What a probe tells: repetition within a reply, and a divergence from the start that is the real one."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_talker import Talker, with_odds
from tiny_trainable import END, lesson, questions_of

from seewhy.model.families.hub import HubModel
from seewhy.model.packed.group import Group
from seewhy.model.weights import SHIPPED
from seewhy.records.repeats import repeated_share
from seewhy.records.types import Chain, FinishReason, Question, Style
from seewhy.training.api import Probed
from seewhy.training.examples import lesson_example
from seewhy.training.monitor.plan import GuardPlan
from seewhy.training.monitor.probe import Probe, divergence, figures_of, prompts_of, start_probe
from seewhy.training.plan import FitPlan

PLAN = GuardPlan(probe_questions=4, probe_tokens=12)


def chain(ids: Sequence[int], stop: FinishReason = FinishReason.END) -> Chain:
    return Chain(
        question_id="q", index=0, style=Style.REASON, text="", token_ids=tuple(ids), stop=stop, sampler="s", seed=0
    )


def probe_of(
    model: Probed,
    directory: Path,
    plan: GuardPlan = PLAN,
    count: int = 6,
    questions: Sequence[Question] = (),
    seed: int = 0,
) -> Probe:
    """A probe begun on a lesson a question."""
    asked = questions or questions_of(count)
    model.net.eval()
    rows = [lesson_example(model, lesson(question.id, "a reply"), 0) for question in asked]
    known = {question.id: question for question in asked}
    fit = FitPlan(learning_rate=1e-3, seed=seed)
    return start_probe(model, rows, known, plan, fit, directory, model.fingerprint)


def test_a_reply_repeats_the_share_of_its_runs_that_stood_in_it_before() -> None:
    """1 2 3 4 1 2 3 4 1: six runs of four, of which 1234, 2341, 3412 and 4123 are distinct: 1 - 4/6."""
    assert repeated_share([1, 2, 3, 4, 1, 2, 3, 4, 1]) == pytest.approx(1 - 4 / 6)
    assert repeated_share([7] * 10) == pytest.approx(1 - 1 / 7)
    assert repeated_share(range(50)) == 0.0


@pytest.mark.parametrize("ids", [[], [1], [7, 7, 7]])
def test_a_reply_shorter_than_a_run_repeats_nothing(ids: list[int]) -> None:
    assert repeated_share(ids) == 0.0


def test_two_replies_that_are_the_same_repeat_nothing_for_neither_repeats_itself() -> None:
    """Means over replies: repetition (0 + 0 + 1/2) / 3, of 9 9 9 9 9's two runs one is new; tokens (5 + 5 + 5) / 3."""
    same, loop = chain([2, 3, 4, 5, END]), chain([9] * 5, FinishReason.LENGTH)
    assert figures_of([same, same], "probe") == {"probe_repetition": 0.0, "probe_length": 5.0, "probe_cut": 0.0}
    assert figures_of([same, same, loop], "start") == pytest.approx(
        {"start_repetition": 1 / 6, "start_length": 5.0, "start_cut": 1 / 3}
    )


def test_the_divergence_of_a_reply_is_the_sum_of_r_less_1_less_log_r() -> None:
    """The start gave 1/2 and 1/4 to the tokens, the model gives 1/4 and 1/2: r = 1/2 and 2.

    r - 1 - log r is -1/2 + ln 2 and 1 - ln 2: together 1/2.
    """
    start, now = [math.log(0.5), math.log(0.25)], [math.log(0.25), math.log(0.5)]
    assert divergence(start[:1], now[:1]) == pytest.approx(math.log(2) - 0.5)
    assert divergence(start, now) == pytest.approx(0.5)
    assert divergence(start, start) == 0.0


def test_a_model_that_has_not_moved_has_left_nothing_behind(tmp_path: Path) -> None:
    told = probe_of(Talker(), tmp_path).look(0)
    assert told["kl_from_start"] == told["kl_from_start_chain"] == 0.0
    assert told["probe_length"] == told["start_length"]
    assert told["probe_repetition"] == told["start_repetition"]


def test_the_divergence_is_the_known_one_of_a_head_whose_bias_was_shifted(tmp_path: Path) -> None:
    """Every next token has odds p = (.1, .2, .4, .3) at the start and, after the shift, q = (.3, .2, .1, .4).

    KL(p || q) = .1 ln(1/3) + .4 ln 4 + .3 ln(3/4) = 0.3584 nats a token; KL(q || p) = 0.3060 is another number.
    A reply ends with odds of 0.2 a token and at 12 tokens: it has (1 - 0.8^12) / 0.2 = 4.656 tokens on average.
    """
    start, shifted = (0.1, 0.2, 0.4, 0.3), (0.3, 0.2, 0.1, 0.4)
    forward = sum(p * math.log(p / q) for p, q in zip(start, shifted, strict=True))
    backward = sum(q * math.log(q / p) for p, q in zip(start, shifted, strict=True))
    model = with_odds(start)
    probe = probe_of(model, tmp_path, GuardPlan(probe_questions=500, probe_tokens=12), count=500)
    with torch.no_grad():
        model.net.head.bias.copy_(with_odds(shifted).net.head.bias)
    told = probe.look(0)
    assert abs(forward - backward) > 0.05
    assert told["kl_from_start"] == pytest.approx(forward, abs=0.025)
    assert told["kl_from_start_chain"] == pytest.approx(forward * (1 - 0.8**12) / 0.2, abs=0.12)
    assert told["start_length"] == pytest.approx((1 - 0.8**12) / 0.2, rel=0.03)


def test_the_replies_of_the_start_are_kept_and_not_drawn_again(tmp_path: Path) -> None:
    first = probe_of(Talker(), tmp_path)
    again = Talker()
    assert probe_of(again, tmp_path).start == first.start
    assert again.asked == []


@pytest.mark.parametrize("change", [{"probe_tokens": 5}, {"probe_questions": 3}, {"seed": 1}])
def test_with_other_settings_the_start_is_heard_anew(tmp_path: Path, change: dict[str, int]) -> None:
    before = probe_of(Talker(), tmp_path)
    settings = {"probe_questions": 4, "probe_tokens": 12, "seed": 0, **change}
    seed = settings.pop("seed")
    after = probe_of(Talker(), tmp_path, GuardPlan(**settings), seed=seed)
    assert [(row.question_id, row.token_ids) for row in after.start] != [
        (row.question_id, row.token_ids) for row in before.start
    ]


def test_the_replies_of_another_model_are_not_taken_for_this_start(tmp_path: Path) -> None:
    foreign = probe_of(Talker(1), tmp_path)
    own = probe_of(Talker(0), tmp_path)
    assert own.start != foreign.start
    assert own.look(0)["kl_from_start"] == 0.0


def test_what_was_said_at_a_step_can_be_read(tmp_path: Path) -> None:
    probe = probe_of(Talker(), tmp_path)
    probe.look(7)
    told = json.loads((tmp_path / "probe" / "step-7.json").read_text())["chains"]
    assert [row["question_id"] for row in told] == [row.question_id for row in probe.start]


def test_prompts_are_distinct_ones_of_the_rows_and_as_many_as_there_are() -> None:
    rows = [*[lesson(f"q{n}", "a") for n in (0, 0, 1, 2)], lesson("q1", "b", Style.DIRECT)]
    known = {question.id: question for question in questions_of(3)}
    examples = [lesson_example(Talker(), row, 0) for row in rows]
    asks = prompts_of(examples, known, 9, seed=0)
    found = {(ask.question.id, ask.style) for ask in asks}
    wanted = {("q0", Style.REASON), ("q1", Style.REASON), ("q2", Style.REASON), ("q1", Style.DIRECT)}
    assert len(asks) == len(found)
    assert found == wanted
    drawn = [prompts_of(examples, known, 2, seed) for seed in range(8)]
    assert len({tuple(ask.question.id for ask in asks) for asks in drawn}) > 1


def test_a_probe_of_a_real_net_leaves_random_numbers_gradients_and_weights_as_they_were(tmp_path: Path) -> None:
    model = HubModel.load(SHIPPED)
    asked = [replace(question, images=()) for question in questions_of(3)]
    group = Group(prompt=model.prompt(asked[0], Style.REASON), responses=((5, 6, 7),))
    sum(row.sum() for row in model.group_logps([group])[0]).backward()
    before = [parameter.grad.clone() for parameter in model.net.parameters() if parameter.grad is not None]
    fingerprint, rng = model.fingerprint, torch.random.get_rng_state()
    told = probe_of(model, tmp_path, questions=asked).look(0)
    after = [parameter.grad for parameter in model.net.parameters() if parameter.grad is not None]
    assert told["kl_from_start"] == 0.0
    assert told["probe_length"] > 0
    assert model.fingerprint == fingerprint
    assert torch.equal(torch.random.get_rng_state(), rng)
    assert before
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
