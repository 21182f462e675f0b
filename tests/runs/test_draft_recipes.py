"""Systems written down by hand, as recipes of other steps than the shipped ones have; and parts of shipped ones."""

import re
from pathlib import Path

import pytest

from seewhy.cli.main import main
from seewhy.records.lineage import read_manifest
from seewhy.records.shards import count_rows, read_rows
from seewhy.records.types import Chain
from seewhy.runs.graph import check, nodes_of
from seewhy.runs.open import open_run, require_steps
from seewhy.runs.recipe_text import build_recipe, plain_of, plain_recipe, recipe_text
from seewhy.runs.structure import natural
from seewhy.runs.yaml_text import dump_yaml, read_yaml
from seewhy.stages.evaluate import Replies

PLACE = Path(__file__).parents[1] / "data" / "recipes"
WHOLE = ("llava-reasoner", "iterative-dpo", "mdpo", "mpo")
SMALL = ["--questions.train", "36", "--questions.test", "4", "--rationales.ask", "12", "--lessons.ask", "12",
         "--sft.fit.learning-rate", "1e-4", "--test.max-tokens", "32", "--workers", "1", "--threads", "1"]  # fmt: skip
ROUND = {
    "chains": {"ask": "12", "after": "24", "per-question": "6", "max-tokens": "48", "temperature": "1.4"},
    "pairs": {"rule.lowest": "0.01", "rule.highest": "0.99"},
    "dpo": {"fit.batch-size": "8"},
}
ROUNDS = (1, 2, 3)


def path_of(name: str) -> str:
    return str(PLACE / f"{name}.yaml")


def test_every_draft_is_in_the_table():
    assert {path.stem for path in PLACE.glob("*.yaml")} == set(WHOLE)


@pytest.mark.parametrize("name", WHOLE)
def test_a_draft_parses_and_prints_as_the_same_recipe(name, tmp_path):
    plain = natural(plain_recipe(path_of(name)))
    assert plain["name"] == name
    again = tmp_path / "again.yaml"
    again.write_text(dump_yaml(plain))
    assert natural(read_yaml(again)) == plain


@pytest.mark.parametrize("name", WHOLE)
def test_a_draft_whose_stages_exist_passes_the_check_and_prints_the_recipe_that_it_is(name, tmp_path, capsys):
    assert main(["recipe", "check", path_of(name)]) == 0
    recipe, _ = build_recipe(plain_recipe(path_of(name)), name)
    check(recipe)
    require_steps(recipe)
    assert len(capsys.readouterr().out.splitlines()) == len(nodes_of(recipe))
    printed = tmp_path / "printed.yaml"
    printed.write_text(recipe_text(recipe))
    assert plain_of(build_recipe(plain_recipe(str(printed)), name)[0]) == plain_of(recipe)


def test_without_what_is_missing_the_rest_of_a_recipe_holds_together():
    plain = plain_recipe("ares", size="paper")
    steps = {name: step for name, step in plain["steps"].items() if name in ("questions", "own", "own-verdicts")}
    steps["own"] = {**steps["own"], "model": "base"}
    recipe, _ = build_recipe({**plain, "steps": steps}, "ares")
    check(recipe)
    require_steps(recipe)


def test_four_compositions_of_sft_are_four_mixes_of_the_same_rows():
    recipe, _ = build_recipe(plain_recipe(path_of("llava-reasoner")), "llava-reasoner")
    starts = {name: node.unit.start for name, node in nodes_of(recipe).items() if name.startswith("sft")}
    assert starts == dict.fromkeys(("sft-format", "sft-direct", "sft-reason", "sft"), "base")
    shares = [recipe.steps[f"{name}-lessons"].direct_share for name in ("direct", "reason", "all")]
    assert shares == [1.0, 0.0, 0.5]


def test_two_temperatures_and_two_prompts_reach_the_replies_that_are_drawn():
    recipe, _ = build_recipe(plain_recipe("mm-cot-rlaif", seed=7, size="paper"), "mm-cot-rlaif")
    drawn = [node.unit for node in nodes_of(recipe).values() if isinstance(node.unit, Replies)]
    asked = {(one.model, one.style.value, one.temperature, one.seed) for one in drawn}
    assert asked == {(model, style, heat, 7) for model in ("base", "dpo") for style in ("direct", "reason")
                     for heat in (0.4, 0.8)}  # fmt: skip


def test_one_reward_and_rollouts_a_question_may_be_fields_of_their_own():
    plain = plain_recipe("grpo", size="paper")
    step = {name: value for name, value in plain["steps"]["grpo"].items() if name not in ("rewards", "weights")}
    assert step["rollouts"].pop("redraw_by") == "right", "by its name, which one reward has not"
    steps = {**plain["steps"], "grpo": {**step, "reward": {"kind": "outcome"}, "per_question": 4}}
    recipe, _ = build_recipe({**plain, "steps": steps}, "grpo")
    check(recipe)
    require_steps(recipe)
    assert recipe.steps["grpo"].plan.per_question == 4


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A small run of iterative DPO: three rounds."""
    run = tmp_path_factory.mktemp("rounds") / "run"
    rounds = [word for number in ROUNDS for step, fields in ROUND.items() for field, value in fields.items()
              for word in (f"--{step}-{number}.{field}", value)]  # fmt: skip
    assert main(["run", path_of("iterative-dpo"), "--run", str(run), *SMALL, *rounds]) == 0
    return run


@pytest.mark.nightly
def test_three_rounds_of_dpo_run_end_to_end_each_from_the_model_of_the_one_before(trained):
    run = open_run(trained)
    assert all(run.is_done(ref) for ref in run.nodes)
    before = "sft"
    for number in ROUNDS:
        assert {row.sampler.partition(" ")[0] for row in read_rows(trained / f"chains-{number}", Chain)} == {before}
        assert count_rows(trained / f"pairs-{number}") > 0
        inputs = read_manifest(trained / f"dpo-{number}").inputs
        assert inputs["start"] == run.identity(before)
        before = f"dpo-{number}"
    assert len({run.identity(name) for name in ("base", "sft", "dpo-1", "dpo-2", "dpo-3")}) == 5
    assert (trained / "report" / "index.html").is_file()


@pytest.mark.nightly
def test_status_tells_every_round_of_a_finished_run(trained, capsys):
    assert main(["status", str(trained)]) == 0
    told = capsys.readouterr().out
    assert all(re.search(rf"^ *{step}-{number} +finished", told, re.M) for number in ROUNDS for step in ROUND)
