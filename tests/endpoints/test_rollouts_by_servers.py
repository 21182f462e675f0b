"""Online training whose rollouts servers draw, from end to end: rounds, a kill, and two processes."""

import json
import re
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
import small_online
import torch
from loaded_processes import begun, done
from loopback import LoopServer, as_json
from refreshed_server import ADAPTER, QUICK, SGLANG, VLLM, WHOLE, Refreshed, opened
from several import together

from seewhy.benchmarks import inkgrid
from seewhy.endpoints.engine.plan import EngineKind, EnginePlan, GivenAs, RefreshPlan
from seewhy.model.plan import AdapterPlan
from seewhy.model.weights import SHIPPED
from seewhy.records.rows import RowReader
from seewhy.records.shards import write_shard
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Chain, Question, Split
from seewhy.runs.choice import Choice
from seewhy.runs.machine import ModelSpec
from seewhy.runs.open import Extent, open_run
from seewhy.runs.recipe import Recipe
from seewhy.runs.runner import run_recipe
from seewhy.stages.online import Online
from seewhy.stages.sample import Sample
from seewhy.training.online.plan import RolloutPlan
from seewhy.training.plan import FitPlan

ROUNDS = 2


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    return list(inkgrid.load(tmp_path_factory.mktemp("pages"), Split.TEST, count=2))


def stage(*urls: str, adapter: AdapterPlan = AdapterPlan(), given: GivenAs = GivenAs.AUTO, **more) -> Online:  # noqa: B008
    """GRPO on rollouts of six tokens, with a rate at which every round moves what is drawn."""
    engine = EnginePlan(kind=EngineKind.SERVER, urls=urls) if urls else EnginePlan()
    refresh = RefreshPlan(given=given) if urls else RefreshPlan()
    plan = RolloutPlan(rounds=ROUNDS, questions=2, per_question=3, max_tokens=6)
    fit = FitPlan(learning_rate=2e-2, batch_size=6, epochs=1, save_every=1, warmup=0.0)
    settings = {"engine": engine, "refresh": refresh, "rollouts": plan, "fit": fit, "adapter": adapter, **more}
    return Online(start="tiny", questions="questions", objective=Choice(kind="grpo"),
                  reward=Choice(kind=f"{small_online.__file__}:EvenReward"), **settings)  # fmt: skip


def changing(engine: Refreshed, change):
    """An engine whose replies a function changes before they are sent."""

    def rule(asked):
        answer = engine(asked)
        if asked.method == "GET" or not asked.path.endswith("completions"):
            return answer
        told = json.loads(answer.body)
        change(told)
        return as_json(told)

    return rule


def train(root, questions, step, machine=QUICK, **more):
    if not (root / "questions").exists():
        write_shard(root / "questions", 0, questions, Question)
    recipe = Recipe(name="served", models={"tiny": ModelSpec(path="tiny")}, steps={"grpo": step, **more},
                    inputs={"questions": str(root / "questions")})  # fmt: skip
    return list(run_recipe(root / "run", recipe, machine, Extent(), "test"))


def chains_folder(root, number: int) -> Path:
    return root / f"run/grpo/rollouts/round-{number:05d}/chains"


def chains(root, number: int) -> list[Chain]:
    return list(RowReader(chains_folder(root, number), Chain))


KINDS = [
    pytest.param(VLLM, WHOLE, id="vLLM, whole"),
    *(
        pytest.param(kind, adapter, id=f"{kind}, {name}", marks=pytest.mark.nightly)
        for kind, adapter, name in ((VLLM, ADAPTER, "adapter"), (SGLANG, ADAPTER, "adapter"), (SGLANG, WHOLE, "whole"))
    ),
]


@pytest.mark.parametrize(("kind", "adapter"), KINDS)
def test_each_round_is_drawn_by_the_weights_before_it(questions, tmp_path, kind, adapter):
    engine = Refreshed(questions=questions, kind=kind)
    with LoopServer(engine) as server:
        train(tmp_path, questions, stage(server.url, adapter=adapter))
    for number in range(ROUNDS):
        rows = chains(tmp_path, number)
        assert [(row.index, row.weights_step) for row in rows] == [(index, number) for index in range(3)] * 2
        assert all(row.token_ids and row.logprobs and not row.is_respelt for row in rows)
    steps = list(read_steps(tmp_path / "run/grpo/steps.jsonl"))
    assert max(step.terms["sampler_gap"] for step in steps) < 1e-4
    assert max(step.terms[f"engine_gap/{kind}"] for step in steps for kind in ("text", "pictures")) < 1e-4
    assert min(steps[1].terms[f"engine_moved/{kind}"] for kind in ("text", "pictures")) > 1e-4
    assert {step.terms["weights_age"] for step in steps} == {0.0}
    # What was written for the servers is gone, and so are their adapters; what they drew is rows.
    assert not (tmp_path / "run/grpo/served").exists()
    assert not list((tmp_path / "run/grpo/rollouts").glob("replies-*"))
    assert len(engine.held) == 1
    panels = stage(server.url).section(open_run(tmp_path / "run"), "grpo").panels
    assert any("engine_gap/pictures" in panel.terms for panel in panels)


def run_alone(root, url: str) -> None:
    """A training in a process that may be killed, one request at a time."""
    torch.set_num_threads(1)
    questions = list(RowReader(root / "questions", Question))
    train(root, questions, stage(url), replace(QUICK, pace=replace(QUICK.pace, concurrency=1)))


@pytest.mark.nightly
def test_a_process_killed_within_a_draw_goes_on_with_what_was_paid(questions, tmp_path):
    engine = Refreshed(questions=questions)

    def stalls(asked):
        answer = engine(asked)  # two looks and one question of round 0, and the next never comes
        return replace(answer, wait_s=60.0 if is_stalled and engine.drawn >= 4 else 0.0)

    is_stalled = True
    write_shard(tmp_path / "questions", 0, questions, Question)
    with LoopServer(stalls) as server:
        child, end = begun(run_alone, tmp_path, server.url), time.monotonic() + 240
        while engine.drawn < 4 and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.2)
        child.kill()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert not chains_folder(tmp_path, 0).exists()
        is_stalled, engine.drawn = False, 0
        done(run_alone, tmp_path, server.url)
        # Two looks a refresh, the one question of round 0 that was missing, and both of round 1.
        assert engine.drawn == 2 + 1 + 2 + 2
    for number in range(ROUNDS):
        assert [(row.index, row.weights_step) for row in chains(tmp_path, number)] == [
            (i, number) for i in range(3)
        ] * 2


@pytest.mark.nightly
def test_two_processes_share_the_servers_and_their_rollouts_are_those_of_one(questions, tmp_path):
    with LoopServer(Refreshed(questions=questions)) as one, LoopServer(Refreshed(questions=questions)) as other:
        for name, size in (("one", 1), ("two", 2)):
            (tmp_path / name).mkdir()
            write_shard(tmp_path / name / "questions", 0, questions, Question)
            url = other.url if size == 1 else one.url
            assert together(size, run_alone, tmp_path / name, url) == [0] * size
    for number in range(ROUNDS):
        alone, shared = chains(tmp_path / "one", number), chains(tmp_path / "two", number)
        assert [(row.question_id, row.token_ids, row.weights_step) for row in shared] == [
            (row.question_id, row.token_ids, row.weights_step) for row in alone
        ]
        for row, known in zip(shared, alone, strict=True):
            assert row.logprobs == pytest.approx(known.logprobs, abs=5e-3 if number else 1e-4)


@pytest.mark.nightly
def test_rollouts_of_a_server_that_was_started_anew_meanwhile_are_set_aside(questions, tmp_path):
    """It says no version, as vLLM before 0.33: what it drew tells."""
    engine, other = Refreshed(questions=questions), opened(SHIPPED)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in other.parameter_groups()["language"]:
            weight.add_(0.3 * weight.std(correction=0) * torch.randn(weight.shape, generator=generator))

    def without_versions(told):
        for choice in told["choices"]:
            choice.pop("weight_versions", None)

    def swaps(asked):
        if is_swapped and engine.drawn == 2:
            engine.held["tiny"] = other
        return changing(engine, without_versions)(asked)

    is_swapped = True
    step = stage("http://127.0.0.1:1/v1")
    with LoopServer(swaps) as server:
        step = replace(step, engine=replace(step.engine, urls=(server.url,)))
        with pytest.raises(ValueError, match=r"round-00000: log-probabilities .*set aside as \.refused"):
            train(tmp_path, questions, step)
        assert (tmp_path / "run/grpo/rollouts/round-00000.refused/chains").is_dir()
        is_swapped = False
        train(tmp_path, questions, step)
    assert {row.weights_step for row in chains(tmp_path, 0)} == {0}


def test_a_server_with_the_weights_of_a_training_fits_it_and_no_other_step_before_anything_runs(questions, tmp_path):
    """SGLang, left by a killed training, calls its model by the folder of that training's weights."""
    left = str((tmp_path / "run/grpo/served/weights").resolve())
    with LoopServer(lambda _: as_json({"data": [{"id": left}]})) as server:
        step = stage(server.url)
        drawn = Sample(model="tiny", questions="questions", per_question=1, max_tokens=4, engine=step.engine)
        with pytest.raises(ValueError, match=r"step chains: no server .* has the model tiny") as told:
            train(tmp_path, questions, step, chains=drawn)
    assert "step grpo" not in str(told.value)


@pytest.mark.nightly
def test_rollouts_whose_tokens_are_hidden_train_pairs_and_nothing_with_a_ratio(questions, tmp_path):
    def hides(told):
        told.pop("prompt_token_ids", None)
        for choice in told["choices"]:
            del choice["token_ids"], choice["logprobs"]

    with LoopServer(changing(Refreshed(questions=questions), hides)) as server:
        step = stage(server.url)
        with pytest.raises(ValueError, match=r"engine\.max_gap 0 does not look"):
            train(tmp_path / "looks", questions, step)
        step = replace(step, engine=replace(step.engine, max_gap=0.0))
        with pytest.raises(ValueError, match="hide the tokens of all rollouts"):
            train(tmp_path / "ratio", questions, step)
        train(tmp_path / "pairs", questions, replace(step, objective=Choice(kind="dpo")))
    rows = chains(tmp_path / "pairs", 0)
    assert rows
    assert all(row.is_respelt and row.logprobs is None and row.weights_step == 0 for row in rows)
    [first, *_] = read_steps(tmp_path / "pairs/run/grpo/steps.jsonl")
    assert first.terms["respelt"] == len(rows)
    assert first.terms["unknown_logprobs"] == sum(len(row.token_ids or ()) for row in rows)


def test_questions_one_of_which_is_there_twice_are_refused_by_their_rows(questions, tmp_path):
    name = re.escape(questions[0].id)
    with pytest.raises(ValueError, match=rf"{tmp_path}/questions: question '{name}' is there twice, in rows 0 and 2: "):
        train(tmp_path, [*questions, questions[0]], stage())
