"""A recipe written as YAML reads back as the same recipe, and a wrong field is refused by its place and line."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from said_errors import sentence

from seewhy.cli.main import main
from seewhy.cli.run import recipe_of
from seewhy.recipes.inkgrid import recipe as inkgrid
from seewhy.runs.machine import ModelSpec
from seewhy.runs.recipe import Recipe
from seewhy.runs.recipe_text import build_recipe, find_recipe, plain_of, recipe_names, recipe_text, save_recipe
from seewhy.runs.yaml_text import load_yaml
from seewhy.stages.questions import Questions


def read_back(recipe: Recipe) -> Recipe:
    return build_recipe(load_yaml(recipe_text(recipe), "mine.yaml"), "mine.yaml")[0]


@pytest.mark.parametrize("name", recipe_names())
@pytest.mark.parametrize("seed", [None, 7])
def test_every_recipe_that_comes_with_seewhy_reads_back_from_its_yaml(name: str, seed: int | None, tmp_path: Path):
    recipe, _ = find_recipe(name, seed)
    path = tmp_path / "mine.yaml"
    save_recipe(path, recipe)
    assert find_recipe(str(path))[0] == recipe
    assert recipe_text(find_recipe(str(path))[0]) == recipe_text(recipe)


@pytest.mark.parametrize("name", recipe_names())
def test_what_recipe_show_prints_is_the_recipe(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = ["--seed", "3", f"--{questions_step(name)}.train", "50"]
    assert main(["recipe", "show", name, *words]) == 0
    path = tmp_path / "mine.yaml"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    assert find_recipe(str(path)) == recipe_of(name, words)


def questions_step(name: str) -> str:
    return next(step for step, stage in find_recipe(name)[0].steps.items() if isinstance(stage, Questions))


def seeds_in(value: object) -> Iterator[object]:
    match value:
        case Mapping():
            for name, one in value.items():
                yield from [one] if name == "seed" else seeds_in(one)
        case list() | tuple():
            for one in value:
                yield from seeds_in(one)


@pytest.mark.parametrize("name", recipe_names())
def test_the_seed_of_a_recipe_is_the_seed_of_every_step(name: str):
    found = list(seeds_in(plain_of(find_recipe(name, 7)[0])))
    assert len(found) >= 5
    assert set(found) == {7}


@pytest.mark.parametrize("text", ["a\x85b", "yes", "3.0", "1e5", "010", "~", "null", "1:30"])
def test_text_that_yaml_could_take_for_something_else_reads_back_as_text(text: str):
    recipe = replace(inkgrid(), name=text, models={"base": ModelSpec(path=text)})
    assert read_back(recipe).name == text
    assert read_back(recipe).models["base"].path == text


def test_a_seed_moves_every_seed_of_a_yaml_recipe_and_nothing_else(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    save_recipe(path, find_recipe("inkgrid")[0])
    assert find_recipe(str(path), 5)[0] == find_recipe("inkgrid", 5)[0]
    save_recipe(path, find_recipe("inkgrid", 5)[0])
    assert find_recipe(str(path), 0)[0] == find_recipe("inkgrid", 0)[0]


def test_a_recipe_that_says_what_differs_from_a_base_is_the_base_with_it(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text("base: inkgrid\nsteps:\n  sft: {fit: {epochs: 4}}\n  credit: ~\n", encoding="utf-8")
    found, base = find_recipe(str(path))[0], find_recipe("inkgrid")[0]
    assert list(found.steps) == [name for name in base.steps if name != "credit"]
    assert found.steps["sft"] == replace(base.steps["sft"], fit=replace(base.steps["sft"].fit, epochs=4))
    (tmp_path / "further.yaml").write_text("base: mine.yaml\nname: further\n", encoding="utf-8")
    assert find_recipe(str(tmp_path / "further.yaml"))[0] == replace(found, name="further")


def test_bases_in_a_ring_are_refused(tmp_path: Path):
    (tmp_path / "one.yaml").write_text("base: two.yaml\n", encoding="utf-8")
    (tmp_path / "two.yaml").write_text("base: one.yaml\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"one\.yaml: its bases are a ring"):
        find_recipe(str(tmp_path / "one.yaml"))


TEXT = recipe_text(find_recipe("inkgrid")[0])
TRAIN, RATE = f"    train: {inkgrid().steps['questions'].train}", "      learning_rate: 0.002"


@pytest.mark.parametrize(
    ("line", "edited", "facts"),
    [
        (TRAIN, "    trian: 6000", ("steps.questions.trian", "unknown field 'trian'", "did you mean 'train'?")),
        ("name: inkgrid", "nmae: inkgrid", ("nmae", "unknown field 'nmae'", "did you mean 'name'?")),
        (TRAIN, "    train: many", ("steps.questions.train", "a whole number", "many")),
        (TRAIN, "    train: 1.5", ("steps.questions.train", "a whole number", "1.5")),
        (TRAIN, "    train: true", ("steps.questions.train", "a whole number", "true")),
        (TRAIN, "    train: -1", ("steps.questions", "train must be 0 or above")),
        ("    with_options: false", "    with_options: 1", ("steps.chains.with_options", "true or false", "1")),
        ("    path: tiny", "    path: [7]", ("models.base.path", "must be text")),
        (RATE, "      learning_rate: fast", ("steps.sft.fit.learning_rate", "a number", "fast")),
        (RATE, "      learning_rate: -1.0", ("steps.sft.fit", "learning_rate must be above 0")),
        (RATE, "      rows: 1", ("steps.sft.fit.rows", "unknown field 'rows'")),
        ("    blind:\n    - reason", "    blind:\n    - raeson", ("steps.test.blind", "did you mean 'reason'?")),
        ("    model: sft\n", "", ("steps.chains", "'model' is missing")),
        ("    stage: credit\n", "    stage: credti\n", ("steps.credit", "did you mean 'credit'?")),
        ("    stage: credit\n", "", ("steps.credit", "'stage'")),
        ("      kind: by_outcome", "      kind: by_outcom", ("steps.pairs.rule", "did you mean 'by_outcome'?")),
        ("      beta: 0.1", "      betta: 0.1", ("mpo", "betta", "did you mean 'beta'?")),
        ("seed: 0\nmodels", "seed: 0\nmachine: {wrokers: 2}\nmodels", ("machine", "wrokers", "'workers'")),
    ],
)  # fmt: skip
def test_a_wrong_field_is_refused_by_its_place(
    line: str, edited: str, facts: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert line in TEXT
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace(line, edited, 1), encoding="utf-8")
    assert main(["recipe", "check", str(path)]) == 2
    told = sentence(capsys.readouterr().err)
    assert all(fact in told for fact in facts), told


@pytest.mark.parametrize(("place", "line"), [("many", TRAIN), ("fast", RATE)])
def test_a_wrong_value_is_told_with_its_line(place: str, line: str, tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace(line, f"{line.partition(':')[0]}: {place}", 1), encoding="utf-8")
    number = TEXT[: TEXT.index(line)].count("\n") + 1
    with pytest.raises(ValueError, match=rf"mine\.yaml: steps\..*is {place} \(line {number}\)"):
        find_recipe(str(path))


@pytest.mark.parametrize("spelt", ["5e-4", "0.0005", "5.0e-4", "5E-4", ".0005"])
def test_a_number_in_powers_of_ten_is_read_as_the_number_it_is(spelt: str, tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace(RATE, f"      learning_rate: {spelt}", 1), encoding="utf-8")
    assert find_recipe(str(path))[0].steps["sft"].fit.learning_rate == 0.0005
