"""A run's directory is claimed by its recipe, and gone on with by the same one."""

from dataclasses import replace
from pathlib import Path

from seewhy.cli.claim import claim_run, continue_command, differences, run_command
from seewhy.cli.recipes import find_recipe, read_recipe
from seewhy.model.plan import AdapterPlan, ComputePlan
from seewhy.recipes.inkgrid import recipe as inkgrid


def test_a_new_directory_keeps_the_recipe_that_made_it(tmp_path: Path):
    assert claim_run(tmp_path / "new" / "run", inkgrid(3)) == (tmp_path / "new" / "run").resolve()
    assert read_recipe(tmp_path / "new" / "run" / "recipe.yaml") == inkgrid(3)


def test_the_same_recipe_goes_on_and_writes_nothing(tmp_path: Path):
    claim_run(tmp_path, inkgrid())
    before = (tmp_path / "recipe.yaml").stat().st_mtime_ns
    claim_run(tmp_path, inkgrid())
    assert (tmp_path / "recipe.yaml").stat().st_mtime_ns == before
    assert [path.name for path in tmp_path.iterdir()] == ["recipe.yaml"]


def test_a_run_may_go_on_with_another_number_of_steps_between_checkpoints(tmp_path: Path):
    claim_run(tmp_path, inkgrid())
    often = replace(inkgrid(), sft=replace(inkgrid().sft, save_every=3))
    assert differences(inkgrid(), often) == []
    claim_run(tmp_path, often)
    assert "save_every: 3" in (tmp_path / "recipe.yaml").read_text(encoding="utf-8")


def test_a_run_may_go_on_on_another_device_and_in_less_memory_but_not_with_another_adapter_or_precision(tmp_path: Path):
    claim_run(tmp_path, inkgrid())
    elsewhere = ComputePlan(device="cuda:1", gradient_checkpointing=True)
    assert differences(inkgrid(), replace(inkgrid(), compute=elsewhere)) == []
    other = replace(inkgrid(), adapter=AdapterPlan(rank=16), compute=ComputePlan(precision="bf16"))
    assert differences(inkgrid(), other) == [
        "adapter.rank: 0 here, 16 asked",
        "compute.precision: float32 here, bf16 asked",
    ]


def test_a_run_that_makes_a_model_is_claimed_too(tmp_path: Path):
    claim_run(tmp_path, find_recipe("inkgrid-base"))
    claim_run(tmp_path, find_recipe("inkgrid-base"))
    assert differences(find_recipe("inkgrid-base"), find_recipe("inkgrid-base", 2)) == [
        *(f"{stage}.seed: 1000 here, 2 asked" for stage in ("language", "tower", "fit", "settle", "reckon", "tell")),
        "seed: 1000 here, 2 asked",
    ]


def test_the_command_of_a_run_says_what_differs_from_the_recipe_of_its_name():
    plans = inkgrid(4)
    edited = replace(
        plans, questions=replace(plans.questions, train=50), evaluation=replace(plans.evaluation, blind=False)
    )
    assert run_command(Path("a run"), inkgrid()) == "seewhy run inkgrid --run 'a run'"
    assert run_command(Path("run"), edited) == (
        "seewhy run inkgrid --run run --seed 4 --questions.train=50 --evaluation.no-blind"
    )


def test_the_command_of_a_run_whose_recipe_is_the_users_own_names_the_file():
    mine = replace(inkgrid(), name="mine")
    assert run_command(Path("run"), mine) == "seewhy run run/recipe.yaml --run run" == continue_command(Path("run"))
