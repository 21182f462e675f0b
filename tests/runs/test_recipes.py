"""The shipped recipes: at each of their sizes they hold together and print as the recipes that they are."""

import pytest
from said_errors import sentence

from seewhy.cli.main import main
from seewhy.runs.graph import check, nodes_of
from seewhy.runs.open import require_steps
from seewhy.runs.recipe_text import build_recipe, plain_of, plain_recipe, recipe_names, recipe_sizes, recipe_text
from seewhy.runs.sizes import Size

SIZED = [name for name in recipe_names() if recipe_sizes(name)]
SYSTEMS = {
    "llava-reasoner", "mpo", "mdpo", "mm-cot-rlaif", "mm-cot-rlaif-repaired", "ares", "rlaif-v", "iterative-dpo",
    "grpo", "cascade", "llava-lora", "qwen-lora", "mpo-full",
}  # fmt: skip


def test_every_system_has_three_sizes_and_the_list_tells_them(capsys):
    assert set(SIZED) >= SYSTEMS
    assert all(sorted(recipe_sizes(name)) == sorted(Size) for name in SIZED)
    assert main(["recipe", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all("laptop" in next(line for line in lines if line.split()[0] == one) for one in SYSTEMS)


@pytest.mark.parametrize("size", list(Size))
@pytest.mark.parametrize("name", SIZED)
def test_a_recipe_holds_together_and_prints_as_itself(name, size, tmp_path, capsys):
    assert main(["recipe", "check", name, "--size", size.value]) == 0
    plain = plain_recipe(name, size=size.value)
    recipe, _ = build_recipe(plain, name)
    check(recipe)
    require_steps(recipe)
    assert len(capsys.readouterr().out.splitlines()) == len(nodes_of(recipe))
    assert recipe.name == f"{name}-{size.value}"
    printed = tmp_path / "printed.yaml"
    printed.write_text(recipe_text(recipe))
    assert plain_of(build_recipe(plain_recipe(str(printed)), name)[0]) == plain_of(recipe)


def test_only_the_paper_size_reads_files_or_asks_a_provider():
    for name in SIZED:
        for size in (Size.TOY, Size.LAPTOP):
            recipe, _ = build_recipe(plain_recipe(name, size=size.value), name)
            assert {spec.path for spec in recipe.models.values() if spec.path} == {"tiny"}
            assert all(spec.is_own_oracle for spec in recipe.models.values() if not spec.path)
            assert not recipe.inputs


def test_a_file_names_the_size_of_its_base(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("base: mpo\nsize: toy\nname: mine\n")
    assert plain_recipe(str(mine)) == {**plain_recipe("mpo", size="toy"), "name": "mine"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mpo", "--size", "papre"], "has no size 'papre'; did you mean 'paper'?"),
        (["quick", "--size", "toy"], "recipe quick has one size alone"),
        (["mine.yaml", "--size", "toy"], "write `size: toy` beside its base"),
    ],
)
def test_a_size_that_is_not_there_is_refused(words, said, capsys):
    assert main(["recipe", "check", *words]) == 2
    assert said in sentence(capsys.readouterr().err)
