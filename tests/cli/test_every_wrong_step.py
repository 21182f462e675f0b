"""A step that no recipe takes is refused when the recipe is checked, in three lines that name step and remedy."""

import pytest
from three_lines import cases, refused
from wrong_steps import FILES, RECIPE, SHORT, TABLE, WHOLE

from seewhy.cli.main import main


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("steps")
    for name, code in FILES.items():
        (place / name).write_text(code)
    return place


@pytest.mark.parametrize(("step", "fact", "remedy"), cases(TABLE))
def test_a_wrong_step_is_refused_with_its_remedy(step, fact, remedy, place, capsys, monkeypatch):
    monkeypatch.chdir(place)
    for short, words in SHORT.items():
        step = step.replace(short, words)
    (place / "recipe.yaml").write_text(RECIPE.replace("STEP", step))
    said, before = refused(["recipe", "check", "recipe.yaml"], fact, remedy, capsys)
    assert "wrong" in said
    assert before == ""


@pytest.mark.parametrize(("line", "fact", "remedy"), cases(WHOLE))
def test_what_is_no_recipe_is_refused_with_its_remedy(line, fact, remedy, place, capsys, monkeypatch):
    monkeypatch.chdir(place)
    assert refused(line.split(), fact, remedy, capsys)[1] == ""


def test_a_function_of_a_file_of_ones_own_is_a_recipe(place, capsys, monkeypatch):
    monkeypatch.chdir(place)
    (place / "ours.py").write_text("from seewhy.recipes.quick import recipe\n\n\ndef mine():\n    return recipe()\n")
    for name in ("ours.py", "ours.py:mine"):
        assert main(["recipe", "show", name]) == 0
        assert "steps:" in capsys.readouterr().out
