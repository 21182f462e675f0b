"""A recipe written as YAML reads back as the same recipe, and a wrong field is refused by its place."""

import dataclasses
import math
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from seewhy.cli.claim import fields_of, run_command
from seewhy.cli.recipes import build, find_recipe, read_recipe, recipe_names, recipe_text, reseed
from seewhy.recipes.plans import Recipe

from seewhy.cli.main import ask_options, take_seed
from seewhy.model.plan import PRECISIONS
from seewhy.recipes.inkgrid import recipe as inkgrid

TRAIN = f"  train: {inkgrid().questions.train}"
RATE = f"  learning_rate: {inkgrid().sft.learning_rate}"
DISTILLED = f"distil:\n  questions: {inkgrid().distil.questions}"
WORDS = st.text(st.characters(blacklist_categories=("Cs",)), max_size=20)
SHARES = st.floats(min_value=0, max_value=0.99, exclude_min=True)
COUNTS = st.integers(min_value=1, max_value=2**40)


EDITS = st.fixed_dictionaries({
    "recipe_seed": st.integers(min_value=0, max_value=10**6), "model": WORDS, "rate": SHARES, "epochs": COUNTS,
    "warmup": SHARES, "compare": st.lists(WORDS, max_size=3), "blind": st.booleans(), "rank": COUNTS,
    "precision": st.sampled_from(PRECISIONS), "source": WORDS, "seed": COUNTS,
})  # fmt: skip


def edited(to: Mapping[str, Any]) -> Recipe:
    """Inkgrid with fields of every type edited.

    Made in the test and not in the strategy: where types are checked at run time, an item of a tuple is picked by luck.
    """
    plans = inkgrid(to["recipe_seed"])
    return dataclasses.replace(
        plans,
        model=to["model"],
        sft=dataclasses.replace(plans.sft, learning_rate=to["rate"], epochs=to["epochs"], warmup=to["warmup"]),
        preference=dataclasses.replace(plans.preference, compare=tuple(to["compare"])),
        evaluation=dataclasses.replace(plans.evaluation, blind=to["blind"]),
        adapter=dataclasses.replace(plans.adapter, rank=to["rank"], targets=("q_proj", "v_proj")),
        compute=dataclasses.replace(plans.compute, precision=to["precision"]),
        questions=dataclasses.replace(plans.questions, source=to["source"], seed=to["seed"]),
    )


def reads_back(recipe: Recipe) -> bool:
    return build(Recipe, yaml.safe_load(recipe_text(recipe)), "mine.yaml") == recipe


@pytest.mark.parametrize("name", recipe_names())
@pytest.mark.parametrize("seed", [None, 7])
def test_every_recipe_that_comes_with_seewhy_reads_back_from_its_yaml(name: str, seed: int | None, tmp_path: Path):
    recipe = find_recipe(name, seed)
    path = tmp_path / "mine.yaml"
    path.write_text(recipe_text(recipe), encoding="utf-8")
    assert read_recipe(path) == recipe
    assert recipe_text(read_recipe(path)) == recipe_text(recipe)


@pytest.mark.parametrize("name", recipe_names())
def test_the_seed_of_a_recipe_is_the_seed_of_every_stage(name: str):
    seeds = {field: value for field, value in fields_of(find_recipe(name, 7)).items() if field.endswith("seed")}
    assert len(seeds) > 1
    assert set(seeds.values()) == {7}


@given(EDITS)
def test_an_edited_recipe_reads_back_from_its_yaml(edits: Mapping[str, Any]):
    assert reads_back(edited(edits))


@pytest.mark.parametrize(("model", "source"), [("a\x85b", ""), ("yes", "3.0")])
def test_text_that_yaml_could_take_for_something_else_reads_back_as_text(model: str, source: str):
    questions = dataclasses.replace(inkgrid().questions, source=source)
    assert reads_back(dataclasses.replace(inkgrid(), model=model, questions=questions))


@given(EDITS)
def test_the_command_that_a_report_shows_makes_the_same_recipe(edits: Mapping[str, Any]):
    recipe = edited(edits)
    # Words that begin with a dash are options to any command line; tuples of them cannot be told apart.
    sane = dataclasses.replace(recipe, preference=dataclasses.replace(recipe.preference, compare=("ipo", "bco")))
    words = shlex.split(run_command(Path("here"), sane))
    assert words[:3] == ["seewhy", "run", "inkgrid"]
    seed, rest = take_seed(words[3:])
    again, run, is_dry = ask_options("inkgrid", find_recipe("inkgrid", seed), rest)
    assert again == sane
    assert (run, is_dry) == (Path("here"), False)


def test_a_seed_moves_every_seed_of_a_yaml_recipe_and_nothing_else(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text(recipe_text(inkgrid()), encoding="utf-8")
    assert find_recipe(str(path), 5) == inkgrid(5)
    assert reseed(inkgrid(5), 0) == inkgrid()


@pytest.mark.parametrize(
    ("line", "edited", "told"),
    [
        (TRAIN, "  trian: 6000", "questions: unknown field 'trian'; did you mean 'train'?"),
        ("model: tiny", "modle: tiny", "unknown field 'modle'; did you mean 'model'?"),
        (TRAIN, "  train: many", "questions.train must be a whole number, and is 'many'"),
        (TRAIN, "  train: 1.5", "questions.train must be a whole number, and is 1.5"),
        (TRAIN, "  train: true", "questions.train must be a whole number, and is True"),
        ("  blind: true", "  blind: 1", "evaluation.blind must be true or false, and is 1"),
        ("model: tiny", "model: 7", "model must be text, and is 7"),
        (RATE, "  learning_rate: fast", "sft.learning_rate must be a number, and is 'fast'"),
        (RATE, "  learning_rate: -1.0", "sft: FitPlan: learning_rate must be above 0"),
        (RATE, "  rows: 1", "sft: unknown field 'rows'"),
        ("  - dpo", "  - 3", "preference.compare.0 must be text, and is 3"),
        ("  compare:\n  - dpo", "  compare: dpo", "preference.compare must be a list, and is 'dpo'"),
        (DISTILLED, "distil:\n  seed: 0", "distil: field 'questions' is missing"),
        ("credit:\n  shown: 6\n  resamples: 500", "credit: 3", "credit must be a mapping of fields, and is 3"),
    ],
)
def test_a_wrong_field_is_refused_by_its_place(line: str, edited: str, told: str, tmp_path: Path):
    text = recipe_text(inkgrid())
    assert line in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(line, edited, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=r".") as error:
        read_recipe(path)
    assert str(error.value).startswith(f"{path}: ")
    assert told in str(error.value)


def test_a_number_in_powers_of_ten_is_read_as_the_number_it_is(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text(recipe_text(inkgrid()).replace(RATE, "  learning_rate: 5e-4", 1), encoding="utf-8")
    read = read_recipe(path)
    assert isinstance(read, Recipe)
    assert math.isclose(read.sft.learning_rate, 0.0005)
