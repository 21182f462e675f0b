"""Online training through servers whose weights are refreshed: the tiny model behind HTTP, well and failing."""

from dataclasses import replace

import pytest
import torch
from loopback import LoopServer
from refreshed_server import ADAPTER, QUICK, SGLANG, VLLM, WHOLE, Refreshed, opened

from seewhy.benchmarks import inkgrid
from seewhy.cli.complaint import complaint_of
from seewhy.endpoints.engine.plan import EngineKind, EnginePlan, RefreshPlan
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.weights import SHIPPED
from seewhy.records.types import Chain, Split, Style
from seewhy.runs.machine import ModelSpec
from seewhy.runs.recipe import Recipe
from seewhy.runs.rollout_servers import Rollouts, RolloutServers
from seewhy.runs.run import OpenRun
from seewhy.training.online.draw import Drawing, draw_round
from seewhy.training.online.plan import RolloutPlan
from seewhy.training.parallel.ranks import ALONE

LONG = 6


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    return list(inkgrid.load(tmp_path_factory.mktemp("pages"), Split.TEST, count=2))


class Given:
    """Servers of a training, and the model that is trained: moved by hand here."""

    def __init__(self, root, questions, *urls, adapter=WHOLE, pace=QUICK.pace, every=1, **more):
        self.notes, self.model = [], opened(SHIPPED)
        self.model.adapt(adapter)
        rollouts = Rollouts(ref="tiny", model=self.model, adapter=adapter, place=root / "grpo", questions=questions,
                            style=Style.REASON, max_tokens=LONG, ranks=ALONE)  # fmt: skip
        recipe = Recipe(name="served", models={"tiny": ModelSpec(path="tiny")}, steps={})
        run = OpenRun(root=root, recipe=recipe, machine=replace(QUICK, pace=pace))
        engine = EnginePlan(kind=EngineKind.SERVER, urls=urls, **more)
        self.servers = RolloutServers(run=run, rollouts=rollouts, engine=engine, refresh=RefreshPlan(every=every),
                                      note=self.notes.append)  # fmt: skip
        self.asks = [GenerateRequest(question=one, style=Style.REASON, count=2) for one in questions]

    def draw(self, number: int) -> list[tuple[Chain, ...]]:
        decoding = SamplingParams(max_tokens=LONG, seed=number, as_drawn=True)
        return self.servers.sampler(number).generate(self.asks, decoding)

    @torch.no_grad()
    def move(self, *parts: str, by: float = 0.05) -> None:
        generator = torch.Generator().manual_seed(0)
        for part in parts:
            for weight in self.model.parameter_groups()[part]:
                if weight.requires_grad:
                    scale = by * max(float(weight.std(correction=0)), 0.05)
                    weight.add_(scale * torch.randn(weight.shape, generator=generator))


def indices(drawn) -> list[tuple[str, int]]:
    return [(row.question_id, row.index) for rows in drawn for row in rows]


@pytest.mark.parametrize(
    ("fault", "parts", "words"),
    [
        pytest.param("ignores", ("language",), "it ignores them", marks=pytest.mark.nightly),
        pytest.param("prompts", ("language",), "prefix cache", marks=pytest.mark.nightly),
        pytest.param(
            "language",
            ("tower", "projector"),
            "only prompts with pictures are wrong: it did not take",
            marks=pytest.mark.nightly,
        ),
    ],
)
def test_a_server_that_does_not_have_the_new_weights_is_found_and_named(questions, tmp_path, fault, parts, words):
    with (
        LoopServer(Refreshed(questions=questions)) as well,
        LoopServer(engine := Refreshed(questions=questions)) as bad,
    ):
        given = Given(tmp_path, questions, well.url, bad.url)
        given.draw(0)
        engine.fault = fault
        given.move(*parts)
        with pytest.raises(ValueError, match=rf"{bad.url}: .*after 1 rounds.*{words}"):
            given.draw(1)


@pytest.mark.nightly
def test_a_server_that_ignored_a_refresh_is_found_by_the_process_that_goes_on(questions, tmp_path):
    """What servers answered is on disk: a small change is not taken for their precision after a stop."""
    with LoopServer(engine := Refreshed(questions=questions)) as server:
        Given(tmp_path, questions, server.url).draw(0)
        engine.fault = "ignores"
        again = Given(tmp_path, questions, server.url)
        again.move("language", by=0.01)
        with pytest.raises(ValueError, match="it ignores them"):
            again.draw(1)
        seen = again.servers.check.seen
        assert max(one.first_gap for one in seen.values()) < 1e-4


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("refuses", "refuses /v1/load_lora_adapter.*VLLM_ALLOW_RUNTIME_LORA_UPDATING"),
        pytest.param("name", "'tiny-of-before'", marks=pytest.mark.nightly),
    ],
)
def test_a_server_that_takes_no_weights_or_answers_under_another_name_is_refused(questions, tmp_path, fault, words):
    with LoopServer(Refreshed(questions=questions, fault=fault)) as server:
        given = Given(tmp_path, questions, server.url, adapter=ADAPTER)
        with pytest.raises((ValueError, ConnectionError), match=words):
            given.draw(0)


@pytest.mark.nightly
def test_a_dead_servers_rollouts_are_drawn_by_the_other_and_all_dead_ends_the_round(questions, tmp_path):
    dying, last = Refreshed(questions=questions), Refreshed(questions=questions)
    with LoopServer(dying) as one, LoopServer(last) as other:
        given = Given(tmp_path, questions, one.url, other.url)
        dying.dies_after = 2  # the two prompts by which it is looked at
        assert indices(given.draw(0)) == [(question.id, index) for question in questions for index in range(2)]
        given.draw(1)
        assert any(one.url in note and "did not take" not in note for note in given.notes)
        last.dies_after = 0
        with pytest.raises((ValueError, ConnectionError), match=f"(?s){one.url}.*{other.url}"):
            given.draw(2)


@pytest.mark.nightly
def test_a_server_that_lost_its_adapter_gets_no_calls_until_the_next_refresh(questions, tmp_path):
    """One that was started anew does not know the name: its calls go to the others."""
    fresh, other = Refreshed(questions=questions), Refreshed(questions=questions)
    with LoopServer(fresh) as one, LoopServer(other) as two:
        given = Given(tmp_path, questions, one.url, two.url, adapter=ADAPTER)
        given.servers.sampler(0)
        fresh.held = {"tiny": fresh.held["tiny"]}
        drawn = given.draw(0)
        assert indices(drawn) == [(question.id, index) for question in questions for index in range(2)]
        assert {row.weights_step for rows in drawn for row in rows} == {0}
        assert fresh.drawn == 2
        given.draw(1)
        assert fresh.drawn > 4


@pytest.mark.nightly
@pytest.mark.parametrize("kind", [VLLM, SGLANG])
def test_a_server_that_was_given_other_weights_meanwhile_is_refused_by_its_version(questions, tmp_path, kind):
    with LoopServer(engine := Refreshed(questions=questions, kind=kind)) as server:
        given = Given(tmp_path, questions, server.url)
        given.servers.sampler(0)
        engine.version = "of another run"
        with pytest.raises(ConnectionError, match="drew with the weights of another run, and was given grpo-"):
            given.draw(0)


def test_replies_that_came_before_a_stop_are_not_drawn_again(questions, tmp_path):
    with LoopServer(engine := Refreshed(questions=questions)) as server:
        pace = replace(QUICK.pace, concurrency=1, tries=1)
        given = Given(tmp_path, questions, server.url, pace=pace)
        given.servers.sampler(0)
        engine.dies_after = 3  # two looks, and the rollouts of one question
        with pytest.raises(ConnectionError, match=questions[1].id):
            given.draw(0)
        engine.dies_after, engine.drawn = -1, 0
        again = Given(tmp_path, questions, server.url, pace=pace)
        drawn = again.draw(0)
        assert engine.drawn == 2 + 1
    assert indices(drawn) == [(question.id, index) for question in questions for index in range(2)]


def test_servers_that_are_all_gone_end_the_run_with_three_lines(questions, tmp_path):
    """What, where and the remedy, and no server's name lost."""
    given = Given(tmp_path, questions, "http://127.0.0.1:9/v1", "http://127.0.0.1:10/v1")
    drawing = Drawing(model=given.model, rewards={}, questions=questions, style=Style.REASON, seed=0,
                      directory=tmp_path / "grpo", plan=RolloutPlan(questions=2), served=given.servers)  # fmt: skip
    with pytest.raises(ConnectionError) as raised:
        draw_round(drawing, 0, 0)
    told = complaint_of(raised.value, ["run", "mine.yaml"])
    assert "http://127.0.0.1:9/v1" in told.what
    assert "http://127.0.0.1:10/v1" in told.what
    assert "round-00000" in told.where
    assert told.remedy.startswith("Start")
    assert str(told).count("\n") == 2


@pytest.mark.nightly
def test_weights_are_given_each_so_many_rounds_and_at_once_by_a_process_that_goes_on(questions, tmp_path):
    with LoopServer(engine := Refreshed(questions=questions)) as server:
        given = Given(tmp_path, questions, server.url, every=2)
        again = Given(tmp_path, questions, server.url, every=2)
        steps = []
        for servers, number in [(given, 0), (given, 1), (given, 2), (again, 3), (again, 4), (again, 5)]:
            servers.servers.sampler(number)
            steps.append(servers.servers.step)
        reloads = [path for path, _ in engine.calls if path.endswith("collective_rpc")]
    assert steps == [0, 0, 2, 3, 4, 4]
    assert len(reloads) == 4
