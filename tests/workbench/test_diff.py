"""`seewhy diff` names what differs between two runs, and compares accuracies on the questions that are the same."""

import json
import shutil
from pathlib import Path

import pytest

from seewhy.cli.main import main
from seewhy.records.shards import write_shard
from seewhy.records.types import Chain, FinishReason, Gold, MatchRule, Question, Split, Style
from seewhy.runs.changes import readable_steps
from seewhy.runs.machine import Machine
from seewhy.runs.open import Extent, open_run
from seewhy.runs.recipe import Recipe
from seewhy.runs.runner import run_recipe
from seewhy.stages.fitting import Fitting
from seewhy.stages.judge import Judge
from seewhy.workbench.diff import diff_runs, other_ref
from seewhy.workbench.diff_lines import lines_of

ASKED = 10


def question(number: int, text: str = "") -> Question:
    return Question(id=f"q{number}", benchmark="sums", split=Split.TEST, text=text or f"What is {number} + 1?",
                    gold=Gold(answers=(str(number + 1),), rule=MatchRule.EXACT), facets={})  # fmt: skip


def chain(number: int, right: bool, index: int = 0) -> Chain:
    said = number + 1 if right else 99
    return Chain(question_id=f"q{number}", index=index, style=Style.REASON, text=f"I add one.\n### Answer: {said}",
                 stop=FinishReason.END, sampler="m", seed=0)  # fmt: skip


def made(
    place: Path, rights: str, *, reworded: int = -1, step: str = "verdicts", several: bool = False, fitted: bool = False
) -> Path:
    """A run that judges a reply to each question, right where `rights` has a 1; `fitted` has a step that sifts them."""
    asked = [question(number, "In other words?" if number == reworded else "") for number in range(len(rights))]
    said = [chain(number, mark == "1", index) for number, mark in enumerate(rights) for index in range(1 + several)]
    for name, rows, record in (("questions", asked, Question), ("chains", said, Chain)):
        (place / name).mkdir(parents=True)
        write_shard(place / name, 0, rows, record)
    recipe = Recipe(name="sums", inputs={"questions": str(place / "questions"), "chains": str(place / "chains")},
                    steps={**({"fit": Fitting(questions="questions", models=())} if fitted else {}),
                           step: Judge(chains="chains", questions="fit" if fitted else "questions")})  # fmt: skip
    root = place / "run"
    assert list(run_recipe(root, recipe, Machine(workers=1), Extent(), "test"))
    return root


def test_a_run_does_not_differ_from_its_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run = made(tmp_path / "a", "1100110011")
    shutil.copytree(run, tmp_path / "copy")
    assert main(["diff", str(run), str(tmp_path / "copy")]) == 0
    assert "settings: all equal" in capsys.readouterr().out
    found = diff_runs(open_run(run), open_run(tmp_path / "copy"))
    assert found.settings == ()
    assert [unit.is_same for unit in found.units] == [True]
    assert found.results[0].paired
    assert found.results[0].paired.difference == 0.0


def test_accuracies_are_paired_on_the_questions_that_are_the_same_in_text_and_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    first, second = made(tmp_path / "a", "1100000000"), made(tmp_path / "b", "1011100001", reworded=9)
    found = diff_runs(open_run(first), open_run(second))
    result = found.results[0]
    assert (result.first.value, result.second.value) == (0.2, 0.5)
    # q9 asks something else in the second run: of the other nine, q2, q3 and q4 are gained and q1 is lost.
    assert result.paired
    assert (result.paired.n, result.paired.gained, result.paired.lost, result.unequal) == (9, 3, 1, 1)
    assert result.paired.difference == pytest.approx(2 / 9)
    assert {one.field for one in found.settings} == {"inputs.questions", "inputs.chains"}
    unit = found.units[0]
    assert (unit.ref, unit.is_same) == ("verdicts", False)
    assert unit.counts == {"correct": (2, 5), "incorrect": (8, 5)}
    assert main(["diff", str(first), str(second), "--json"]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert shown["results"][0]["paired"]["gained"] == 3
    assert main(["diff", str(first), str(second)]) == 1
    assert "verdicts: 20.0 % | 50.0 %, +22.2" in capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")


def test_steps_of_other_names_are_compared_where_a_pair_names_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    first, second = made(tmp_path / "a", "1100"), made(tmp_path / "b", "1111", step="graded")
    apart = diff_runs(open_run(first), open_run(second))
    assert [(unit.ref, unit.first is None, unit.second is None) for unit in apart.units] == [
        ("verdicts", False, True), ("graded", True, False),
    ]  # fmt: skip
    assert not apart.results
    together = diff_runs(open_run(first), open_run(second), {"verdicts": "graded"})
    assert together.results[0].paired
    assert together.results[0].paired.gained == 2
    assert not [one for one in together.settings if one.step]
    assert main(["diff", str(first), str(second), "--pair", "verdicts=nothing"]) == 2
    assert "nothing is no step" in capsys.readouterr().err
    assert other_ref("test.dpo/reason/chains", {"dpo": "mpo", "chains": "x"}) == "test.mpo/reason/x"


def test_several_replies_to_a_question_are_counted_and_not_paired(tmp_path: Path):
    first, second = made(tmp_path / "a", "10", several=True), made(tmp_path / "b", "11", several=True)
    found = diff_runs(open_run(first), open_run(second))
    assert found.results == ()
    assert found.units[0].counts == {"correct": (2, 4), "incorrect": (2, None)}
    assert "incorrect 2 | 0" in "\n".join(lines_of(found, shows_all=False))


def test_a_run_without_a_unit_that_its_recipe_has_since_is_compared_all_the_same(tmp_path: Path):
    first = made(tmp_path / "a", "1100", step="test", fitted=True)
    second = made(tmp_path / "b", "0111", step="test", fitted=True)
    # As a run of a version whose stages did not look which questions fit.
    shutil.rmtree(first / "fit")
    found = diff_runs(open_run(first), open_run(second))
    assert [(one.ref, one.first.value, one.second.value, one.unequal) for one in found.results] == [
        ("test", 0.5, 0.75, 0)
    ]
    assert main(["status", str(first)]) == 1
    assert main(["diff", str(first), str(second)]) == 1
    assert readable_steps(open_run(first)) == ["test"]
    assert not open_run(first).is_done("fit")
    assert not open_run(first).is_done("a step that no recipe of this run has")
    assert readable_steps(open_run(second)) == ["fit", "test"]
    # A unit that was begun anew is waited for.
    (second / "test" / "_manifest.json").unlink()
    assert readable_steps(open_run(second)) == ["fit"]


def test_settings_are_named_by_step_with_both_values(tmp_path: Path):
    first = made(tmp_path / "a", "10")
    shutil.copytree(first, tmp_path / "b")
    text = (tmp_path / "b" / "recipe.yaml").read_text(encoding="utf-8")
    (tmp_path / "b" / "recipe.yaml").write_text(text.replace("seed: 0", "seed: 7", 1), encoding="utf-8")
    found = diff_runs(open_run(first), open_run(tmp_path / "b"))
    assert [(one.step, one.field, one.first, one.second) for one in found.settings] == [("", "seed", 0, 7)]


@pytest.mark.parametrize("words", [["diff"], ["diff", "one"], ["diff", "a", "b", "--pair", "x"], ["diff", "a", "b"]])
def test_what_is_no_pair_of_runs_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(words) == 2
    assert capsys.readouterr().err
