"""What rollouts of servers must hold to be trained on: log-probabilities worked by hand, and what is left out."""

import math
from dataclasses import dataclass, replace

import pytest
import torch
from small_online import PLAN, EvenReward, online

from seewhy.benchmarks import inkgrid
from seewhy.records.types import Chain, FinishReason, Split, Style
from seewhy.records.unknown_logprobs import unknown_logprobs
from seewhy.training.online.draw import draw_round, folder_of
from seewhy.training.online.fit import fit_online
from seewhy.training.online.prepare import prepare
from seewhy.training.online.scored import examples_of
from seewhy.training.online.served import gap_fault, gaps_of, require_tokens


def chain(question: str, *logprobs: float, **more) -> Chain:
    ids = tuple(range(len(logprobs)))
    return Chain(**{"question_id": question, "index": 0, "style": Style.REASON, "text": "t", "token_ids": ids,
                    "logprobs": logprobs, "stop": FinishReason.END, "sampler": "s", "seed": 0, **more})  # fmt: skip


def test_gaps_are_means_over_tokens_apart_for_text_and_pictures_and_know_no_nan(tmp_path):
    [seen] = inkgrid.load(tmp_path, Split.TEST, count=1)
    drawn = [chain("text", -1.0, math.nan, -2.0), chain("seen", *[-1.0] * 32), chain("seen", -1.0)]
    scored = [torch.tensor([-1.1, -9.0, -2.3]), torch.full((32,), -1.25), torch.tensor([-1.25])]
    found = gaps_of(drawn, scored, {"text": replace(seen, images=()), "seen": seen})
    assert found.mean == {"text": pytest.approx(0.2), "pictures": pytest.approx(0.25)}
    assert found.worst == {"seen": pytest.approx(0.25)}  # the other has too few tokens to say anything
    assert unknown_logprobs(drawn) == 1
    assert gap_fault(found, 0.3) == ""
    assert gap_fault(found, 0.0) == ""
    assert "for prompts of pictures by 0.25, for question seen by 0.25 nats" in gap_fault(found, 0.22)


def test_rollouts_without_tokens_as_drawn_are_refused_where_there_is_nothing_else():
    hidden = replace(chain("q", -1.0), is_respelt=True, logprobs=None)
    with pytest.raises(ValueError, match="hide the tokens"):
        require_tokens([hidden, replace(hidden, token_ids=None)])
    require_tokens([hidden, chain("q", -1.0)])
    require_tokens([])


@dataclass
class Partly:
    """Servers that hide the tokens of some rollouts, and give text that spells nothing for another."""

    own: object
    max_gap: float = 0.1

    def sampler(self, number: int):
        return self

    def forget(self) -> None:
        pass

    def figures(self) -> dict[str, float]:
        return {}

    def generate(self, asks, decoding):
        rows = self.own.generate(asks, replace(decoding, as_drawn=False))
        (first, second, *others), *rest = rows
        hidden = replace(first, is_respelt=True, logprobs=None)
        return [(hidden, replace(second, token_ids=None, logprobs=None), *others), *rest]


def test_a_rollout_encoded_again_is_scored_and_not_trained_on_and_one_without_tokens_is_left_out(tmp_path):
    run = online(tmp_path, "served", plan=PLAN, rewards={"even": EvenReward()})
    learner = replace(run.learner, is_served=True)
    drawn = draw_round(replace(run.drawing, served=Partly(own=learner.model)), 0, 0)
    assert (len(drawn.chains), drawn.unspelt) == (PLAN.questions * PLAN.per_question - 1, 1)
    assert all(len(rows) == len(drawn.chains) for rows in drawn.earned.values())
    prepared = prepare(learner, drawn, {})
    assert prepared.trained.tolist() == [False, *[True] * (len(drawn.chains) - 1)]
    # The trainer scores by the bare distribution, of which servers' log-probabilities are.
    assert prepared.sampler_gap < 1e-5
    paired = prepare(replace(learner, needs_drawn_tokens=False), drawn, {})
    assert all(paired.trained.tolist())


@dataclass
class Unspelt(Partly):
    """Servers whose replies have no tokens, and spell nothing."""

    def generate(self, asks, decoding):
        rows = self.own.generate(asks, replace(decoding, as_drawn=False))
        return [tuple(replace(one, token_ids=None, logprobs=None) for one in row) for row in rows]


def test_a_round_none_of_whose_rollouts_has_tokens_says_so_and_does_not_blame_equal_outcomes(tmp_path):
    notes: list[str] = []
    run = online(tmp_path, "unspelt", plan=replace(PLAN, rounds=1), rewards={"even": EvenReward()}, notes=notes)
    servers = Unspelt(own=run.learner.model)
    run = replace(run, drawing=replace(run.drawing, served=servers), learner=replace(run.learner, is_served=True))
    [log] = fit_online(run)
    assert (log.terms["rows"], log.terms["updates"]) == (0.0, 0.0)
    count = PLAN.questions * PLAN.per_question
    assert any(f"none of {count} rollouts has tokens" in note for note in notes)
    assert not any("outcomes that differ" in note for note in notes)


@dataclass
class Elsewhere(Partly):
    """Servers that say the weights of this round and drew by others."""

    is_forgotten: bool = False

    def forget(self) -> None:
        self.is_forgotten = True

    def generate(self, asks, decoding):
        rows = self.own.generate(asks, replace(decoding, as_drawn=False))
        return [
            tuple(replace(one, weights_step=0, logprobs=tuple(-9.0 for _ in one.token_ids)) for one in row)
            for row in rows
        ]


def test_rollouts_of_other_weights_end_the_run_are_set_aside_and_the_servers_are_given_weights_anew(tmp_path):
    run = online(tmp_path, "other", plan=replace(PLAN, rounds=1), rewards={"even": EvenReward()})
    servers = Elsewhere(own=run.learner.model)
    run = replace(run, drawing=replace(run.drawing, served=servers), learner=replace(run.learner, is_served=True))
    before = {name: p.detach().clone() for name, p in run.learner.model.net.named_parameters()}
    with pytest.raises(ValueError, match=r"round-00000: log-probabilities .*for prompts of pictures by .*the same"):
        list(fit_online(run))
    place = folder_of(run.directory, 0)
    assert servers.is_forgotten
    assert (place.exists(), place.with_name("round-00000.refused").is_dir()) == (False, True)
    assert all(torch.equal(before[name], p) for name, p in run.learner.model.net.named_parameters())


def test_rollouts_without_tokens_are_refused_by_their_question_where_they_are_to_be_scored():
    with pytest.raises(ValueError, match="rollout 0 of q has no token ids as they were sampled"):
        examples_of([chain("p", -1.0), replace(chain("q", -1.0), token_ids=None)])
