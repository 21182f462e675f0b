"""Chains that servers draw: the tiny model behind HTTP, as vLLM and as servers that hide tokens, well and failing."""

import json
import math
from dataclasses import replace

import pytest
import torch
from engine_server import Engine, changed
from loopback import Answer, LoopServer, error

from seewhy.benchmarks import inkgrid
from seewhy.endpoints.engine.plan import EngineKind, EnginePlan
from seewhy.endpoints.plan import PacePlan
from seewhy.model.api import GenerateRequest, SamplingParams, ScoreRequest
from seewhy.model.families.hub import HubModel
from seewhy.model.weights import SHIPPED
from seewhy.records.rows import RowReader
from seewhy.records.shards import write_shard
from seewhy.records.types import Chain, FinishReason, Question, Response, Split, Style, Verdict
from seewhy.runs.machine import Machine, ModelSpec
from seewhy.runs.open import Extent
from seewhy.runs.recipe import Recipe
from seewhy.runs.runner import run_recipe
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.rerank import Rerank
from seewhy.stages.sample import Sample

EACH, LONG = 2, 8
QUICK = Machine(workers=1, pace=PacePlan(concurrency=4, tries=4, first_wait_s=0.01, deadline_s=20.0))


@pytest.fixture(scope="module")
def model():
    return HubModel.load(SHIPPED)


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    return list(inkgrid.load(tmp_path_factory.mktemp("pages"), Split.TEST, count=3))


def served(*urls: str, **more) -> EnginePlan:
    return EnginePlan(kind=EngineKind.SERVER, urls=urls, **{"max_gap": 0.0, **more})


def draws(questions, root, engine, machine=QUICK, **more) -> list[Chain]:
    """A run of one sampling step."""
    if not (root / "questions").exists():
        write_shard(root / "questions", 0, questions, Question)
    step = Sample(model="tiny", questions="questions", per_question=EACH, max_tokens=LONG, per_shard=2, engine=engine)
    run(root, machine, {"chains": replace(step, **more)})
    return list(RowReader(root / "run" / "chains", Chain))


def run(root, machine, steps, models=None):
    recipe = Recipe(name="served", models=models or {"tiny": ModelSpec(path="tiny")}, steps=steps,
                    inputs={"questions": str(root / "questions")})  # fmt: skip
    return list(run_recipe(root / "run", recipe, machine, Extent(), "test"))


def test_a_servers_chains_have_the_tokens_that_it_drew_and_their_log_probabilities(questions, model, tmp_path):
    with LoopServer(Engine(model, questions)) as one, LoopServer(Engine(model, questions)) as other:
        chains = draws(questions, tmp_path, served(one.url, other.url))
        bodies = [asked.body for asked in (*one.asked, *other.asked) if asked.method == "POST"]
    assert [(row.question_id, row.index) for row in chains] == [(q.id, i) for q in questions for i in range(EACH)]
    assert {row.sampler for row in chains} == {"tiny"}
    assert not any(row.is_respelt for row in chains)
    for row in chains:
        assert row.token_ids is not None
        assert (row.token_ids[-1] in model.replies.ends) is (row.stop is FinishReason.END)
        response = Response(text=row.text, token_ids=row.token_ids)
        question = next(q for q in questions if q.id == row.question_id)
        [[known]] = model.score([ScoreRequest(question=question, style=Style.REASON, responses=(response,))])
        assert row.logprobs == pytest.approx(known, abs=1e-4)
    # One call a question with its picture once, n replies in it, and no setting left to the model's own.
    assert len(bodies) == len(questions)
    assert len({body["seed"] for body in bodies}) == len(questions)
    for body in bodies:
        assert body["n"] == EACH
        assert sum(part["type"] == "image_url" for part in body["messages"][0]["content"]) == 1
        assert (body["top_k"], body["min_p"], body["repetition_penalty"]) == (-1, 0.0, 1.0)
        assert (body["presence_penalty"], body["frequency_penalty"], body["return_token_ids"]) == (0.0, 0.0, True)
    assert json.loads((tmp_path / "run/servers/engines.jsonl").read_text())["sent"]["repetition_penalty"] == 1.0


def test_tokens_that_a_server_hides_are_encoded_again_and_marked(questions, model, tmp_path):
    with LoopServer(Engine(model, questions, hides=True)) as server:
        chains = draws(questions, tmp_path, served(server.url), temperature=0.0, multiple_choice_temperature=0.0)
    for row in chains:
        assert row.is_respelt
        assert row.logprobs is None
        assert model.tokenizer.decode(row.token_ids, skip_special_tokens=True).strip() == row.text
        assert (row.token_ids[-1] in model.replies.ends) is (row.stop is FinishReason.END)


def test_a_log_probability_that_is_not_there_is_no_number(questions, model, tmp_path):
    def without(answer):
        for choice in answer["choices"]:
            choice["logprobs"]["content"][0]["logprob"] = None
            choice["logprobs"]["content"][1]["logprob"] = -9999.0
        return answer

    with LoopServer(changed(Engine(model, questions), without)) as server:
        chains = draws(questions, tmp_path, served(server.url))
    assert all([math.isnan(value) for value in row.logprobs] == [True, True] + [False] * (len(row.logprobs) - 2)
               for row in chains)  # fmt: skip


def test_a_stalled_server_wakes_after_its_work_was_handed_on(questions, model, tmp_path):
    """K chains of each question, and none of those that came late."""
    engine = Engine(model, questions)

    def late(asked):
        return replace(engine(asked), wait_s=0.0 if asked.method == "GET" else 2.5)

    pace = replace(QUICK.pace, deadline_s=2.0)
    with LoopServer(late) as slow, LoopServer(engine) as quick:
        chains = draws(questions, tmp_path, served(slow.url, quick.url), replace(QUICK, pace=pace))
        assert any(asked.method == "POST" for asked in slow.asked)
    assert [(row.question_id, row.index) for row in chains] == [(q.id, i) for q in questions for i in range(EACH)]


def test_a_dead_servers_work_is_done_by_the_other(questions, model, tmp_path):
    def dies(asked):
        return Answer(body=b"{", cut_at=0) if asked.method == "POST" else engine(asked)

    engine = Engine(model, questions)
    with LoopServer(dies) as dead, LoopServer(engine) as alive:
        chains = draws(questions, tmp_path, served(dead.url, alive.url))
        gone = sum(asked.method == "POST" for asked in dead.asked)
    assert len(chains) == len(questions) * EACH
    assert 1 <= gone <= 3  # those that were under way when the first failed; it is left alone from then on


def test_one_budget_of_tries_over_all_servers(questions, model, tmp_path):
    engine = Engine(model, questions)

    def fails(asked):
        return error(500, "out of memory") if asked.method == "POST" else engine(asked)

    with LoopServer(fails) as one, LoopServer(fails) as other:
        with pytest.raises(ConnectionError, match=questions[0].id):
            draws(questions[:1], tmp_path, served(one.url, other.url))
        assert sum(asked.method == "POST" for server in (one, other) for asked in server.asked) == QUICK.pace.tries


@pytest.mark.parametrize("hides", [True, False])
def test_a_server_that_expands_pictures_again_is_refused(questions, model, tmp_path, hides):
    def twice(answer):
        answer["usage"]["prompt_tokens"] += 49
        if not hides:
            answer["prompt_token_ids"][1:1] = answer["prompt_token_ids"][1:50]
        return answer

    with (
        LoopServer(changed(Engine(model, questions, hides=hides), twice)) as server,
        pytest.raises(ValueError, match=r"inkgrid/test/0/\d.*tokens, and ours \d+"),
    ):
        draws(questions, tmp_path, served(server.url))


def test_a_prompt_that_is_too_long_is_named_before_the_first_request(questions, model, tmp_path):
    large = questions[1]
    long = replace(large, text=large.text + " Look at each row again." * 4)
    engine = Engine(model, questions)
    engine.window = max(len(model.prompt(one, Style.REASON).ids) for one in questions) + LONG
    with LoopServer(engine) as server:
        with pytest.raises(ValueError, match=rf"{large.id}: its prompt has \d+ tokens.*take {engine.window}"):
            draws([questions[0], long, questions[2]], tmp_path, served(server.url))
        assert all(asked.method == "GET" for asked in server.asked)


def test_evaluation_and_reranking_through_an_engine_need_no_local_sampler(questions, model, tmp_path):
    write_shard(tmp_path / "questions", 0, questions, Question)
    with LoopServer(Engine(model, questions)) as server:
        engine = served(server.url)
        run(tmp_path, QUICK, {
            "test": Evaluate(models=("tiny",), questions="questions", styles=(Style.REASON,), max_tokens=LONG,
                             engine=engine),
            "again": Rerank(policy="tiny", reference="tiny", sampler="tiny", questions="questions", ask=1,
                            per_question=2, max_tokens=LONG, engine=engine),
        })  # fmt: skip
    replies = list(RowReader(tmp_path / "run/test/tiny/reason/chains", Chain))
    assert [row.text for row in replies] == [chain.text for [chain] in model_replies(model, questions)]
    assert len(list(RowReader(tmp_path / "run/again/verdicts", Verdict))) == 2


def test_two_steps_of_one_model_ask_each_the_servers_that_it_names(questions, model, tmp_path):
    write_shard(tmp_path / "questions", 0, questions, Question)
    with LoopServer(Engine(model, questions)) as one, LoopServer(Engine(model, questions)) as other:
        steps = {name: Sample(model="tiny", questions="questions", per_question=EACH, max_tokens=LONG, engine=engine)
                 for name, engine in (("here", served(one.url)), ("there", served(other.url)))}  # fmt: skip
        run(tmp_path, QUICK, {**steps, "again": steps["here"]})
        calls = [sum(asked.method == "POST" for asked in server.asked) for server in (one, other)]
        looks = [sum(asked.method == "GET" for asked in server.asked) for server in (one, other)]
    assert calls == [2 * len(questions), len(questions)]
    assert looks == [2, 2]  # before the run, and when the engine is opened: an engine that two steps name is asked once


def test_what_a_server_refused_is_not_said_again_in_the_next_block(questions, model, tmp_path):
    engine = Engine(model, questions)

    def strict(asked):
        refused = asked.method == "POST" and "min_p" in asked.body
        return error(422, "unexpected fields in the request: {'min_p'}") if refused else engine(asked)

    alone = replace(QUICK, pace=replace(QUICK.pace, concurrency=1))
    with LoopServer(strict) as server:
        draws(questions, tmp_path, served(server.url), alone)  # three questions in blocks of two
        bodies = [asked.body for asked in server.asked if asked.method == "POST"]
    assert ["min_p" in body for body in bodies] == [True, False, False, False]


def model_replies(model, questions):
    asks = [GenerateRequest(question=question, style=Style.REASON) for question in questions]
    return model.generate(asks, SamplingParams(temperature=0.0, max_tokens=LONG))


def test_a_model_behind_a_server_alone_draws_chains_too(questions, model, tmp_path):
    write_shard(tmp_path / "questions", 0, questions, Question)
    with LoopServer(Engine(model, questions)) as server:
        step = Sample(model="far", questions="questions", per_question=EACH, max_tokens=LONG, engine=served(server.url))
        far = ModelSpec(base_url=server.url, model="tiny")
        run(tmp_path, replace(QUICK, canary=replace(QUICK.canary, trials=0)), {"chains": step}, {"far": far})
    chains = list(RowReader(tmp_path / "run/chains", Chain))
    assert len(chains) == EACH * len(questions)
    assert all(row.token_ids and row.logprobs for row in chains)


def test_servers_without_the_model_are_named_before_anything_runs(questions, model, tmp_path):
    with (
        LoopServer(Engine(model, questions, "other")) as server,
        pytest.raises(ValueError, match=r"step chains: no server .* tiny.* has other"),
    ):
        draws(questions, tmp_path, served(server.url, "http://127.0.0.1:9/v1"))


def test_an_engine_without_servers_and_servers_without_an_engine_are_refused():
    for wrong in ({"kind": EngineKind.SERVER}, {"urls": ("http://a/v1",)}):
        with pytest.raises(ValueError, match="kind"):
            EnginePlan(**wrong)


def moved(model: HubModel, part: str) -> HubModel:
    """The same model with other weights in one part."""
    other = HubModel.load(SHIPPED)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in other.parameter_groups()[part]:
            weight.add_(0.5 * weight.std(correction=0) * torch.randn(weight.shape, generator=generator))
    return other


@pytest.mark.parametrize("part", ["tower", "language"])
def test_servers_with_other_weights_are_found_before_they_draw(questions, model, tmp_path, part):
    """Of another vision tower text alone tells nothing: the gaps are measured apart."""
    with (
        LoopServer(Engine(moved(model, part), questions)) as server,
        pytest.raises(ValueError, match="prompt of pictures"),
    ):
        draws(questions, tmp_path, served(server.url, max_gap=0.01))
    gaps = json.loads((tmp_path / "run/servers/engines.jsonl").read_text().splitlines()[1])["gaps"]
    assert (gaps["text"] < 1e-4) is (part == "tower")
    assert not (tmp_path / "run/chains/00000.parquet").exists()


def test_servers_with_the_same_weights_draw_and_both_gaps_are_written_down(questions, model, tmp_path):
    with LoopServer(Engine(model, questions)) as server:
        assert draws(questions[:1], tmp_path, served(server.url, max_gap=0.01))
    gaps = json.loads((tmp_path / "run/servers/engines.jsonl").read_text().splitlines()[1])["gaps"]
    assert gaps == {"text": pytest.approx(0, abs=1e-4), "pictures": pytest.approx(0, abs=1e-4)}
